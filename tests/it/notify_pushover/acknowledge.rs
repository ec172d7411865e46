//! Acknowledged on the phone is acknowledged in the core: that problem, while it is the same, and nothing else.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustix::fs::{FileType, Mode, OFlags};
use serde_json::{Value, json};

use crate::support::chmod;
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::pki::{Authority, ecdsa};
use crate::support::pushover::{ALICE, BOB, Host, now};

const RECEIPT: &str = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy";
const DONE: &str = r#"{"results":[{"code":200.0,"status":"Successfully acknowledged problem"}]}"#;
const NONE: &str = r#"{"error":404,"status":"No objects found."}"#;

/// Pushover with a phone that rings until it is told otherwise.
struct Phone {
    server: HttpServer,
    receipt: Arc<Mutex<Reply>>,
}

impl Phone {
    fn ringing() -> Self {
        let open = json!({ "status": 1, "acknowledged": 0, "acknowledged_by": "", "expired": 0 });
        let receipt = Arc::new(Mutex::new(Reply::json(200, &open.to_string())));
        let seen = receipt.clone();
        let server = HttpServer::start(move |_, request| match request.path.as_str() {
            "/1/messages.json" if request.field("priority") == "2" => {
                Reply::json(200, &json!({ "status": 1, "receipt": RECEIPT }).to_string())
            }
            path if path == format!("/1/receipts/{RECEIPT}.json") => seen.lock().unwrap().clone(),
            _ => Reply::accepted(),
        });
        Self { server, receipt }
    }

    fn answers(&self, status: u16, body: &Value) {
        *self.receipt.lock().unwrap() = Reply::json(status, &body.to_string());
    }

    fn is_acknowledged_by(&self, key: &str, at: u64) {
        self.answers(
            200,
            &json!({
                "status": 1, "acknowledged": 1, "acknowledged_at": at, "acknowledged_by": key,
                "acknowledged_by_device": "iphone", "expired": 0
            }),
        );
    }

    fn questions(&self) -> usize {
        let is_question = |request: &&Request| request.method == "GET";
        self.server.requests().iter().filter(is_question).count()
    }
}

/// A host whose configuration names a core.
fn host(phone: &Phone, core: &str) -> Host {
    let host = Host::of(&phone.server);
    let text = fs::read_to_string(host.config()).unwrap();
    host.configure(&text.replace("[users]", &format!("[acknowledge]\n{core}\n[users]")));
    host
}

fn with_icinga(phone: &Phone, icinga: &HttpServer) -> Host {
    let host = host(phone, "CORE");
    let password = host.path().join("password");
    fs::write(&password, "sesame\n").unwrap();
    chmod(&password, 0o640);
    let core = format!(
        "url = '{}'\nuser = 'pushover'\npassword-file = '{}'",
        icinga.url(),
        password.display()
    );
    let text = fs::read_to_string(host.config()).unwrap();
    host.configure(&text.replace("CORE", &core));
    host
}

const HOSTILE: &str = "mail01\" || true || match(\"*";

fn ring(host: &Host, name: &str, service: &str, at: u64) {
    let at = at.to_string();
    let options = [
        "--type=PROBLEM",
        "--host-name",
        name,
        "--service-name",
        service,
        "--service-state=CRITICAL",
        "--host-state=DOWN",
        "--output=it hurts",
        "--emergency=CRITICAL,DOWN",
        "--timestamp",
        &at,
    ];
    host.run(&options).expect(0, "PUSHOVER OK - sent");
}

fn receipts(host: &Host) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(host.spool().join("receipts")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.')).collect()
}

/// As if it was asked for more than five seconds ago.
fn later(host: &Host) {
    for path in receipts(host) {
        let mut receipt: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        receipt["asked"] = json!(0);
        fs::write(path, receipt.to_string()).unwrap();
    }
}

