//! The installed package under the real cores: Icinga 2, Nagios 4 and NRPE of Debian, in a tree of their own, on the
//! loopback. After `make packages`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::bell::{ring, wait_for};
use crate::support::daemon::free_ports;
use crate::support::daemons::{Core, Icinga, Nagios};
use crate::support::machine::{EXAMPLES, Machine, QUEUE};
use crate::support::pushover::{ALICE, TOKEN};
use crate::support::{chmod, skipped_without_root};

/// Services that wait for a mailbox, a partner, a domain or a login to be named.
const WAITING: [&str; 5] =
    ["smtp-forced-tls", "smtp-canary", "smtp-malware", "mail-domain", "smtp-submission"];

#[test]
#[ignore = "lab: Icinga 2 and Nagios 4"]
fn shipped_configuration_loads_and_a_broken_one_does_not() {
    if skipped_without_root("shipped configuration loads and a broken one does not") {
        return;
    }
    let machine = Machine::new();
    let icinga_commands =
        "usr/share/icinga2/include/plugins-contrib.d/monitoring-plugins-axigen.conf";
    let nagios_commands = "etc/nagios-plugins/config/monitoring-plugins-axigen.cfg";
    let icinga = || machine.run(&["icinga2", "daemon", "-C"]);
    let nagios = || machine.run(&["nagios4", "-v", "/etc/nagios4/nagios.cfg"]);
    let loads =
        |output: Output| (output.status.success(), String::from_utf8(output.stdout).unwrap());

    // Commands alone, as installed; then with the examples.
    let (good, said) = loads(icinga());
    assert!(good, "{said}");
    let (good, said) = loads(nagios());
    assert!(good && said.contains("Total Warnings: 0"), "{said}");
    machine.adapt(
        &format!("{EXAMPLES}/icinga2/axigen.conf"),
        "etc/icinga2/conf.d/axigen.conf",
        &[],
    );
    machine.adapt(&format!("{EXAMPLES}/nagios/axigen.cfg"), "etc/nagios4/conf.d/axigen.cfg", &[]);
    let (good, said) = loads(icinga());
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("warning/")).collect();
    let waits = |line: &&str| {
        WAITING.iter().any(|rule| line.contains(&format!("'{rule}'")))
            && line.contains("does not match anywhere")
    };
    assert!(good && warnings.len() == WAITING.len() && warnings.iter().all(waits), "{said}");
    let (good, said) = loads(nagios());
    assert!(good && said.contains("Total Warnings: 0"), "{said}");
    let listed =
        machine.run(&["icinga2", "object", "list", "--type", "CheckCommand", "--name", "axigen_*"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    for check in [
        "axigen_queue",
        "axigen_smtp_tls",
        "axigen_smtp_forced_tls",
        "axigen_smtp_malware",
        "axigen_smtp_accept",
        "axigen_pushover",
    ] {
        assert!(listed.contains(&format!("Object '{check}'")), "{listed}");
    }

    let original = machine.read(icinga_commands);
    for (word, other) in [
        ("arguments = {", "argumnets = {{"),
        ("object CheckCommand \"axigen_queue\"", "object CheckCommand \"smtp\""),
    ] {
        machine.write(icinga_commands, &original.replacen(word, other, 1));
        let (good, said) = loads(icinga());
        assert!(!good, "{other} was taken: {said}");
    }
    machine.write(icinga_commands, &original);
    let original = machine.read(nagios_commands);
    for (word, other) in [("command_line", "comand_line"), ("axigen_queue\n", "axigen_queues\n")] {
        machine.write(nagios_commands, &original.replacen(word, other, 1));
        let (good, said) = loads(nagios());
        assert!(!good, "{other} was taken: {said}");
    }
}

/// Icinga with the example, a hostile name of the host, and a server that collects its metrics.
fn icinga(machine: &Machine, smtp: u16, graphite: u16) -> Icinga<'_> {
    machine.adapt(
        &format!("{EXAMPLES}/icinga2/axigen.conf"),
        "etc/icinga2/conf.d/axigen.conf",
        &[(
            "  address = \"127.0.0.1\"\n",
            &format!(
                "  address = \"127.0.0.1\"\n  display_name = {}\n  vars.axigen_smtp_accept_port = {smtp}\n",
                json!(hostile("alias"))
            ),
        )],
    );
    machine.write(
        "etc/icinga2/conf.d/graphite.conf",
        &format!(
            "object GraphiteWriter \"graphite\" {{\n  host = \"127.0.0.1\"\n  port = {graphite}\n  enable_send_thresholds = true\n}}\n"
        ),
    );
    Icinga::start(machine)
}

