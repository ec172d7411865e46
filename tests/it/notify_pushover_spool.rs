//! The spool: nothing is lost, nothing overtakes, nobody else gets in.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::SystemTime;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{ALICE, Host, TOKEN};
use crate::support::{Outcome, Unprivileged, chmod, skipped_without_root};

/// An item as `notify_pushover` writes it.
fn item(host: &Host, message: &str, created: u64, attempts: u32) -> String {
    let config = host.config();
    format!(
        r#"{{"address":{{"config":"{}","token":"configured","user":"configured","recipient":"alice"}},"fields":[["message","{message}"]],"created":{created},"attempts":{attempts}}}"#,
        config.display()
    )
}

fn name(number: u64) -> String {
    format!("{number:020}-1-0123456789abcdef.json")
}

fn now() -> u64 {
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    age.unwrap().as_secs()
}

fn make_spool(host: &Host) {
    fs::create_dir(host.spool()).unwrap();
    chmod(&host.spool(), 0o700);
}

#[test]
fn what_waited_is_sent_in_order_before_the_new_alert() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    for number in 1..=20 {
        fs::write(
            host.spool().join(name(number)),
            item(&host, &number.to_string(), now(), 0),
        )
        .unwrap();
    }
    host.send("21").expect(0, "PUSHOVER OK - sent");
    let expected: Vec<String> = (1..=21).map(|number| number.to_string()).collect();
    assert_eq!(server.messages(), expected);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_complete_temporary_file_is_adopted_and_a_broken_one_removed() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let whole = item(&host, "whole", now(), 0);
    fs::write(host.spool().join(format!(".tmp-{}", name(1))), &whole).unwrap();
    fs::write(host.spool().join(format!(".tmp-{}", name(2))), &whole[..40]).unwrap();
    fs::write(host.spool().join(format!(".tmp-{}", name(3))), "").unwrap();
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["whole"]);
    assert!(!host.everything_in_the_spool().contains(".tmp-"));
}

