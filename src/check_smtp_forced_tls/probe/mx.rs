//! Where DNS sends mail for a domain. The one place with an asynchronous runtime: the resolver needs one, and nothing
//! of it leaves this module.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;

use crate::check_smtp_forced_tls::facts::{Mx, NoMx};
use crate::smtp::address::Domain;

/// Asks the servers of /etc/resolv.conf for the MX records of a domain, for `limit` at most.
pub(super) fn look_up(domain: &Domain, limit: Duration) -> Mx {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = match runtime {
        Ok(runtime) => runtime.block_on(async { tokio::time::timeout(limit, ask(domain)).await }),
        Err(error) => return Mx::Unknown(NoMx::Ours((&error).into())),
    };
    match answer {
        Ok(Ok(mx)) => mx,
        Ok(Err(error)) if error.is_nx_domain() => Mx::NoDomain,
        Ok(Err(error)) if is_empty(&error) => Mx::Implicit,
        Ok(Err(error)) => Mx::Unknown(unknown(&error)),
        Err(_) => Mx::Unknown(NoMx::Silent),
    }
}

fn unknown(error: &NetError) -> NoMx {
    match error {
        // Of no connections: no server of /etc/resolv.conf can be talked to.
        NetError::Timeout | NetError::NoConnections => NoMx::Silent,
        NetError::Io(error) => NoMx::Ours(error.as_ref().into()),
        NetError::Dns(DnsError::ResponseCode(code)) => NoMx::Rcode((*code).into()),
        NetError::Dns(DnsError::NoRecordsFound(no)) => NoMx::Rcode(no.response_code.into()),
        _ => NoMx::Malformed,
    }
}

async fn ask(domain: &Domain) -> Result<Mx, NetError> {
    let resolver = TokioResolver::builder_tokio()?.build()?;
    // The dot keeps search domains out.
    let answer = resolver.mx_lookup(format!("{domain}.")).await?;
    let mut found: Vec<(u16, String)> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii())),
            _ => None,
        })
        .map(|(preference, name)| (preference, name.trim_end_matches('.').to_lowercase()))
        .collect();
    if found.is_empty() {
        return Ok(Mx::Implicit);
    }
    // A null MX beside others means nothing (RFC 7505 section 3).
    found.retain(|(_, name)| !name.is_empty());
    if found.is_empty() {
        return Ok(Mx::Null);
    }
    found.sort();
    let mut hosts: Vec<String> = Vec::new();
    for (_, name) in found {
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    Ok(Mx::Hosts(hosts))
}

/// Whether the domain exists and has no such record.
fn is_empty(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Dns(DnsError::NoRecordsFound(NoRecords {
            response_code: ResponseCode::NoError,
            ..
        }))
    )
}
