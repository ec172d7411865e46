//! Whether a partner is forced by standard beside the rule: real zones, a policy server, and a host that takes TLS.

use aws_lc_rs::digest::{SHA256, digest};

use crate::support::http_server::{HttpServer, Reply};
use crate::support::mail_server::{MailServer, Way};
use crate::support::pki::{Authority, ecdsa};
use crate::support::zones::{Block, SignedZones, Zone};
use crate::support::{open_tempdir, program, run};

#[test]
fn a_partner_with_dane_or_an_enforced_policy_is_said_to_be_forced_by_standard() {
    let test = "a_partner_with_dane_or_an_enforced_policy_is_said_to_be_forced_by_standard";
    let block = Block::new();
    let root = Authority::root();
    let dir = open_tempdir();
    let ca = root.write(dir.path());
    let leaf = root.leaf("mx.dane.lab", -1, 90, ecdsa());
    let hash = digest(&SHA256, leaf.der());
    let hash = hash.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let (mx, web) = (block.address(10), block.address(11));
    let by_policy =
        format!("@ MX 10 mx.dane.lab.\nmta-sts A {web}\n_mta-sts TXT \"v=STSv1; id=1;\"\n");
    let zones = [
        Zone::new(
            "dane",
            "good",
            &format!("@ MX 10 mx\nmx A {mx}\n_25._tcp.mx TLSA 3 0 1 {hash}\n"),
        ),
        Zone::new("sts", "unsigned", &by_policy),
        Zone::new("none", "good", &format!("@ MX 10 mx\nmx A {mx}\n")),
    ];
    let Some(zones) = SignedZones::start(test, block, &zones) else {
        return;
    };
    let _server = MailServer::start_on(block.listener(10, 25), Way::Clear, &leaf, |_, _| None);
    let policy = "version: STSv1\nmode: enforce\nmx: *.dane.lab\nmax_age: 604800\n";
    let web_leaf = root.leaf("mta-sts.sts.lab", -1, 90, ecdsa());
    let _web = HttpServer::start_tls_on(block.listener(11, 443), &web_leaf, move |_, _| {
        Reply::Answer(200, "content-type: text/plain\r\n", policy.to_owned())
    });
    for (partner, code, text) in [
        ("dane.lab", 0, "with STARTTLS on 25; forced by standard (DANE) |"),
        ("sts.lab", 0, "with STARTTLS on 25; forced by standard (MTA-STS) |"),
        ("none.lab", 1, "neither DANE nor MTA-STS forces senders"),
    ] {
        let outcome = run(zones
            .asked_by(&program("check_smtp_forced_tls"))
            .args(["--partner", partner, "--partner-starttls", "--helo", "monitor.lab", "-v"])
            .args(["--ca-file", ca.to_str().unwrap()]));
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.stdout.contains(text), "{partner}: {}", outcome.stdout);
    }
}
