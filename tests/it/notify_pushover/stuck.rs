//! A message that is done with but cannot be taken out of the spool is not sent again, and hides no other alert.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, item, make_spool, name, now};
use crate::support::{Outcome, Unprivileged, chmod, skipped_without_root};

/// A file or directory with an attribute of chattr(1) until it is dropped.
struct Attribute(char, PathBuf);

impl Attribute {
    /// `None` where the file system has none.
    fn set(attribute: char, path: PathBuf) -> Option<Self> {
        let mut command = Command::new("chattr");
        let output = command.arg(format!("+{attribute}")).arg(&path).output();
        output.is_ok_and(|output| output.status.success()).then_some(Self(attribute, path))
    }
}

impl Drop for Attribute {
    fn drop(&mut self) {
        let mut command = Command::new("chattr");
        let _ = command.arg(format!("-{}", self.0)).arg(&self.1).status();
    }
}

const EVENT: [&str; 5] = [
    "--type=PROBLEM",
    "-Hmail01",
    "--host-state=DOWN",
    "--output=no route",
    "--notification-number=1",
];

#[test]
fn a_delivered_message_that_cannot_be_removed_is_sent_once() {
    if skipped_without_root("a file that cannot be removed") {
        return;
    }
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    host.run(&[&EVENT[..], &["--timeout=2"]].concat()).expect(1, "PUSHOVER QUEUED - ");
    let path = host.spool().join(&host.waiting()[0]);
    let Some(immutable) = Attribute::set('i', path) else {
        eprintln!("skipped, no attributes on this file system");
        return;
    };
    host.send("next").expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["no route", "no route", "next"]);
    for _ in 0..2 {
        let outcome = host.run(&["flush"]);
        outcome.expect(3, "PUSHOVER UNKNOWN - spool ");
        assert!(outcome.stdout.contains(": cannot remove a delivered message: "));
        assert!(!outcome.stdout.contains("is kept"), "{}", outcome.stdout);
    }
    assert_eq!(server.messages().len(), 3, "not again");
    let outcome = host.check(&[]);
    outcome.expect(1, "PUSHOVER WARNING - 1 message is done with but cannot be ");
    assert_eq!(outcome.metric("waiting"), Some("0"));
    host.run(&EVENT).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages().len(), 4, "the same again is a new alert");
    drop(immutable);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - nothing is waiting");
    assert!(host.waiting().is_empty());
    host.check(&[]).expect(0, "PUSHOVER OK - nothing is waiting");
}

#[test]
fn a_message_of_another_member_in_a_sticky_spool_is_sent_once_and_asked_once() {
    if skipped_without_root("a sticky spool") {
        return;
    }
    let server = HttpServer::with(vec![
        Reply::accepted(),
        Reply::json(400, r#"{"status":0,"errors":["no"]}"#),
    ]);
    let host = Host::of(&server);
    make_spool(&host);
    for path in [host.spool(), host.config()] {
        chown(path, Some(0), Some(65534)).unwrap();
    }
    chmod(&host.spool(), 0o1770);
    for number in [1, 2] {
        let path = host.spool().join(name(number));
        fs::write(&path, item(&host, &number.to_string(), now(), 0)).unwrap();
        share(&path);
    }
    for file in [".lock", ".state.json"] {
        let path = host.spool().join(file);
        fs::write(&path, "").unwrap();
        share(&path);
    }
    as_nobody(&host, &server, "flush").expect(2, "PUSHOVER REJECTED - no (400); ");
    for _ in 0..2 {
        as_nobody(&host, &server, "flush").expect(2, "PUSHOVER REJECTED - no (400); ");
    }
    assert_eq!(server.messages(), ["1", "2"], "neither again");
    as_nobody(&host, &server, "--message=3").expect(0, "PUSHOVER OK - sent");
    // Once it is root's alone, root may clear it up.
    chmod(&host.spool(), 0o700);
    chown(host.spool().join("failed"), Some(0), Some(0)).unwrap();
    host.run(&["flush"]).expect(2, "PUSHOVER REJECTED - no (400)");
    assert_eq!((host.waiting().len(), host.failed().len()), (0, 1));
    assert_eq!(server.messages(), ["1", "2", "3"]);
}

#[test]
fn a_spool_that_only_grows_is_not_used() {
    if skipped_without_root("a spool that only grows") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(name(1)), item(&host, "1", now(), 0)).unwrap();
    fs::write(host.spool().join(".lock"), "").unwrap();
    let Some(append_only) = Attribute::set('a', host.spool()) else {
        eprintln!("skipped, no attributes on this file system");
        return;
    };
    let outcome = host.run(&["flush"]);
    outcome.expect(3, "PUSHOVER UNKNOWN - spool ");
    assert!(outcome.stdout.contains(": cannot remove messages: "), "{}", outcome.stdout);
    host.send("2").expect(0, "PUSHOVER OK - sent; not kept: ");
    assert_eq!(server.messages(), ["2"]);
    drop(append_only);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["2", "1"], "nothing came twice");
}

fn share(path: &Path) {
    chown(path, Some(0), Some(65534)).unwrap();
    chmod(path, 0o660);
}

/// A run from an account without rights.
fn as_nobody(host: &Host, server: &HttpServer, what: &str) -> Outcome {
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command.arg("--config").arg(host.config()).arg("--spool-dir").arg(host.spool()).args([
        "--api-url",
        &server.url(),
        what,
    ]);
    Outcome::of(&command.output().unwrap())
}
