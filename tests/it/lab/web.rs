//! What Icinga DB Web makes of the shipped services in every state: its pages, and the limits that are left for its tables
//! and graphs.
//!
//! Measured on two cores: 30 s with the tree at hand, 84 s beside other builds; beside these it took another 230 s to lay it
//! out the first time.

mod outputs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Outcome, open_tempdir, skipped_without_root};

const PACKAGES: [&str; 13] = [
    "curl",
    "icinga2",
    "icingadb",
    "icingadb-web",
    "icingaweb2",
    "iproute2",
    "mariadb-server",
    "monitoring-plugins-basic",
    "php-cli",
    "php-curl",
    "php-intl",
    "php-mysql",
    "redis-server",
];

/// Every service of the example on the hosts of the lab, with its program as [`outputs`] has it.
const SERVICES: [(&str, &str); 14] = [
    ("mail01!axigen-queue", "check_axigen_queue"),
    ("mail01!axigen-version", "check_axigen_version"),
    ("mail01!smtp", "check_smtp_accept"),
    ("mail01!smtp-forced-tls", "check_smtp_forced_tls"),
    ("mail01!smtp-submission", "check_smtp_accept"),
    ("mail01!smtp-malware", "check_smtp_malware"),
    ("mail01!smtp-tls", "check_smtp_tls"),
    ("mail01!smtp-tls-quick", "check_smtp_tls--quick"),
    ("mail01!smtp-tls-587", "check_smtp_tls--quick"),
    ("mail01!smtp-tls-465", "check_smtp_tls--quick"),
    // Where Icinga runs, and where there is no queue.
    ("lab!axigen-pushover", "check_pushover"),
    ("relay01!smtp", "check_smtp_accept"),
    ("relay01!smtp-tls", "check_smtp_tls"),
    ("relay01!smtp-tls-quick", "check_smtp_tls--quick"),
];

/// The host where Icinga runs, and one without a queue.
const HOSTS: &str = r#"
object Host NodeName {
  import "generic-host"
  address = "127.0.0.1"
}
object Host "relay01" {
  import "generic-host"
  address = "127.0.0.1"
  vars.smtp_recipient = "postmaster@example.org"
}
"#;

#[test]
#[ignore = "lab: Icinga DB Web"]
fn icinga_db_web_shows_every_service_in_every_state_and_keeps_its_limits() {
    if skipped_without_root("Icinga DB Web") {
        return;
    }
    let said = outputs::said();
    let tests = repository().join("tests/lab");
    let tree = open_tempdir();
    let laid = Command::new(tests.join("root.sh")).arg(tree.path()).args(PACKAGES).status();
    assert!(laid.unwrap().success());
    let lab = tree.path().join("lab");
    for (name, outcome) in &said {
        let outputs = lab.join(format!("outputs/{}", outcome.code));
        fs::create_dir_all(&outputs).unwrap();
        fs::write(outputs.join(name), &outcome.stdout).unwrap();
    }
    fs::write(lab.join("example.conf"), example()).unwrap();
    fs::write(lab.join("others.conf"), HOSTS).unwrap();
    let commands = repository().join("packaging/icinga2/monitoring-plugins-axigen.conf");
    fs::copy(commands, lab.join("commands.conf")).unwrap();
    for script in ["web.sh", "icinga-web.sh"] {
        fs::copy(tests.join(script), lab.join(script)).unwrap();
    }
    let ran = Command::new("unshare")
        .arg("--net")
        .arg(tests.join("inside.sh"))
        .arg(tree.path())
        .arg("/lab/web.sh")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");

    for code in 0..4 {
        let pages = fs::read_dir(lab.join(format!("perfdata/{code}"))).unwrap();
        let shown: BTreeSet<String> =
            pages.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(shown, SERVICES.map(|(service, _)| service.to_owned()).into(), "{code}");
        for (service, name) in SERVICES {
            let (_, outcome) = said.iter().find(|(n, o)| *n == name && o.code == code).unwrap();
            shows(&lab, &format!("{code}/{service}"), outcome);
            shows(&lab, &format!("{code}/list"), outcome);
            shows(&lab, "history", outcome);
            if code > 0 && service.starts_with("mail01!") {
                shows(&lab, "notifications", outcome);
            }
            let kept = fs::read_to_string(lab.join(format!("perfdata/{code}/{service}"))).unwrap();
            for (label, item) in outcome.perfdata() {
                limits_are_kept(service, label, item, &kept);
            }
        }
    }
    for line in fs::read_to_string(lab.join("lines")).unwrap().lines() {
        let mut words = line.split('\u{1f}').peekable();
        let mut programs = suite::commands().into_iter();
        let program = programs.find(|command| Some(&command.get_name()) == words.peek());
        let program = program.unwrap_or_else(|| panic!("no program: {line}"));
        program.try_get_matches_from(words).unwrap();
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped example with all that it asks for: what is behind slashes is set, and the first result counts.
fn example() -> String {
    let path = repository().join("packaging/examples/icinga2/axigen.conf");
    let text = fs::read_to_string(path).unwrap();
    let on_the_host = text.lines().filter_map(|line| line.strip_prefix("//   vars."));
    let vars: Vec<String> = on_the_host.map(|line| format!("  vars.{line}\n")).collect();
    assert!(!vars.is_empty(), "no variables for smtp-malware");
    let first = "  vars.axigen_queue_dir";
    text.replacen(first, &(vars.concat() + first), 1)
        .replace("  // vars.forced_tls", "  vars.forced_tls")
        .replace("  // vars.smtp_submission_login", "  vars.smtp_submission_login")
        .replace("max_check_attempts = 3", "max_check_attempts = 1")
        .replace("max_check_attempts = 2", "max_check_attempts = 1")
}

/// A page is there, with the first line of an output.
#[track_caller]
fn shows(lab: &Path, page: &str, outcome: &Outcome) {
    let read = |end: &str| {
        let path: PathBuf = lab.join(format!("pages/{page}.{end}"));
        fs::read_to_string(path).unwrap()
    };
    let text = read("html");
    assert_eq!(read("code"), "200", "{page}: {text}");
    let line = outcome.first_line();
    let (line, _) = line.split_once(" | ").unwrap_or((line, ""));
    assert!(text.contains(&html(line)), "{page}: {line} is not in {text}");
}

/// Text as the pages escape it.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A limit that is a bare number stands in what is left for tables, pies and graphs.
#[track_caller]
fn limits_are_kept(name: &str, label: &str, item: &str, kept: &str) {
    let normalized =
        kept.split_whitespace().find_map(|item| item.strip_prefix(&format!("{label}=")));
    let normalized: Vec<&str> = normalized.unwrap_or_default().split(';').collect();
    for (place, limit) in item.split(';').enumerate().skip(1).take(2) {
        let Ok(limit) = limit.parse::<f64>() else { continue };
        let left = normalized.get(place).and_then(|limit| limit.parse::<f64>().ok());
        assert_eq!(left, Some(limit), "{name}: {label}={item} in {kept}");
    }
}
