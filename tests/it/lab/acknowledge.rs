//! What is acknowledged on the phone, in the real cores: that problem, and no other one.

use serde_json::json;

use crate::support::bell::wait_for;
use crate::support::daemons::{Core, Icinga, Nagios};
use crate::support::http_server::Request;
use crate::support::machine::{EXAMPLES, Machine};
use crate::support::{chmod, skipped_without_root};

const NOTIFY: &str = "/usr/lib/nagios/plugins/notify_pushover";
const CONFIG: &str = "etc/monitoring-plugins-axigen/pushover.toml";

/// Has the configuration name a core.
fn configure(machine: &Machine, core: &str) {
    machine.adapt(CONFIG, CONFIG, &[("[users]", &format!("[acknowledge]\n{core}\n[users]"))]);
}

/// A run of `poll`, as the timer's account.
fn poll(machine: &Machine) -> String {
    let output = machine.run(&["runuser", "-u", "nagios", "--", NOTIFY, "poll"]);
    String::from_utf8(output.stdout).unwrap()
}

/// The emergencies that the phone has rung for.
fn emergencies(machine: &Machine) -> Vec<Request> {
    let seen = machine.pushover.requests().into_iter();
    seen.filter(|request| request.field("priority") == "2").collect()
}

fn wait_for_emergency(machine: &Machine, count: usize) {
    wait_for(&format!("emergency {count}"), || (emergencies(machine).len() >= count).then_some(()));
}

fn reminders(machine: &Machine, service: &str) -> usize {
    let title = format!(": {service}");
    let seen = machine.pushover.requests().into_iter();
    let is_reminder = |request: &Request| {
        let title_seen = request.field("title");
        title_seen.ends_with(&title)
            && title_seen.contains("CRITICAL")
            && !title_seen.contains("ACK")
    };
    seen.filter(is_reminder).count()
}

#[test]
#[ignore = "lab: Icinga 2"]
fn icinga_learns_who_has_acknowledged_on_the_phone() {
    if skipped_without_root("Icinga 2") {
        return;
    }
    let machine = Machine::new();
    let example = format!("{EXAMPLES}/icinga2/axigen.conf");
    let to = "etc/icinga2/conf.d/axigen.conf";
    // A reminder with every look of Icinga's, every five seconds.
    machine.adapt(&example, to, &[("  interval = 0\n", "  interval = 1s\n")]);
    machine.write(
        "etc/icinga2/conf.d/phone.conf",
        "object ApiUser \"phone\" {\n  password = \"sesame\"\n  permissions = [ \"actions/acknowledge-problem\" ]\n}\n",
    );
    machine.write("etc/hosts", "127.0.0.1 localhost lab\n");
    let password = "etc/monitoring-plugins-axigen/icinga-password";
    machine.write(password, "sesame\n");
    chmod(&machine.path(password), 0o640);
    machine.must(&["chgrp", "nagios", &format!("/{password}")]);
    let icinga = Icinga::start(&machine);
    configure(
        &machine,
        &format!(
            "url = '{}'\nca-file = '/var/lib/icinga2/certs/ca.crt'\nuser = 'phone'\npassword-file = '/{password}'",
            icinga.url()
        ),
    );

    // Nothing listens there.
    icinga.check_until("smtp", 2);
    wait_for_emergency(&machine, 1);
    wait_for("a reminder", || (reminders(&machine, "smtp") >= 2).then_some(()));
    machine.acknowledge_on_the_phone(0);
    let said = poll(&machine);
    assert!(
        said.starts_with("PUSHOVER OK - ") && said.contains("smtp acknowledged by duty"),
        "{said}"
    );
    let seen = icinga.service("smtp");
    assert_eq!(seen["acknowledgement"].as_f64(), Some(1.0), "{seen}");
    let comments = icinga.get("/v1/objects/comments")[0]["attrs"].clone();
    assert_eq!(comments["author"], json!("duty by Pushover"), "{comments}");
    // All others are told.
    wait_for("that it is taken up", || {
        let seen = machine.phone("smtp").into_iter();
        let mut told = seen.filter(|request| request.field("title").contains("ACK"));
        told.next()
    });

    // Another service is reminded of, this one is not.
    let before = reminders(&machine, "smtp");
    machine.queue(600);
    icinga.check_until("axigen-queue", 2);
    wait_for("reminders", || (reminders(&machine, "axigen-queue") >= 3).then_some(()));
    assert_eq!(reminders(&machine, "smtp"), before);
    another_problem_is_not_acknowledged(&machine, &icinga);
}

/// It rang, was well, and fails again: whoever acknowledges the first has not seen the second.
fn another_problem_is_not_acknowledged(machine: &Machine, icinga: &Icinga<'_>) {
    let well = || {
        icinga.submit_state("smtp", 0, "fine");
        icinga.submit_state("smtp", 2, "bad");
        icinga.submit_state("smtp", 2, "bad");
        icinga.submit_state("smtp", 2, "bad");
    };
    let first = emergencies(machine).len();
    well();
    wait_for_emergency(machine, first + 1);
    let rang: u64 = emergencies(machine)[first].field("timestamp").parse().unwrap();
    wait_for("another problem", || {
        well();
        let changed = icinga.service("smtp")["last_hard_state_change"].as_f64().unwrap();
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        (changed >= (rang + 1) as f64).then_some(())
    });
    machine.acknowledge_on_the_phone(first);
    let said = poll(machine);
    assert!(said.contains("in the core that problem is over or already acknowledged"), "{said}");
    let seen = icinga.service("smtp");
    assert_eq!(seen["acknowledgement"].as_f64(), Some(0.0), "{seen}");
}

#[test]
#[ignore = "lab: Nagios 4"]
fn nagios_learns_who_has_acknowledged_on_the_phone() {
    if skipped_without_root("Nagios 4") {
        return;
    }
    let machine = Machine::new();
    let example = format!("{EXAMPLES}/nagios/axigen.cfg");
    machine.adapt(&example, "etc/nagios4/conf.d/axigen.cfg", &[]);
    // Nothing listens there.
    machine.write("etc/hosts", "127.0.0.1 localhost mail01.example.org\n");
    let nagios = Nagios::start(&machine);
    configure(&machine, "command-file = '/var/lib/nagios4/rw/nagios.cmd'");
    nagios.check_until("smtp", 2);
    wait_for_emergency(&machine, 1);
    machine.acknowledge_on_the_phone(0);
    // Until Nagios has written down how things stand.
    let said = wait_for("the acknowledgement", || {
        let said = poll(&machine);
        said.starts_with("PUSHOVER OK - ").then_some(said)
    });
    assert!(said.contains("smtp acknowledged by duty"), "{said}");
    wait_for("Nagios' own word for it", || {
        let seen = nagios.service("smtp")?;
        seen.contains("\tproblem_has_been_acknowledged=1\n").then_some(())
    });
    let comments = machine.read("var/lib/nagios4/status.dat");
    assert!(comments.contains("\tauthor=duty by Pushover\n"), "{comments}");
    assert!(
        machine
            .read("var/log/nagios4/nagios.log")
            .contains("ACKNOWLEDGE_SVC_PROBLEM;mail01;smtp;1;1;0;duty by Pushover;")
    );
}
