//! `check_smtp_tls` beside `OpenSSL` and `GnuTLS` on the same servers: what mail servers accept is no fault, what they
//! refuse is never OK, and what only our own side does not speak is unknown.

mod asked;
mod others;
mod rows;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::daemon::free_ports;
use crate::support::forge::Forge;
use crate::support::openssl_server::OpensslServer;
use crate::support::relay::Relay;
use asked::{Ours, Seen, Where, gnutls, openssl, ours};
use rows::{Row, rows};

/// Rows in which our own side lacks something, and what it lacks: there we are unknown, and say why.
const LACKS: [(&str, &str); 26] = [
    ("key RSA:1024", "PSS of such keys is not checked"),
    ("key ED448 -tls1_3", "no Ed448"),
    ("authority ED448", "no Ed448"),
    ("authority EC:brainpool", "no brainpool curves"),
    ("hash sha224", "no SHA-224"),
    ("hash sha3-256", "no SHA-3"),
    ("hash sha512-256", "no SHA-512/256"),
    ("hash sha1 with PSS", "no PSS over SHA-1"),
    ("group X448 TLS 1.3", "no X448"),
    ("group ffdhe2048 TLS 1.3", "no prime fields"),
    ("group ffdhe3072 TLS 1.3", "no prime fields"),
    ("group ffdhe4096 TLS 1.3", "no prime fields"),
    ("group ffdhe6144 TLS 1.3", "no prime fields"),
    ("group ffdhe8192 TLS 1.3", "no prime fields"),
    ("group brainpool", "no brainpool curves"),
    ("group secp256k1", "no secp256k1"),
    ("suite ECDHE-RSA-CAMELLIA", "no Camellia"),
    ("suite CAMELLIA", "no Camellia"),
    ("suite DHE-RSA-AES128-CCM", "no CCM"),
    ("suite AES128-CCM", "no CCM"),
    ("suite ECDHE-ECDSA-AES256-CCM", "no CCM"),
    ("suite ECDHE-ECDSA-AES128-CCM8", "no CCM"),
    ("suite TLS_AES_128_CCM", "no CCM"),
    ("versions -tls1:", "no TLS 1.0"),
    ("versions -tls1_1", "no TLS 1.1"),
    ("client certificate -tls1_3 -Verify", "no certificate of our own"),
];

/// Rows in which we differ from `OpenSSL` on purpose, and why.
const DIFFERS: [(&str, &str); 3] = [
    ("trusted: the leaf itself", "who names a certificate in --ca-file trusts it, root or not"),
    (
        "name DNS:m*.lab.test",
        "a wildcard is a whole label (RFC 9525 section 6.3), as postfix reads it",
    ),
    (
        "name DNS:*l.lab.test",
        "a wildcard is a whole label (RFC 9525 section 6.3), as postfix reads it",
    ),
];

/// What all clients say of one row.
struct Answers {
    openssl: Seen,
    gnutls: Option<Seen>,
    quick: Ours,
    full: Ours,
}

#[test]
#[ignore = "lab: asks OpenSSL and GnuTLS as well"]
fn the_oracle_says_the_same() {
    let forge = Forge::new();
    let (rows, dir) = (rows(&forge), forge.dir());
    let answers: Vec<Mutex<Option<Answers>>> = rows.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let at = rows.iter().position(|other| std::ptr::eq(row, other)).unwrap();
                    *answers[at].lock().unwrap() = ask(row, dir);
                }
            });
        }
    });
    let (mut asked, mut failed) = (0, 0);
    for (row, answers) in rows.iter().zip(answers) {
        let Some(answers) = answers.into_inner().unwrap() else {
            eprintln!("   {:<44} openssl does not serve so", row.title);
            continue;
        };
        asked += 1;
        let verdict = judge(&row.title, &answers);
        failed += usize::from(verdict.is_err());
        print(row, &answers, &verdict);
    }
    eprintln!("{asked} rows, {failed} differences");
    assert_eq!(failed, 0);
    assert!(asked >= 150, "only {asked} rows");
}

