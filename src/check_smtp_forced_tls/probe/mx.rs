//! Where DNS sends mail for a domain.

use crate::check_smtp_forced_tls::facts::{Mx, NoMx};
use crate::dns::{Data, NoLookup, RecordKind, Resolver, ServerFault};
use crate::smtp::address::Domain;

/// Asks for the MX records of a domain.
pub(super) fn look_up(domain: &Domain, resolver: &Resolver<'_>) -> Mx {
    let mx = match resolver.look_up(domain.as_str(), RecordKind::Mx) {
        Ok(mx) => mx,
        // Whoever goes on as the standard says finds no address there either.
        Err(NoLookup::AliasLoop) => return Mx::Implicit,
        Err(why) => return Mx::Unknown(unknown(&why)),
    };
    if !mx.exists {
        return Mx::NoDomain;
    }
    let mut found: Vec<(u16, String)> = mx
        .data
        .into_iter()
        .filter_map(|data| match data {
            Data::Mx { preference, host } => Some((preference, host)),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Mx::Implicit;
    }
    // A null MX beside others means nothing (RFC 7505 section 3).
    found.retain(|(_, name)| !name.is_empty());
    if found.is_empty() {
        return Mx::Null;
    }
    found.sort();
    let mut hosts: Vec<String> = Vec::new();
    for (_, name) in found {
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    Mx::Hosts(hosts)
}

fn unknown(why: &NoLookup) -> NoMx {
    /// SERVFAIL (RFC 1035 section 4.1.1).
    const SERVFAIL: u16 = 2;
    let NoLookup::Unanswered(faults) = why else {
        return NoMx::Rcode(SERVFAIL);
    };
    // What a resolver says is worth more than that another says nothing.
    let said = faults.iter().find_map(|(_, fault)| match fault {
        ServerFault::Code(code) => Some(NoMx::Rcode(*code)),
        ServerFault::Malformed | ServerFault::NotAResolver => Some(NoMx::Malformed),
        ServerFault::Ours(error) => Some(NoMx::Ours(*error)),
        ServerFault::Silent | ServerFault::Closed => None,
    });
    said.unwrap_or(NoMx::Silent)
}
