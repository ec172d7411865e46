//! What the spool does not take is sent all the same; what is lost leaves a note that the check tells of.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::support::filesystem::HungMount;
use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, make_spool};
use crate::support::{Outcome, run, skipped_without_root};

/// A run in which no file grows beyond a block: enough for the memory of the spool, too little for a long message.
fn on_a_full_disk(host: &Host) -> Command {
    let notify = host.command();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""]);
    command.arg(notify.get_program()).args(notify.get_args());
    command.env_clear().env("XDG_RUNTIME_DIR", host.path());
    command
}

#[test]
fn an_alert_that_is_neither_sent_nor_kept_is_told_until_somebody_has_seen_it() {
    let host = Host::at("http://127.0.0.1:1");
    let nowhere = Path::new("/dev/null/spool");
    for _ in 0..2 {
        let mut command = host.command_at(nowhere);
        run(command.args(["--message=x", "--timeout=2"])).expect(2, "PUSHOVER LOST - ");
    }
    let outcome = host.check_at(nowhere, &[]);
    outcome.expect(2, "PUSHOVER CRITICAL - 2 alerts were lost, the last one ");
    assert_eq!(outcome.metric("lost"), Some("2"));
    let file = outcome.next_step().unwrap().rsplit(' ').next().unwrap();
    assert!(Path::new(file).starts_with(host.path()), "{}", outcome.stdout);
    make_spool(&host);
    host.check(&[]).expect(3, "PUSHOVER UNKNOWN - nothing was ever sent");
    fs::remove_file(file).unwrap();
    host.check_at(nowhere, &[]).expect(3, "PUSHOVER UNKNOWN - ");
}

#[test]
fn a_loss_is_noted_where_there_is_no_directory_for_it() {
    let host = Host::at("http://127.0.0.1:1");
    let nowhere = Path::new("/dev/null/spool").join(host.path().file_name().unwrap());
    let without = |command: &mut Command, options: &[&str]| {
        run(command.env("XDG_RUNTIME_DIR", "/nowhere").args(options))
    };
    let send = &["--message=x", "--timeout=2"];
    without(&mut host.command_at(&nowhere), send).expect(2, "PUSHOVER LOST - ");
    let mut command = Command::new(crate::support::program("check_pushover"));
    command.env_clear().arg("--config").arg(host.config()).arg("--spool-dir").arg(&nowhere);
    let outcome = without(&mut command, &[]);
    outcome.expect(2, "PUSHOVER CRITICAL - 1 alert was lost, ");
    let file = outcome.next_step().unwrap().rsplit(' ').next().unwrap();
    fs::remove_file(file).unwrap();
}

#[test]
fn a_run_that_hangs_before_the_alert_is_safe_leaves_a_note() {
    if skipped_without_root("a spool that hangs") {
        return;
    }
    let hung = HungMount::new();
    let host = Host::at("http://127.0.0.1:1");
    let mut command = host.command_at(hung.path());
    run(command.args(["--message=x", "--timeout=1"])).expect(2, "PUSHOVER LOST - ");
    host.check_at(hung.path(), &["-t", "1"]).expect(2, "PUSHOVER CRITICAL - 1 alert was lost, ");
}

#[test]
fn a_burst_on_a_full_disk_loses_nothing() {
    let (_keep, never) = mpsc::channel::<()>();
    let never = Mutex::new(never);
    let server = HttpServer::start(move |_, _| {
        let _ = never.lock().unwrap().recv_timeout(Duration::from_millis(100));
        Reply::accepted()
    });
    let host = Host::of(&server);
    make_spool(&host);
    let start = |number: usize| {
        let text = format!("--message={number} {}", "x".repeat(1000));
        on_a_full_disk(&host).args([&text, "--timeout=4"]).stdout(Stdio::piped()).spawn().unwrap()
    };
    let all: Vec<_> = (0..24).map(start).collect();
    for child in all {
        Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - sent; not kept: ");
    }
    assert_eq!(server.messages().len(), 24);
}

#[test]
fn an_image_on_a_disk_that_hangs_does_not_hold_the_alert() {
    if skipped_without_root("a disk that hangs") {
        return;
    }
    let hung = HungMount::new();
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let image = hung.path().join("graph.png");
    let outcome =
        host.run(&["--message=x", "--timeout=5", "-v", "--attach", image.to_str().unwrap()]);
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(outcome.stdout.contains("was left out: not read within "), "{}", outcome.stdout);
    assert_eq!(server.messages(), ["x"]);
}
