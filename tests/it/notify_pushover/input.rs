//! What a core or a shell may hand over: any text, empty values, the environment, standard input, an image.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};

use crate::support::Outcome;
use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{ALICE, Host, TOKEN, own_name};

#[test]
fn texts_may_be_anything() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for text in ["-x", "--help", "@/etc/passwd", "<file", "a&b=c+d%20", "ünï 🔴"] {
        host.run(&["--message", text]).expect(0, "PUSHOVER OK - ");
        assert_eq!(server.messages().last().unwrap(), text);
    }
    let mut broken = host.command();
    broken.arg("--message").arg(std::ffi::OsString::from_vec(b"a\xffb".to_vec()));
    Outcome::of(&broken.output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "a\u{fffd}b");
    host.run(&["--type=PROBLEM", "--host-name=h", "--output=", "--comment="])
        .expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "(no output)");
}

#[test]
fn a_megabyte_of_output_arrives_on_stdin_and_is_cut() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let mut child = host
        .command()
        .args(["--output", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text =
        format!("AXIGEN QUEUE CRITICAL - 143 messages | messages=143\n{}", "🔴".repeat(300_000));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - ");
    let message = server.messages().pop().unwrap();
    assert!(message.starts_with("143 messages\n🔴") && message.ends_with('…'), "{message}");
    assert_eq!(message.chars().count(), 1023);
    assert_eq!(
        server.requests()[0].field("title"),
        format!("🔴 CRITICAL {}: AXIGEN QUEUE", own_name())
    );
}

#[test]
fn empty_options_are_unset() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let all = [
        "--token-file",
        "--recipient",
        "--ca-file",
        "--proxy",
        "--device",
        "--title",
        "--type",
        "--host-name",
        "--host-display-name",
        "--host-address",
        "--host-state",
        "--service-name",
        "--service-display-name",
        "--service-state",
        "--output",
        "--long-output",
        "--author",
        "--comment",
        "--timestamp",
        "--last-state",
        "--duration",
        "--notification-number",
        "--icingaweb-url",
        "--url",
        "--url-title",
        "--priority",
        "--sound",
        "--ttl",
        "--emergency",
        "--instance",
        "--attach",
        "--title-format",
        "--message-format",
    ];
    let options: Vec<&str> =
        all.iter().flat_map(|option| [*option, ""]).chain(["--message", "x"]).collect();
    host.run(&options).expect(0, "PUSHOVER OK - ");
    let fields: Vec<String> = server.requests()[0].fields.keys().cloned().collect();
    assert_eq!(fields, ["message", "timestamp", "token", "user"]);
}

#[test]
fn an_image_goes_along_and_a_bad_one_does_not_stop_the_message() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let image = host.path().join("graph.png");
    fs::write(&image, b"\x89PNG\r\n\x1a\n".repeat(600_000)).unwrap();
    let attach = |path: &std::path::Path| format!("--attach={}", path.display());
    host.run(&["--message=x", &attach(&image)]).expect(0, "PUSHOVER OK - sent");
    let request = &server.requests()[0];
    assert_eq!(request.field("attachment_type"), "image/png");
    assert!(request.field("attachment_base64").starts_with("iVBORw0KGgqJUE5H"));
    assert_eq!(request.field("attachment_base64").len(), 6_400_000);
    let pipe = host.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let missing = host.path().join("missing");
    for path in [host.config(), missing, host.path().to_owned(), pipe, "/dev/zero".into()] {
        host.run(&["--message=x", &attach(&path)]).expect(0, "PUSHOVER OK - sent");
        assert_eq!(server.requests().last().unwrap().field("attachment_type"), "");
    }
}

#[test]
fn an_image_that_does_not_get_through_is_left_out_at_the_next_try() {
    std::thread::scope(|scope| {
        for reply in [Reply::json(413, "<html>"), Reply::Silent] {
            scope.spawn(move || {
                let server = HttpServer::with(vec![reply]);
                let host = Host::of(&server);
                let image = host.path().join("graph.png");
                fs::write(&image, b"\x89PNG\r\n\x1a\n").unwrap();
                let attach = format!("--attach={}", image.display());
                host.run(&["--message=x", &attach]).expect(0, "PUSHOVER OK - sent");
                let requests = server.requests();
                assert_eq!(requests[0].field("attachment_type"), "image/png");
                assert_eq!(requests[1].field("attachment_type"), "");
                assert_eq!(
                    requests[1].field("message"),
                    "x\n(image left out: it did not get through)"
                );
            });
        }
    });
}

#[test]
fn nothing_to_send_is_a_usage_error() {
    let host = Host::at("http://127.0.0.1:1");
    host.run(&[]).expect(3, "PUSHOVER UNKNOWN - nothing to send");
    host.run(&["cancel"]).expect(3, "PUSHOVER UNKNOWN - cancel needs --host-name");
    assert!(!host.spool().exists());
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
    command.env("SERVICESTATE", "WARNING").env("SERVICEOUTPUT", "143 messages");
    Outcome::of(&command.output().unwrap()).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.requests()[0].field("title"), "🟡 WARNING mail01: queue");
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
fn a_time_that_cannot_be_is_left_out() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for time in ["99999999999999999", "0", "-5", "1795500000000", "nan"] {
        host.run(&["--message=x", "--timestamp", time]).expect(0, "PUSHOVER OK - ");
        let shown: u64 = server.requests().last().unwrap().field("timestamp").parse().unwrap();
        assert!((1_700_000_000..10_000_000_000).contains(&shown), "{time}: {shown}");
    }
}