#[test]
fn acknowledged_on_the_phone_is_acknowledged_in_icinga_and_once() {
    let phone = Phone::ringing();
    let icinga = HttpServer::start(|_, _| Reply::json(200, DONE));
    let host = with_icinga(&phone, &icinga);
    let at = now();
    ring(&host, HOSTILE, "q; \n[1] SHUTDOWN", at);
    host.run(&["poll"]).expect(0, "PUSHOVER OK - 1 emergency is not acknowledged");
    assert_eq!(icinga.requests().len(), 0, "nobody has acknowledged");

    phone.is_acknowledged_by(BOB, at + 2);
    // Not asked for again so soon.
    host.run(&["poll"]).expect(0, "PUSHOVER OK - 1 emergency is not acknowledged");
    assert_eq!(phone.questions(), 1);
    later(&host);
    let outcome = host.run(&["poll"]);
    outcome.expect(0, "PUSHOVER OK - mail01");
    assert!(outcome.stdout.contains("acknowledged by bob"), "{}", outcome.stdout);
    let requests = icinga.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/v1/actions/acknowledge-problem");
    assert_eq!(request.authorization, "Basic cHVzaG92ZXI6c2VzYW1l");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["author"], json!("bob by Pushover"));
    assert_eq!(body["type"], json!("Service"));
    assert_eq!(body["filter_vars"]["wanted_host"], json!(HOSTILE));
    assert_eq!(body["filter_vars"]["wanted_before"], json!(at + 1));
    let filter = body["filter"].as_str().unwrap();
    assert!(!filter.contains("mail01") && filter.contains("last_hard_state_change"), "{filter}");

    assert_eq!(receipts(&host).len(), 0);
    host.run(&["poll"]).expect(0, "PUSHOVER OK - no emergency waits for an acknowledgement");
    assert_eq!((phone.questions(), icinga.requests().len()), (2, 1));
    let spool = host.everything_in_the_spool();
    assert!(!spool.contains("sesame") && !spool.contains(BOB), "{spool}");
}

#[test]
fn flush_asks_too_and_names_whom_the_message_was_for_where_the_key_is_nobodys() {
    let phone = Phone::ringing();
    let icinga = HttpServer::start(|_, _| Reply::json(200, DONE));
    let host = with_icinga(&phone, &icinga);
    ring(&host, "mail01", "", now());
    phone.is_acknowledged_by("uMemberOfAGroup00000000000000a", now());
    host.run(&["flush"])
        .expect(0, "PUSHOVER OK - nothing is waiting; mail01 acknowledged by alice");
    let body: Value = serde_json::from_str(&icinga.requests()[0].body).unwrap();
    assert_eq!((&body["author"], &body["type"]), (&json!("alice by Pushover"), &json!("Host")));
    assert_eq!(host.run(&["flush"]).first_line(), "PUSHOVER OK - nothing is waiting");
}

