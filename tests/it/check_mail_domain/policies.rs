//! MTA-STS: policy servers over HTTPS, good and bad, and a mail server that keeps the policy.

use super::{check, texts, wrong};
use crate::support::http_server::{HttpServer, Reply};
use crate::support::mail_server::{MailServer, Way};
use crate::support::open_tempdir;
use crate::support::pki::{Authority, ecdsa};
use crate::support::zones::{Block, SignedZones, Zone};

const TEXT: &str = "content-type: text/plain\r\n";

fn policy(mode: &str, mx: &str) -> String {
    format!("version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 604800\n")
}

fn answer(body: String) -> Reply {
    Reply::Answer(200, TEXT, body)
}

type Case = (&'static str, Reply, i32, &'static str);

/// Zone, what its policy server answers, exit code and start of the output.
fn cases() -> Vec<Case> {
    [kept(), lost()].concat()
}

/// Policies that senders read.
fn kept() -> Vec<Case> {
    let mx = "mx.keeper.lab";
    vec![
        (
            "keeper",
            answer(policy("enforce", mx)),
            0,
            "OK - keeper.lab: DNSSEC, MTA-STS, SPF, DMARC | mx=1;;;0 dane=0;;;0 certificate=",
        ),
        (
            "star",
            Reply::Answer(
                200,
                "content-type: Text/Plain; charset=utf-8\r\n",
                policy("enforce", "*.keeper.lab"),
            ),
            0,
            "OK - star.lab: DNSSEC, MTA-STS",
        ),
        // That its host has no IPv6 address is not proven.
        ("denied", answer(policy("enforce", mx)), 0, "OK - denied.lab: DNSSEC, MTA-STS, TLS-RPT"),
        (
            "other",
            answer(policy("enforce", "mx.other.lab")),
            2,
            "CRITICAL - other.lab: the MTA-STS policy does not name MX mx.keeper.lab: senders with MTA-STS cannot deliver",
        ),
        (
            "wrong",
            answer(policy("enforce", "*.wrong.lab")),
            2,
            "CRITICAL - wrong.lab: certificate of mx.wrong.lab does not count for MTA-STS: certificate is for mx.keeper.lab, not for mx.wrong.lab",
        ),
        (
            "testing",
            answer(policy("testing", mx)),
            1,
            "WARNING - testing.lab: the MTA-STS policy is in mode testing: senders only report",
        ),
    ]
}

/// Policies that senders drop, or do not get.
fn lost() -> Vec<Case> {
    let moved = "location: https://www.lab/\r\ncontent-type: text/plain\r\n";
    let mx = "mx.keeper.lab";
    vec![
        (
            "blank",
            answer(policy("enforce", mx) + "\n"),
            1,
            "WARNING - blank.lab: no MTA-STS policy at mta-sts.blank.lab: senders drop it: line 5 is empty",
        ),
        (
            "html",
            Reply::Answer(200, "content-type: text/html\r\n", policy("enforce", mx)),
            1,
            "WARNING - html.lab: the media type of the MTA-STS policy is text/html, not text/plain",
        ),
        (
            "moved",
            Reply::Answer(301, moved, String::new()),
            1,
            "WARNING - moved.lab: no MTA-STS policy at mta-sts.moved.lab: answered with HTTP status 301, not 200",
        ),
        (
            "filter",
            Reply::Answer(403, TEXT, String::new()),
            1,
            "WARNING - filter.lab: no MTA-STS policy at mta-sts.filter.lab: answered with HTTP status 403, not 200",
        ),
        (
            "huge",
            Reply::Huge(100 << 20),
            1,
            "WARNING - huge.lab: no MTA-STS policy at mta-sts.huge.lab: the file has more than 64 KB",
        ),
        (
            "cut",
            Reply::Truncated,
            1,
            "WARNING - cut.lab: no MTA-STS policy at mta-sts.cut.lab: the file breaks off",
        ),
        (
            "silent",
            Reply::Silent,
            3,
            "UNKNOWN - silent.lab: MTA-STS policy of mta-sts.silent.lab unknown: no answer in time",
        ),
        (
            "drip",
            Reply::Dripping,
            3,
            "UNKNOWN - drip.lab: MTA-STS policy of mta-sts.drip.lab unknown: no answer in time",
        ),
        (
            "name",
            answer(policy("enforce", mx)),
            1,
            "WARNING - name.lab: no MTA-STS policy at mta-sts.name.lab: its certificate is for another name",
        ),
    ]
}

#[test]
fn a_policy_counts_as_it_does_for_senders() {
    let test = "a_policy_counts_as_it_does_for_senders";
    let block = Block::new();
    let root = Authority::root();
    let dir = open_tempdir();
    let ca = root.write(dir.path());
    let leaf = root.leaf("mx.keeper.lab", -1, 90, ecdsa());
    let (mut zones, mut servers) = (Vec::new(), Vec::new());
    for (place, (name, reply, ..)) in (20..).zip(cases()) {
        let mx = if name == "wrong" { "mx" } else { "mx.keeper.lab." };
        let records = format!(
            "@ MX 10 {mx}\nmx A {}\nmta-sts A {}\n_mta-sts TXT \"v=STSv1; id=1;\"\n{}",
            block.address(10),
            block.address(place),
            texts(name)
        );
        let (flaw, more) = match name {
            "denied" => ("spoilt-NSEC", "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:a@denied.lab\"\n"),
            _ => ("good", ""),
        };
        zones.push(Zone::new(name, flaw, &(records + more)));
        let own = format!("mta-sts.{name}.lab");
        let own = if name == "name" { "www.lab" } else { &own };
        let leaf = root.leaf(own, -1, 90, ecdsa());
        let listener = block.listener(place, 443);
        servers.push(HttpServer::start_tls_on(listener, &leaf, move |_, _| reply.clone()));
    }
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let _server = MailServer::start_on(block.listener(10, 25), Way::Clear, &leaf, |_, _| None);
    let ca = ca.to_str().unwrap();
    let said = |(name, _, code, start): Case| {
        let limit = if code == 3 { "6" } else { "30" };
        let require = if code == 3 { "any" } else { "any,spf,dmarc" };
        let mut options = vec!["--ca-file", ca, "-t", limit];
        if code != 1 {
            options.extend(["--require", require]);
        }
        wrong(&check(&zones, &format!("{name}.lab"), &options), code, start)
    };
    let all: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = cases().into_iter().map(|case| scope.spawn(|| said(case))).collect();
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    assert!(all.is_empty(), "{}", all.join("\n"));
    let accepted = check(&zones, "testing.lab", &["--ca-file", ca, "--mta-sts-mode", "testing"]);
    accepted.expect(0, "MAIL DOMAIN OK - testing.lab: DNSSEC, MTA-STS, SPF, DMARC");
    for (domain, line) in [
        ("keeper.lab", "\nmx.keeper.lab: named in the MTA-STS policy\n"),
        ("other.lab", "\nmx.keeper.lab: not named in the MTA-STS policy\n"),
    ] {
        let outcome = check(&zones, domain, &["--ca-file", ca, "-v"]);
        assert!(outcome.stdout.contains(line), "{}", outcome.stdout);
    }
    assert!(servers.iter().all(|server| server.requests().len() <= 2), "no redirect is followed");
}