#[test]
#[ignore = "lab: Icinga 2"]
fn icinga_rings_once_for_a_filling_queue_and_is_silent_on_recovery() {
    if skipped_without_root("Icinga 2") {
        return;
    }
    let machine = Machine::new();
    let (graphite, metrics) = collector();
    let smtp = free_ports(1)[0];
    let icinga = icinga(&machine, smtp, graphite);

    machine.queue(7);
    let seen = icinga.check_until("axigen-queue", 0);
    assert!(seen.contains("AXIGEN QUEUE OK - 7 messages"), "{seen}");
    for metric in ["value 7", "warn 100", "crit 500"] {
        let wanted = format!(".axigen-queue.axigen_queue.perfdata.messages.{metric} ");
        wait_for(&wanted, || {
            // What was found before the collector was connected is not told.
            icinga.check_until("axigen-queue", 0);
            let lines = metrics.lock().unwrap();
            let found = lines.iter().any(|line| line.contains(&wanted));
            found.then_some(())
        });
    }
    a_filling_queue_rings_once(&machine, &icinga);
    what_is_written_reaches_no_shell(&machine, &icinga);
    output_longer_than_a_command_line_reaches_the_phone(&machine, &icinga);
    an_emergency_ends_with_the_recovery(&machine, &icinga, smtp);
    a_host_that_is_down_rings(&machine, &icinga);

    // The way itself is told by mail and not by itself.
    let told = icinga
        .get("/v1/objects/notifications?filter=notification.service_name==%22axigen-pushover%22");
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told[0]["name"], json!("lab!axigen-pushover!mail-icingaadmin"));
    let log = machine.read("var/log/icinga2/icinga2.log") + &machine.read("tmp/icinga2.log");
    assert!(!log.contains(TOKEN) && !log.contains(ALICE));
}

#[test]
#[ignore = "lab: Nagios 4"]
fn nagios_rings_once_for_a_filling_queue_and_is_silent_on_recovery() {
    if skipped_without_root("Nagios 4") {
        return;
    }
    let machine = Machine::new();
    let smtp = free_ports(1)[0];
    let host = "    host_name               mail01\n    use                     linux-server\n";
    let alias = hostile("alias");
    machine.adapt(
        &format!("{EXAMPLES}/nagios/axigen.cfg"),
        "etc/nagios4/conf.d/axigen.cfg",
        &[
            (
                host,
                &format!("{host}    alias {alias}\n    display_name {alias}\n    _NOTE {alias}\n"),
            ),
            ("axigen_smtp_accept!mail01.example.org!postmaster@example.org", "axigen_lab_smtp"),
        ],
    );
    // The stock command takes no port.
    let line =
        format!("$USER1$/check_smtp_accept -H '$HOSTADDRESS$' -p {smtp} --recipient a@b.test");
    machine.write(
        "etc/nagios4/conf.d/lab.cfg",
        &format!(
            "define command {{\n    command_name axigen_lab_smtp\n    command_line {line}\n}}\n"
        ),
    );
    machine.queue(7);
    let nagios = Nagios::start(&machine);
    let seen = nagios.check_until("axigen-queue", 0);
    assert!(seen.contains("plugin_output=AXIGEN QUEUE OK - 7 messages"), "{seen}");
    assert!(seen.contains("performance_data=messages=7;100;500;0 "), "{seen}");
    a_filling_queue_rings_once(&machine, &nagios);
    what_is_written_reaches_no_shell(&machine, &nagios);
    an_emergency_ends_with_the_recovery(&machine, &nagios, smtp);
    a_host_that_is_down_rings(&machine, &nagios);
    let log = machine.read("var/log/nagios4/nagios.log") + &machine.read("tmp/nagios.log");
    assert!(!log.contains(TOKEN) && !log.contains(ALICE));
}

/// OK, CRITICAL, OK, WARNING, OK: one message for each change, none for a state that lasts.
fn a_filling_queue_rings_once(machine: &Machine, core: &impl Core) {
    for (count, (messages, state, title, text, priority)) in (1..).zip([
        (600, 2, "CRITICAL", "600 messages (critical 500)", "1"),
        (0, 0, "OK", "0 messages", ""),
        (150, 1, "WARNING", "150 messages (warning 100)", "-1"),
        (3, 0, "OK", "3 messages", ""),
    ]) {
        machine.queue(messages);
        core.check_until("axigen-queue", state);
        let message = machine.wait_for_phone("axigen-queue", count);
        assert!(message.field("title").contains(title), "{message:?}");
        assert!(message.field("message").starts_with(text), "{message:?}");
        assert!(!message.field("message").contains('='), "{message:?}");
        assert_eq!(message.field("user"), ALICE, "{message:?}");
        let seen = message.field("priority");
        let is_calm = state == 0 && ["", "-1"].contains(&seen);
        assert!(seen == priority || is_calm, "{message:?}");
        // The same state once more is no news: the next round would count it.
        core.check_until("axigen-queue", state);
    }
}