#[test]
fn a_core_that_is_away_is_told_later_and_pushover_is_not_asked_again() {
    let phone = Phone::ringing();
    let icinga = HttpServer::with(vec![
        Reply::json(503, r#"{"error":503,"status":"Icinga is reloading"}"#),
        Reply::Close,
        Reply::json(401, "<h1>Unauthorized</h1>"),
        Reply::json(404, "<html>no such page</html>"),
        Reply::json(200, DONE),
    ]);
    let host = with_icinga(&phone, &icinga);
    ring(&host, "mail01", "queue", now());
    phone.is_acknowledged_by(ALICE, now());
    for (code, line) in [
        (
            1,
            "PUSHOVER QUEUED - alice acknowledged mail01: queue; the core could not be told: Icinga says 503: Icinga is reloading",
        ),
        (
            1,
            "PUSHOVER QUEUED - alice acknowledged mail01: queue; the core could not be told: Icinga: ",
        ),
        (
            3,
            "PUSHOVER UNKNOWN - alice acknowledged mail01: queue; the core could not be told: Icinga says 401",
        ),
        (
            3,
            "PUSHOVER UNKNOWN - alice acknowledged mail01: queue; the core could not be told: Icinga says 404",
        ),
        (0, "PUSHOVER OK - mail01: queue acknowledged by alice"),
    ] {
        host.run(&["poll"]).expect(code, line);
    }
    assert_eq!(phone.questions(), 1);
}

#[test]
fn another_problem_is_not_acknowledged_and_what_nobody_acknowledged_is_forgotten() {
    let phone = Phone::ringing();
    let icinga = HttpServer::start(|_, _| Reply::json(404, NONE));
    let host = with_icinga(&phone, &icinga);
    ring(&host, "mail01", "queue", now());
    phone.is_acknowledged_by(ALICE, now());
    host.run(&["poll"]).expect(0, "PUSHOVER OK - alice acknowledged mail01: queue; in the core");
    assert_eq!(receipts(&host).len(), 0);

    let unknown = json!({ "status": 0, "receipt": "not found", "errors": ["receipt not found"] });
    let expired = json!({ "status": 1, "acknowledged": 0, "expired": 1 });
    for (status, body) in [(200, expired), (404, unknown)] {
        ring(&host, "mail01", "queue", now());
        assert_eq!(receipts(&host).len(), 1);
        phone.answers(status, &body);
        host.run(&["poll"]).expect(0, "PUSHOVER OK - no emergency waits");
        assert_eq!(receipts(&host).len(), 0, "{body}");
    }
    assert_eq!(icinga.requests().len(), 1);
}

#[test]
fn a_pushover_that_does_not_say_is_asked_again() {
    let phone = Phone::ringing();
    let icinga = HttpServer::start(|_, _| Reply::json(200, DONE));
    let host = with_icinga(&phone, &icinga);
    ring(&host, "mail01", "queue", now());
    phone.answers(500, &json!({}));
    host.run(&["poll"])
        .expect(1, "PUSHOVER QUEUED - receipts could not be checked: Pushover failed (500)");
    later(&host);
    phone.answers(200, &json!("a captive portal"));
    host.run(&["poll"]).expect(1, "PUSHOVER QUEUED - receipts could not be checked: ");
    later(&host);
    phone.answers(
        400,
        &json!({ "token": "invalid", "status": 0, "errors": ["application token is invalid"] }),
    );
    host.run(&["poll"])
        .expect(1, "PUSHOVER QUEUED - receipts could not be checked: application token");
    later(&host);
    // A token that is refused is not tried again at once.
    let asked = phone.questions();
    host.run(&["poll"]).expect(0, "PUSHOVER OK - 1 emergency is not acknowledged");
    assert_eq!((phone.questions(), icinga.requests().len()), (asked, 0));
    assert_eq!(receipts(&host).len(), 1);
}

#[test]
fn an_answer_with_a_receipt_that_is_none_makes_no_file() {
    for receipt in ["../../evil", ".state", "", "a/b", "x\u{0}"] {
        let body = json!({ "status": 1, "receipt": receipt }).to_string();
        let server = HttpServer::start(move |_, _| Reply::json(200, &body));
        let phone = Phone { server, receipt: Arc::new(Mutex::new(Reply::accepted())) };
        let icinga = HttpServer::start(|_, _| Reply::json(200, DONE));
        let host = with_icinga(&phone, &icinga);
        ring(&host, "mail01", "queue", now());
        assert_eq!(receipts(&host).len(), 0, "{receipt}");
    }
}

#[test]
fn icinga_must_show_the_certificate_of_its_own_authority() {
    let phone = Phone::ringing();
    let authority = Authority::root();
    let leaf = authority.leaf("localhost", -1, 30, ecdsa());
    let icinga = HttpServer::start_tls(&leaf, |_, _| Reply::json(200, DONE));
    let host = with_icinga(&phone, &icinga);
    let (good, other) = (host.path().join("ca.crt"), host.path().join("other.crt"));
    fs::write(&good, authority.pem()).unwrap();
    fs::write(&other, Authority::root().pem()).unwrap();
    let text = fs::read_to_string(host.config()).unwrap().replace("127.0.0.1", "localhost");
    let configure = |ca: &PathBuf| {
        let table = format!("[acknowledge]\nca-file = '{}'", ca.display());
        host.configure(&text.replace("[acknowledge]", &table));
    };
    ring(&host, "mail01", "queue", now());
    phone.is_acknowledged_by(ALICE, now());
    configure(&other);
    let outcome = host.run(&["poll"]);
    outcome.expect(1, "PUSHOVER QUEUED - ");
    assert!(outcome.stdout.contains("issuer that is not trusted here"), "{}", outcome.stdout);
    assert_eq!(icinga.requests().len(), 0);
    configure(&good);
    host.run(&["poll"]).expect(0, "PUSHOVER OK - mail01: queue acknowledged by alice");
}

/// Nagios' pipe, with somebody who reads it, and its status file.
#[test]
fn nagios_is_told_by_its_pipe_while_the_problem_is_the_same() {
    let phone = Phone::ringing();
    let host = host(&phone, "CORE");
    let rw = host.path().join("rw");
    fs::create_dir(&rw).unwrap();
    let (pipe, status) = (rw.join("nagios.cmd"), host.path().join("status.dat"));
    let text = fs::read_to_string(host.config()).unwrap();
    host.configure(&text.replace("CORE", &format!("command-file = '{}'", pipe.display())));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let at = now();
    let stands = |created: u64, changed: u64| {
        let text = format!(
            "info {{\n\tcreated={created}\n\t}}\nservicestatus {{\n\thost_name=mail01\n\tservice_description=queue\n\
             \tcurrent_state=2\n\tlast_hard_state_change={changed}\n\tproblem_has_been_acknowledged=0\n\t}}\n"
        );
        fs::write(&status, text).unwrap();
    };
    ring(&host, "mail01", "queue", at);
    phone.is_acknowledged_by(ALICE, at);
    let said = |code: i32, words: &str| {
        let outcome = host.run(&["poll"]);
        outcome.expect(code, "PUSHOVER ");
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    };
    said(3, "status.dat: No such file");
    stands(at - 1, at - 10);
    said(1, "is older than the acknowledgement");
    stands(at, at - 10);
    said(1, "no core reads ");
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut reader = fs::OpenOptions::new().read(true).custom_flags(flags).open(&pipe).unwrap();
    said(0, "mail01: queue acknowledged by alice");
    let mut line = String::new();
    reader.read_to_string(&mut line).unwrap();
    let (time, rest) = line.split_once("] ").unwrap();
    assert!(time.strip_prefix('[').unwrap().parse::<u64>().unwrap() >= at, "{line}");
    let wanted =
        "ACKNOWLEDGE_SVC_PROBLEM;mail01;queue;1;1;0;alice by Pushover;acknowledged on the phone, ";
    assert!(rest.starts_with(wanted) && rest.ends_with(" UTC\n"), "{line}");

    // It was well in between: another problem.
    ring(&host, "mail01", "queue", at);
    stands(at + 100, at + 1);
    said(0, "in the core that problem is over");
    // A name that would be another command.
    ring(&host, "mail01;x", "queue", at);
    stands(at + 100, at - 1);
    said(0, "in the core that problem is over");
    line.clear();
    reader.read_to_string(&mut line).unwrap();
    assert_eq!(line, "");
}

#[test]
fn without_a_core_no_receipt_is_kept_and_poll_says_so() {
    let phone = Phone::ringing();
    let host = Host::of(&phone.server);
    ring(&host, "mail01", "queue", now());
    assert_eq!(receipts(&host).len(), 0);
    host.run(&["poll"]).expect(3, "PUSHOVER UNKNOWN - no [acknowledge] in the configuration");
    let text = fs::read_to_string(host.config()).unwrap();
    host.configure(&text.replace("[users]", "[acknowledge]\nurl = 'http://192.0.2.1'\n[users]"));
    let mistake = "the url in [acknowledge] must be https, unless it is on this host";
    host.run(&["poll"]).expect(3, &format!("PUSHOVER UNKNOWN - {mistake}"));
    host.run(&["validate"]).expect(3, &format!("PUSHOVER UNKNOWN - {mistake}"));
    // The alert goes out all the same.
    ring(&host, "mail01", "queue", now());
    assert_eq!(receipts(&host).len(), 0);
}