#[test]
fn a_damaged_message_is_set_aside_and_stops_nobody() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(name(1)), "{").unwrap();
    symlink("/etc/passwd", host.spool().join(name(2))).unwrap();
    host.send("x").expect(0, "PUSHOVER OK - ");
    assert_eq!(host.failed().len(), 2);
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn an_unusable_spool_warns_and_still_sends() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let target = host.path().join("elsewhere");
    fs::create_dir(&target).unwrap();
    chmod(&target, 0o700);
    for (case, prepare) in [
        (
            "symlink",
            Box::new(|spool: &Path| symlink(&target, spool).unwrap()) as Box<dyn Fn(&Path)>,
        ),
        (
            "file",
            Box::new(|spool: &Path| fs::write(spool, "").unwrap()),
        ),
        (
            "world-writable",
            Box::new(|spool: &Path| {
                fs::create_dir(spool).unwrap();
                chmod(spool, 0o777);
            }),
        ),
    ] {
        prepare(&host.spool());
        let outcome = host.send(case);
        outcome.expect(0, "PUSHOVER OK - sent; ");
        assert!(
            outcome.stdout.contains("spool"),
            "{case}: {}",
            outcome.stdout
        );
        assert_eq!(server.messages().last().unwrap(), case);
        let _ = fs::remove_file(host.spool());
        let _ = fs::remove_dir(host.spool());
    }
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn a_spool_of_somebody_else_is_not_used() {
    if skipped_without_root("a spool of somebody else") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    std::os::unix::fs::chown(host.spool(), Some(1), Some(1)).unwrap();
    chmod(&host.spool(), 0o755);
    chmod(&host.config(), 0o640);
    std::os::unix::fs::chown(host.config(), Some(65534), Some(65534)).unwrap();
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command
        .arg("--config")
        .arg(host.config())
        .arg("--spool-dir")
        .arg(host.spool());
    let outcome = Outcome::of(
        &command
            .args(["--api-url", &server.url(), "--message=x"])
            .output()
            .unwrap(),
    );
    outcome.expect(0, "PUSHOVER OK - sent; ");
    assert!(
        outcome.stdout.contains("belongs to user 1"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn root_takes_the_identity_of_the_spools_owner() {
    if skipped_without_root("root takes the owner's identity") {
        return;
    }
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    std::os::unix::fs::chown(host.spool(), Some(65534), Some(65534)).unwrap();
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.run(&["--message=x", "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    for entry in fs::read_dir(host.spool()).unwrap() {
        let meta = entry.unwrap().metadata().unwrap();
        assert_eq!((meta.uid(), meta.mode() & 0o777), (65534, 0o600));
    }
}

#[test]
fn a_spool_of_roots_is_shared_by_its_group() {
    if skipped_without_root("a spool shared by a group") {
        return;
    }
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    std::os::unix::fs::chown(host.spool(), Some(0), Some(65534)).unwrap();
    chmod(&host.spool(), 0o770);
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.run(&["--message=by root", "--timeout=2"])
        .expect(1, "PUSHOVER QUEUED - ");
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command
        .arg("--config")
        .arg(host.config())
        .arg("--spool-dir")
        .arg(host.spool());
    let outcome = Outcome::of(
        &command
            .args(["--api-url", &server.url(), "--message=by nobody"])
            .output()
            .unwrap(),
    );
    outcome.expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["by root", "by root", "by nobody"]);
}

#[test]
fn a_spool_that_root_makes_is_open_to_whoever_may_read_the_token() {
    if skipped_without_root("a spool that root makes") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.send("by root").expect(0, "PUSHOVER OK - sent");
    let meta = fs::metadata(host.spool()).unwrap();
    assert_eq!((meta.gid(), meta.mode() & 0o777), (65534, 0o770));
    let outcome = as_nobody(&host, &server, "by nobody");
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
}

#[test]
fn a_spool_without_the_right_to_write_warns_and_still_sends() {
    if skipped_without_root("a spool without the right to write") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    chmod(&host.spool(), 0o755);
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    let outcome = as_nobody(&host, &server, "x");
    outcome.expect(0, "PUSHOVER OK - sent; not kept: ");
    assert!(
        outcome.stdout.contains("Permission denied"),
        "{}",
        outcome.stdout
    );
}

/// Sends from an account without rights.
fn as_nobody(host: &Host, server: &HttpServer, message: &str) -> Outcome {
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command
        .arg("--config")
        .arg(host.config())
        .arg("--spool-dir")
        .arg(host.spool())
        .args(["--api-url", &server.url(), "--message", message]);
    Outcome::of(&command.output().unwrap())
}

#[test]
fn a_full_disk_warns_and_still_sends() {
    if skipped_without_root("a full disk") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let options = std::ffi::CString::new("size=4k,mode=700,nr_inodes=50").unwrap();
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("tmpfs", host.spool(), "tmpfs", flags, options.as_c_str()).unwrap();
    fs::write(host.spool().join("filler"), [0; 4096]).unwrap();
    let outcome = host.send("x");
    rustix::mount::unmount(host.spool(), rustix::mount::UnmountFlags::DETACH).unwrap();
    outcome.expect(0, "PUSHOVER OK - sent; not kept: ");
    assert!(
        outcome.stdout.contains("No space left"),
        "{}",
        outcome.stdout
    );
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn without_a_spool_nothing_is_written() {
    let server = HttpServer::with(vec![
        Reply::accepted(),
        Reply::json(500, ""),
        Reply::json(400, "{}"),
    ]);
    let host = Host::of(&server);
    for (code, start) in [
        (0, "PUSHOVER OK - sent"),
        (1, "PUSHOVER QUEUED - "),
        (2, "PUSHOVER REJECTED - "),
    ] {
        host.run(&["--message=x", "--no-spool", "--timeout=2"])
            .expect(code, start);
    }
    assert!(!host.spool().exists());
}

#[test]
fn what_is_too_old_goes_to_failed_after_a_try_and_not_before() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(
        host.spool().join(name(1)),
        item(&host, "tried", now() - 90_000, 3),
    )
    .unwrap();
    fs::write(
        host.spool().join(name(2)),
        item(&host, "never tried", now() - 90_000, 0),
    )
    .unwrap();
    let outcome = host.run(&["flush"]);
    outcome.expect(2, "PUSHOVER REJECTED - too old");
    assert_eq!(
        (server.messages(), host.failed()),
        (vec!["never tried".to_owned()], vec![name(1)])
    );
}

#[test]
fn too_many_move_the_oldest_to_failed_only_when_they_cannot_be_sent() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    for number in 1..=5 {
        fs::write(host.spool().join(name(number)), item(&host, "x", now(), 0)).unwrap();
    }
    host.run(&["flush", "--spool-max-number=3", "--timeout=2"])
        .expect(2, "PUSHOVER REJECTED - more than 3");
    assert_eq!(
        (host.waiting().len(), host.failed()),
        (3, vec![name(1), name(2)])
    );
}

#[test]
fn clocks_that_jump_neither_lose_nor_stop_anything() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let future = (now() + 10_000_000) * 1000;
    let mut far = item(&host, "from the future", now() + 10_000_000, 1);
    far.insert_str(far.len() - 1, &format!(",\"next_try\":{future}"));
    fs::write(host.spool().join(name(9_000_000_000_000_000_000)), far).unwrap();
    let state = format!(
        r#"{{"silence":[{future},{}],"blocks":{{}}}}"#,
        future + 5000
    );
    fs::write(host.spool().join(".state.json"), state).unwrap();
    host.send("now").expect(0, "PUSHOVER OK - ");
    assert_eq!(
        server.messages(),
        ["from the future", "now"],
        "still in the order of arrival"
    );
}

#[test]
fn a_broken_state_is_forgotten() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    fs::write(host.spool().join(".state.json"), "{\"blocks\":[").unwrap();
    host.send("x").expect(0, "PUSHOVER OK - ");
}