/// Alias, comment, author and output of an acknowledged problem, whole on the phone.
fn what_is_written_reaches_no_shell(machine: &Machine, core: &impl Core) {
    let before = machine.phone("axigen-queue").len();
    for _ in 0..3 {
        core.submit("axigen-queue", &hostile("output"));
    }
    let message = machine.wait_for_phone("axigen-queue", before + 1);
    let text = message.field("message");
    assert!(text.contains("&& touch /tmp/touched-output"), "{message:?}");
    assert!(message.field("title").contains(&hostile("alias")), "{message:?}");
    core.acknowledge("axigen-queue", &hostile("author"), &hostile("comment"));
    let message = machine.wait_for_phone("axigen-queue", before + 2);
    let wanted = format!("{}: {}", hostile("author"), hostile("comment"));
    assert!(message.field("title").contains("ACK"), "{message:?}");
    assert!(message.field("message").contains(&wanted), "{message:?}");

    // Whoever runs these commands has run them by the time the message is there; the next check comes after that.
    machine.queue(0);
    core.check_until("axigen-queue", 0);
    machine.wait_for_phone("axigen-queue", before + 3);
    machine.nothing_was_touched();
}

/// Cut to what the phone can show; whole, no command with it would run.
fn output_longer_than_a_command_line_reaches_the_phone(machine: &Machine, core: &impl Core) {
    let before = machine.phone("axigen-queue").len();
    let output = format!("AXIGEN QUEUE CRITICAL - long{}", " output".repeat(30_000));
    for _ in 0..3 {
        core.submit("axigen-queue", &output);
    }
    let message = machine.wait_for_phone("axigen-queue", before + 1);
    assert!(message.field("message").starts_with("long output output"), "{message:?}");
    machine.queue(0);
    core.check_until("axigen-queue", 0);
    machine.wait_for_phone("axigen-queue", before + 2);
}

/// A dead mail server rings until it is well, and then what rings is stopped before the news is told.
fn an_emergency_ends_with_the_recovery(machine: &Machine, core: &impl Core, smtp: u16) {
    core.check_until("smtp", 2);
    let find = |what: &str, name: &str, value: &str| {
        wait_for(what, || {
            let seen = machine.phone("smtp").into_iter();
            let mut found = seen.filter(|request| request.field(name).contains(value));
            found.next()
        })
    };
    let ringing = find("an emergency", "priority", "2");
    mail_server(smtp);
    core.check_until("smtp", 0);
    find("the recovery", "title", "OK");
    let seen = machine.phone("smtp");
    let order: Vec<&str> = seen.iter().map(|request| request.path.as_str()).collect();
    let cancel = format!("/1/receipts/cancel_by_tag/{}.json", ringing.field("tags"));
    assert_eq!(order, ["/1/messages.json", &cancel, "/1/messages.json"], "{seen:?}");
}

/// The host's own notification command, with its own macros.
fn a_host_that_is_down_rings(machine: &Machine, core: &impl Core) {
    for _ in 0..3 {
        core.submit_host(1, &hostile("host"));
    }
    let message = wait_for("a host that is down", || {
        let seen = machine.pushover.requests().into_iter();
        let mut down = seen.filter(|request| request.field("title").contains("DOWN"));
        down.next()
    });
    assert!(message.field("title").ends_with(&hostile("alias")), "{message:?}");
    assert!(message.field("message").contains("&& touch /tmp/touched-host"), "{message:?}");
    assert_eq!(message.field("priority"), "1", "{message:?}");
    core.submit_host(0, "PING OK - there again");
    wait_for("the host's recovery", || {
        let seen = machine.pushover.requests().into_iter();
        let mut up = seen.filter(|request| request.field("title").contains("UP "));
        up.next()
    });
    machine.nothing_was_touched();
}

