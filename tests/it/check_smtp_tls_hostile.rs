//! `check_smtp_tls` and bytes of TLS and certificates that are made to harm.

use crate::support::pki::{Leaf, NAME};
use crate::support::scripted::{Scripted, speak_tls, until_tls};
use crate::support::smtp_tls::check;

#[test]
fn hostile_certificates_harm_neither_the_output_nor_the_check() {
    let name = "evil | x=1;2\n\u{202e}$HOSTNAME$<script>";
    let config = Leaf::self_signed(name).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    let outcome = check(server.port(), &["-v", "--trust", "pkix"]);
    outcome.expect(2, "SMTP TLS CRITICAL - certificate is self-signed");
    assert_eq!(outcome.stdout.matches('|').count(), 1, "{}", outcome.stdout);
    assert!(
        !outcome.stdout.contains(['$', '<', '\u{202e}']),
        "{}",
        outcome.stdout
    );

    let config = Leaf::self_signed(NAME).times(1000).server_config();
    let server = Scripted::start(move |stream, _| {
        if let Some(stream) = until_tls(stream) {
            speak_tls(stream, &config, false);
        }
    });
    check(server.port(), &[]).expect(2, "SMTP TLS CRITICAL - TLS handshake failed: ");
}