/// Nothing where openssl refuses to serve so.
fn ask(row: &Row, dir: &Path) -> Option<Answers> {
    let greets = !row.is_starttls;
    // Another may have taken the port meanwhile.
    let start = |greets| {
        (0..3).find_map(|_| {
            let port = free_ports(1)[0];
            OpensslServer::start(Path::new("openssl"), dir, port, &row.arguments, greets)
        })
    };
    // Others leave without a word, and a greeting would wait for the next client.
    let server = start(false)?;
    let front = Relay::with_starttls(server.port());
    let at =
        |port| Where { port, is_starttls: row.is_starttls, anchors: &row.anchors, name: &row.name };
    let to = |server: &OpensslServer, front: &Relay| {
        if row.is_starttls { front.port() } else { server.port() }
    };
    let (openssl, gnutls) = (openssl(&at(to(&server, &front))), gnutls(&at(to(&server, &front))));
    let server = start(greets)?;
    let front = Relay::with_starttls(server.port());
    // The grade is another question.
    let any_grade = ["--grade-warning", "F", "--grade-critical", "F"];
    let [quick, full] =
        [&["--quick"][..], &any_grade].map(|options| ours(&at(to(&server, &front)), options));
    Some(Answers { openssl, gnutls, quick, full })
}

/// Nothing to object to, or a remark; an error is a difference that is not listed.
fn judge(title: &str, answers: &Answers) -> Result<&'static str, String> {
    let listed = |list: &[(&str, &'static str)]| {
        list.iter().find(|(of, _)| title.starts_with(of)).map(|(_, why)| *why)
    };
    let objections: Vec<String> = [("quick", &answers.quick), ("full", &answers.full)]
        .into_iter()
        .filter_map(|(look, ours)| Some(format!("{look}: {}", objection(answers.openssl, ours)?)))
        .collect();
    let is_unknown = answers.quick.state == "UNKNOWN" || answers.full.state == "UNKNOWN";
    match (objections.as_slice(), listed(&LACKS), listed(&DIFFERS)) {
        ([], Some(why), _) if is_unknown => Ok(why),
        ([], Some(_), _) => Err("listed as lacking, and known all the same".to_owned()),
        ([], None, _) if is_unknown => Err("unknown, and not listed".to_owned()),
        ([], None, None) => Ok(""),
        ([], None, Some(_)) => Err("listed as a difference, and there is none".to_owned()),
        (_, _, Some(why)) => Ok(why),
        (some, _, None) => Err(some.join("; ")),
    }
}

/// What is wrong with ours, if `OpenSSL` is right.
fn objection(openssl: Seen, ours: &Ours) -> Option<&'static str> {
    let says = |word: &str| ours.trust.iter().any(|said| said == word);
    let doubts = says("unknown");
    let refuses = ours.trust.iter().any(|word| {
        !matches!(word.as_str(), "ok" | "unknown" | "mismatch" | "common-name" | "out-of-order")
    });
    match ours.state.as_str() {
        "CRITICAL" if openssl.is_accepted() => Some("critical, and OpenSSL takes it"),
        "OK" | "WARNING" if !openssl.is_accepted() => Some("passes, and OpenSSL refuses it"),
        _ if !openssl.has_shaken_hands => None,
        _ if openssl.is_trusted && refuses => Some("untrusted, and OpenSSL trusts it"),
        _ if !openssl.is_trusted && !refuses && !doubts => Some("trusted, and not by OpenSSL"),
        _ if openssl.is_for_name == says("mismatch") && !doubts => {
            Some("the name is seen otherwise")
        }
        _ => None,
    }
}

fn print(row: &Row, answers: &Answers, verdict: &Result<&str, String>) {
    let gnutls = answers.gnutls.map_or_else(|| "not asked".to_owned(), Seen::short);
    let mark = if verdict.is_err() { "!!" } else { "  " };
    let note = match verdict {
        Ok(remark) => (*remark).to_owned(),
        Err(difference) => {
            format!("{difference}\n     {}\n     {}", answers.quick.text, answers.full.text)
        }
    };
    let openssl = answers.openssl.short();
    let differs =
        if answers.gnutls.is_some_and(|seen| seen.is_accepted() != answers.openssl.is_accepted()) {
            "GnuTLS alone differs. "
        } else {
            ""
        };
    eprintln!(
        "{mark} {:<44} {openssl:<14} {gnutls:<14} {:<9} {:<9} {} {differs}{note}",
        row.title,
        answers.quick.state,
        answers.full.state,
        answers.quick.trust.join(" "),
    );
}