#[test]
#[ignore = "lab: NRPE"]
fn the_queue_is_checked_through_nrpe() {
    if skipped_without_root("the queue is checked through nrpe") {
        return;
    }
    let machine = Machine::new();
    let port = free_ports(1)[0];
    machine.adapt(
        "etc/nagios/nrpe.cfg",
        "etc/nagios/nrpe.cfg",
        // Its log says when it listens.
        &[(
            "\nserver_port=5666\n",
            &format!("\nserver_port={port}\nlog_file=/tmp/nrpe-listens.log\n"),
        )],
    );
    machine.adapt(&format!("{EXAMPLES}/nrpe/axigen.cfg"), "etc/nagios/nrpe.d/axigen.cfg", &[]);
    machine.must(&["install", "-d", "-o", "nagios", "/run/nagios"]);
    let _nrpe = machine.start(&["nrpe", "-c", "/etc/nagios/nrpe.cfg", "-f"], "tmp/nrpe.log");
    wait_for("NRPE", || TcpStream::connect(("127.0.0.1", port)).ok());
    for (messages, code, start) in [
        (7, 0, "AXIGEN QUEUE OK - 7 messages"),
        (600, 2, "AXIGEN QUEUE CRITICAL - 600 messages"),
        (0, 0, "AXIGEN QUEUE OK - 0 messages"),
    ] {
        machine.queue(messages);
        let port = port.to_string();
        let check = [
            "/usr/lib/nagios/plugins/check_nrpe",
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "-c",
            "check_axigen_queue",
        ];
        let output = machine.run(&check);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with(start), "{said}");
        assert!(said.contains(&format!("| messages={messages};100;500;0 ")), "{said}");
        assert_eq!(output.status.code(), Some(code));
    }
    chmod(&machine.path(QUEUE).join("00"), 0o700);
    let port = port.to_string();
    let output = machine.run(&[
        "/usr/lib/nagios/plugins/check_nrpe",
        "-H",
        "127.0.0.1",
        "-p",
        &port,
        "-c",
        "check_axigen_queue",
    ]);
    assert_eq!(output.status.code(), Some(3));
}

/// The queue stands on the agent's machine, and only there. Both ends are set up as Icinga's own documentation says.
#[test]
#[ignore = "lab: Icinga 2 with an agent"]
fn an_agent_reads_the_queue_of_its_own_machine() {
    if skipped_without_root("Icinga 2 with an agent") {
        return;
    }
    let (machine, agent) = (Machine::new(), Machine::new());
    let port = free_ports(1)[0];
    let zones = machine.read(&format!("{EXAMPLES}/icinga2/zones.conf"));
    let host = "host = \"mail01.example.org\"";
    assert!(zones.contains(host), "{zones}");
    let zones = zones.replace(host, &format!("host = \"127.0.0.1\"\n  port = {port}"));
    fs::create_dir_all(machine.path("etc/icinga2/zones.d/master")).unwrap();
    machine.adapt(
        &format!("{EXAMPLES}/icinga2/axigen.conf"),
        "etc/icinga2/zones.d/master/axigen.conf",
        &[("// vars.agent_endpoint", "vars.agent_endpoint")],
    );
    let icinga = Icinga::start_master(&machine, &zones);
    let _agent = icinga.agent(&agent, "mail01", port);

    agent.queue(501);
    let seen = icinga.check_until("axigen-queue", 2);
    assert!(seen.contains("AXIGEN QUEUE CRITICAL - 501 messages"), "{seen}");
    assert!(seen.contains("\"check_source\":\"mail01\""), "{seen}");
    agent.queue(7);
    let seen = icinga.check_until("axigen-queue", 0);
    assert!(seen.contains("AXIGEN QUEUE OK - 7 messages"), "{seen}");
}

/// A text that touches FILE where a shell reads it.
fn hostile(file: &str) -> String {
    format!(
        "it's \"x\" ' && touch /tmp/touched-{file} && $(touch /tmp/touched-{file}) `touch /tmp/touched-{file}` & touch /tmp/touched-{file} #"
    )
}

/// Says 220 to whoever comes, as a mail server does.
fn mail_server(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || greet(&stream.unwrap()));
        }
    });
}

fn greet(stream: &TcpStream) {
    let mut out = stream;
    let _ = write!(out, "220 mail01.example ESMTP\r\n");
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let quit = line.to_ascii_uppercase().starts_with("QUIT");
        let _ = write!(out, "{} mail01.example\r\n", if quit { 221 } else { 250 });
        if quit {
            return;
        }
    }
}

/// Collects the lines of whoever connects.
fn collector() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let seen = seen.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream.unwrap()).lines().map_while(Result::ok) {
                    seen.lock().unwrap().push(line);
                    ring();
                }
            });
        }
    });
    (port, lines)
}
