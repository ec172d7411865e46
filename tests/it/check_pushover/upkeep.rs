//! Would the next alert be kept and sent? Spool, timer, clock, remarks, configuration.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::http_server::HttpServer;
use crate::support::pushover::{ALICE, Host, TOKEN, now};
use crate::support::{chmod, run, skipped_without_root};

fn sent(server: &HttpServer) -> Host {
    let host = Host::of(server);
    host.send("x").expect(0, "PUSHOVER OK - sent");
    host.check(&[]).expect(0, "PUSHOVER OK - nothing is waiting");
    host
}

#[test]
fn a_spool_that_takes_no_alert_is_told_before_one_comes() {
    if skipped_without_root("a spool that cannot be written") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    let files = [".lock", ".state.json"].map(|name| host.spool().join(name));
    for path in files.into_iter().chain([host.config(), host.spool()]) {
        chown(path, Some(65534), Some(65534)).unwrap();
    }
    chmod(&host.spool(), 0o500);
    let outcome = host.check(&[]);
    outcome.expect(2, "PUSHOVER CRITICAL - the next alert is not kept: ");
    assert!(outcome.metric("spool_free").is_some());
    chmod(&host.spool(), 0o700);
    host.check(&[]).expect(0, "PUSHOVER OK - ");
}

#[test]
fn a_timer_that_does_not_run_is_told() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    let state = format!(r#"{{"since":{},"last_success":{}}}"#, now() - 700, now());
    fs::write(host.spool().join(".state.json"), state).unwrap();
    let outcome = host.check(&[]);
    outcome.expect(1, "PUSHOVER WARNING - notify_pushover flush has never run");
    assert!(outcome.next_step().unwrap().contains("notify-pushover-flush.timer"));
    host.run(&["flush"]).expect(0, "PUSHOVER OK - nothing is waiting");
    let outcome = host.check(&[]);
    outcome.expect(0, "PUSHOVER OK - ");
    assert!(outcome.metric("last_flush").is_some());
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    File::open(host.spool().join(".flushed")).unwrap().set_modified(long_ago).unwrap();
    host.check(&[]).expect(1, "PUSHOVER WARNING - notify_pushover flush has not run for 2h");
}

#[test]
fn a_process_that_holds_the_spool_and_does_not_move_is_told() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    let lock = File::open(host.spool().join(".lock")).unwrap();
    lock.lock().unwrap();
    let outcome = host.check(&[]);
    outcome.expect(0, "PUSHOVER OK - ");
    assert!(outcome.metric("standstill").is_some());
    lock.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    host.check(&[]).expect(2, "PUSHOVER CRITICAL - the process that sends has not moved for 2h");
    drop(lock);
    host.check(&[]).expect(0, "PUSHOVER OK - ");
}

#[test]
fn an_alert_of_a_time_to_come_is_told() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    let ahead = now() + 864_000;
    let name = format!("{:020}-1-0123456789abcdef.json", ahead * 1_000_000_000);
    let item = format!(
        r#"{{"address":{{"config":"{}","token":"configured","user":"configured","recipient":""}},"fields":[["message","x"]],"created":{ahead}}}"#,
        host.config().display()
    );
    fs::write(host.spool().join(name), item).unwrap();
    let outcome = host.check(&[]);
    outcome.expect(1, "PUSHOVER WARNING - 1 waiting message is dated ");
    assert_eq!(outcome.metric("future"), Some("1"));
}

#[test]
fn a_remark_is_told_until_an_alert_comes_without_one() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    host.run(&["--message=x", "--sound=Red Alert"]).expect(0, "PUSHOVER OK - sent; sound");
    let outcome = host.check(&[]);
    outcome.expect(1, "PUSHOVER WARNING - the last alert, ");
    assert!(
        outcome.first_line().contains("s ago: sound 'Red Alert' ignored"),
        "{}",
        outcome.stdout
    );
    assert_eq!(outcome.metric("remarks"), Some("1"));
    host.run(&["--message=x", "--urgent", TOKEN]).expect(0, "PUSHOVER OK - sent; ");
    assert!(!host.everything_in_the_spool().contains(TOKEN));
    host.send("x").expect(0, "PUSHOVER OK - sent");
    host.check(&[]).expect(0, "PUSHOVER OK - ");
}

#[test]
fn a_notification_without_text_reaches_the_phone_and_the_check() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    for options in [
        &["--recipient", "bob", "--priority", "", "--last-state", "WARNING"][..],
        &["--recipient", "bob", "--emergency", "CRITICAL", "--last-state", "WARNING"],
    ] {
        host.run(options).expect(0, "PUSHOVER OK - sent");
        let text = server.messages().pop().unwrap();
        assert!(
            text.starts_with(
                "a notification without text; set enable_environment_macros=1\nwas WARNING"
            ),
            "{text}"
        );
    }
    let outcome = host.check(&[]);
    outcome.expect(2, "PUSHOVER CRITICAL - the last alert, ");
    assert!(outcome.next_step().unwrap().contains("enable_environment_macros=1"));
    host.send("x").expect(0, "PUSHOVER OK - sent");
    host.check(&[]).expect(0, "PUSHOVER OK - ");
}

#[test]
fn a_configuration_that_sends_nothing_or_not_all_is_told() {
    let server = HttpServer::with(vec![]);
    let host = sent(&server);
    let users = format!("[users]\nalice = '{ALICE}'\n");
    for (text, code, words) in [
        (
            format!("token = '{TOKEN}'\nemergency = 'CRITCAL'\n{users}"),
            1,
            "emergency = 'CRITCAL' is not a state; did you mean CRITICAL?",
        ),
        (
            format!("token = '{TOKEN}'\nrecipient = 'carol'\n{users}"),
            2,
            "recipient = 'carol' is not in [users]",
        ),
        (format!("{users}token = '{TOKEN}'\n"), 2, "found under [users] in "),
        (users.clone(), 2, "no token in "),
        (format!("token = '{TOKEN}'\nproxy = ':'\n{users}"), 0, ""),
        (format!("token = '{TOKEN}'\nca-file = '/nowhere'\n{users}"), 0, ""),
    ] {
        host.configure(&text);
        let outcome = host.check(&[]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{}", outcome.stdout);
        if code > 0 {
            let outcome = host.run(&["validate"]);
            outcome.expect(3, "PUSHOVER UNKNOWN - ");
            assert!(outcome.first_line().contains(words), "{}", outcome.stdout);
        }
    }
    fs::remove_file(host.config()).unwrap();
    let mut command = Command::new(crate::support::program("check_pushover"));
    command.env_clear().arg("--spool-dir").arg(host.spool());
    let line = "PUSHOVER CRITICAL - the default recipient: no token: /etc/";
    run(&mut command).expect(2, line);
}