#[test]
fn a_repetition_that_still_waits_is_not_queued_twice() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let event = [
        "--type=PROBLEM",
        "-Hh",
        "--service-state=CRITICAL",
        "--output=x",
        "--timeout=2",
    ];
    let run = |more: &[&str]| host.run(&[&event[..], more].concat());
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 1);
    run(&["--notification-number=2"]).expect(1, "PUSHOVER QUEUED - ");
    run(&[]).expect(1, "PUSHOVER QUEUED - ");
    run(&[]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(
        host.waiting().len(),
        4,
        "without a number nothing is a repetition"
    );
    run(&["--notification-number=1"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(
        host.waiting().len(),
        5,
        "something else about the object happened in between"
    );
}

#[test]
fn the_spool_is_closed_to_others() {
    let server = HttpServer::with(vec![Reply::json(400, "{}")]);
    let host = Host::of(&server);
    host.send("x").expect(2, "PUSHOVER REJECTED - ");
    for path in [
        host.spool(),
        host.spool().join("failed"),
        host.spool().join("failed").join(&host.failed()[0]),
    ] {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn the_environment_of_a_core_is_a_fallback() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let mut command = host.command();
    command
        .env("NOTIFICATIONTYPE", "PROBLEM")
        .env("HOSTNAME", "mail01")
        .env("SERVICENAME", "queue");
    command
        .env("SERVICESTATE", "WARNING")
        .env("SERVICEOUTPUT", "143 messages");
    Outcome::of(&command.output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(
        server.requests()[0].field("title"),
        "🟡 WARNING mail01: queue"
    );
    let mut shell = host.command();
    shell.env("HOSTNAME", "container");
    Outcome::of(&shell.output().unwrap()).expect(3, "PUSHOVER UNKNOWN - nothing to send");
    let mut nagios = host.command();
    nagios
        .env("NAGIOS_NOTIFICATIONTYPE", "PROBLEM")
        .env("NAGIOS_HOSTNAME", "h")
        .env("NAGIOS_HOSTSTATE", "DOWN");
    Outcome::of(&nagios.output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.requests()[1].field("title"), "🔴 DOWN h");
}

#[test]
fn a_token_on_the_command_line_is_not_possible() {
    let host = Host::at("http://127.0.0.1:1");
    for option in ["--token", "--user", "--key"] {
        host.run(&[option, TOKEN]).expect(3, "PUSHOVER UNKNOWN - ");
        host.run(&[&format!("{option}={ALICE}")])
            .expect(3, "PUSHOVER UNKNOWN - ");
    }
}
