//! The units of the package under a systemd that runs: a socket, a credential, timers, and what the sandboxes leave.

mod canary;
mod flush;

use crate::support::booted::{Booted, Processes, skipped_without_nspawn};

const SERVICES: [&str; 3] = [
    "smtp-canary@1.service",
    "notify-pushover-flush.service",
    "notify-pushover-channel-flush.service",
];
const ENABLED_BY_THE_ADMINISTRATOR: [&str; 3] =
    ["smtp-canary.socket", "notify-pushover-flush.timer", "notify-pushover-channel-flush.timer"];

#[test]
#[ignore = "lab: a Debian boots, and a timer takes a minute"]
fn the_units_work_under_the_systemd_of_debian_12() {
    the_units_work("the_units_work_under_the_systemd_of_debian_12", "bookworm");
}

#[test]
#[ignore = "lab: a Debian boots, and a timer takes a minute"]
fn the_units_work_under_the_systemd_of_debian_13() {
    the_units_work("the_units_work_under_the_systemd_of_debian_13", "trixie");
}

fn the_units_work(test: &str, suite: &str) {
    if skipped_without_nspawn(test) {
        return;
    }
    let debian = Booted::new(suite);
    for unit in ENABLED_BY_THE_ADMINISTRATOR {
        let output = debian.run(&["systemctl", "is-enabled", unit]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "disabled\n", "{unit}");
    }
    let alerts = flush::Alerts::left_waiting(&debian);
    alerts.enable_the_timers();
    canary::a_mail_that_waits_is_proven(&debian);
    canary::a_certificate_is_handed_over(&debian);
    canary::another_port_is_listened_on(&debian);
    alerts.have_arrived();
    canary::the_journal_tells_it(&debian);
    nothing_is_wrong(&debian);
    let version = debian.must(&["systemctl", "--version"]);
    eprintln!("soak: units of the package under {}", version.lines().next().unwrap_or_default());
}

/// As the systemd that runs the units sees it.
fn nothing_is_wrong(debian: &Booted) {
    for service in SERVICES {
        let said =
            debian.must(&["systemd-analyze", "security", "--threshold=20", "--no-pager", service]);
        assert!(said.contains("Overall exposure level"), "{said}");
    }
    debian.must(&[
        "systemd-analyze",
        "verify",
        "--man=no",
        "smtp-canary.socket",
        SERVICES[1],
        SERVICES[2],
    ]);
    let failed = debian.must(&["systemctl", "--failed", "--plain", "--no-legend"]);
    assert_eq!(failed, "");
    // A unit of a connection that failed is gone; what was said of it is not.
    let journal = debian.journal(&["--priority=warning", "--output=short"]);
    let ours = ["smtp-canary", "smtp_canary", "pushover", "monitoring-plugins"];
    let is_ours = |line: &&str| ours.iter().any(|word| line.contains(word));
    // So it is between the edit and the restart.
    let is_known =
        |line: &&str| line.ends_with("The socket unit is not functional until restarted.");
    let wrong: Vec<&str> = journal.lines().filter(is_ours).filter(|line| !is_known(line)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the processes of a unit may still do; empty where none runs, or all is as it should be.
fn open_doors(processes: Processes, unit: &str) -> Vec<String> {
    let processes = processes.of(unit);
    let mut open: Vec<String> =
        if processes.is_empty() { vec![format!("{unit}: no process")] } else { Vec::new() };
    for process in processes {
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        for line in [
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
            "CapEff:\t0000000000000000",
            "CapBnd:\t0000000000000000",
        ] {
            if !status.lines().any(|seen| seen == line) {
                open.push(format!("{unit}: not {line}"));
            }
        }
        if status.lines().any(|line| line.starts_with("Uid:\t0\t")) {
            open.push(format!("{unit}: root"));
        }
        let mounts = std::fs::read_to_string(process.join("mountinfo")).unwrap_or_default();
        if !mounts.lines().any(|line| line.contains(" / ro,")) {
            open.push(format!("{unit}: it may write to the system"));
        }
    }
    open
}