#[test]
fn an_input_that_never_ends_is_sent_as_far_as_it_came() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let mut child = host
        .command()
        .args(["--message=-", "--timeout=4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open, as by a daemon that the check left behind.
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"disk full\n").unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - sent");
    drop(input);
    assert_eq!(server.messages(), ["disk full"]);
    let endless = fs::File::open("/dev/zero").unwrap();
    let mut command = host.command();
    command.args(["--output=-", "--type=PROBLEM", "-Hh", "--timeout=4"]);
    Outcome::of(&command.stdin(endless).output().unwrap()).expect(0, "PUSHOVER OK - sent");
}

#[test]
fn an_empty_value_is_unset_for_every_option() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for option in [
        "--timeout",
        "-t",
        "--connect-timeout",
        "--retry",
        "--expire",
        "--spool-max-age",
        "--spool-max-number",
        "--config",
        "--spool-dir",
        "--api-url",
        "--user-file",
        "--emergency",
    ] {
        let mut command = host.command();
        command.args(["--message", option, "--recipient=alice", option, ""]);
        let outcome = Outcome::of(&command.output().unwrap());
        outcome.expect(0, "PUSHOVER OK - ");
        assert_eq!(server.messages().last().unwrap(), option);
        host.run(&["--message=x", "--recipient=alice", &format!("{option}=")[..]]);
    }
    host.run(&["--message", "-t", "--title", "--retry"]).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "-t", "a text is no option");
    host.run(&["--message", ""]).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages().last().unwrap(), "(no text)");
}

#[test]
fn a_mistake_on_the_command_line_costs_no_alert() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let event = ["--type=PROBLEM", "-Hmail01", "--service-name=smtp", "--service-state=CRITICAL"];
    for (mistake, field, value, remark) in [
        (&["--sound", "Red Alert"][..], "sound", "", "sound 'Red Alert' ignored: use a name"),
        (
            &["--priority", "CRITCAL=0,CRITICAL=-1"],
            "priority",
            "-1",
            "priority 'CRITCAL=0' ignored",
        ),
        (&["--ttl", "1w"], "ttl", "", "ttl '1w' ignored"),
        (&["--retry", "20", "--emergency=CRITICAL"], "retry", "60", "option --retry: '20'"),
        (&["--emergency", "CRITICAL,CRASH"], "priority", "2", "emergency 'CRASH' ignored"),
        (&["--instance", "-x"], "sound", "", "option --instance: '-x' looks like an option"),
        (&["--host-address", "-x"], "sound", "", "option --host-address: '-x' looks like"),
        (&["--recipient", "-x"], "user", ALICE, "option --recipient: '-x' looks like"),
        (&["--timeout", "soon"], "sound", "", "option --timeout: 'soon'"),
        (&["--urgent", "yes"], "sound", "", "unknown option --urgent"),
        (&["again"], "sound", "", "unexpected argument 'again'"),
    ] {
        let output = ["--output=refused"];
        let outcome = host.run(&[&event[..], mistake, &output].concat());
        outcome.expect(0, "PUSHOVER OK - sent; ");
        assert!(outcome.stdout.contains(remark), "{mistake:?}: {}", outcome.stdout);
        let request = server.requests().pop().unwrap();
        assert_eq!((request.field("message"), request.field(field)), ("refused", value));
    }
    for (line, message) in [
        (&["--mesage", "disk full"][..], "disk full"),
        (&["--sound=siren", "disk", "full"], "disk full"),
        (&["--type=PROBLEM", "-Hh", "--outptu", "disk full"], "disk full"),
    ] {
        host.run(line).expect(0, "PUSHOVER OK - sent; ");
        assert_eq!(server.messages().pop().unwrap(), message, "{line:?}");
    }
    let sent = server.messages().len();
    let outcome = host.run(&["--token", TOKEN]);
    outcome.expect(3, "PUSHOVER UNKNOWN - unknown option --token; did you mean --token-file?");
    assert!(!outcome.stdout.contains(TOKEN));
    assert_eq!(server.messages().len(), sent, "a secret is no text");
}

#[test]
fn a_state_in_the_output_is_a_problem_and_a_list_of_devices_has_no_blanks() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let output = "--output=AXIGEN QUEUE CRITICAL - 600 messages";
    for (options, field, value) in [
        (&[output][..], "priority", "1"),
        (&[output, "--emergency=CRITICAL"], "priority", "2"),
        (&["--output=AXIGEN QUEUE OK - 6 messages", "--emergency=CRITICAL"], "priority", ""),
        (&["--output=6 messages", "--service-state=CRITICAL"], "priority", "1"),
        (&["--message=x", "--device", "iMac, iPhone11Pro ,"], "device", "iMac,iPhone11Pro"),
    ] {
        host.run(options).expect(0, "PUSHOVER OK - sent");
        assert_eq!(server.requests().pop().unwrap().field(field), value, "{options:?}");
    }
}

#[test]
fn a_state_in_the_configuration_that_is_none_is_named_unless_it_may_be_a_secret() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for (emergency, shown) in [("CRITICAL,CRASH", "'CRASH'"), (TOKEN, "'...'")] {
        host.configure(&format!(
            "token = '{TOKEN}'\nemergency = '{emergency}'\n[users]\nalice = '{ALICE}'\n"
        ));
        let event = ["--type=PROBLEM", "-Hh", "--host-state=DOWN", "--output=x"];
        let outcome = host.run(&event);
        let line = format!("PUSHOVER OK - sent; emergency {shown} in the configuration ignored");
        outcome.expect(0, &line);
    }
}
