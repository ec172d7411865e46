//! The sample configuration and the shipped units say what the programs do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::http_server::HttpServer;
use crate::support::pushover::Host;
use crate::support::queue::QueueTree;
use crate::support::{Outcome, program};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_value_of_the_sample_is_commented_out_and_known() {
    let sample = fs::read_to_string(file("packaging/config/pushover.toml")).unwrap();
    assert!(sample.lines().all(|line| line.is_empty() || line.starts_with('#')));
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    // A comment has a blank behind its sign, a value has none.
    let values: Vec<&str> = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|rest| !rest.starts_with(' '))
        .collect();
    let usable: Vec<&str> = values
        .iter()
        .copied()
        .filter(|line| !line.starts_with("token-file") && !line.starts_with("proxy"))
        .collect();
    host.configure(&usable.join("\n"));
    host.send("x").expect(0, "PUSHOVER OK - sent");
    host.configure(&values.join("\n"));
    let outcome = host.run(&["--message=x", "--timeout=2", "--connect-timeout=1"]);
    assert!(!outcome.stdout.contains("line "), "{}", outcome.stdout);
}

#[test]
fn every_key_of_the_sample_is_in_the_manual_and_the_reverse() {
    let sample = fs::read_to_string(file("packaging/config/pushover.toml")).unwrap();
    let page = fs::read_to_string(file("man/pushover.toml.5")).unwrap().replace("\\-", "-");
    let keys_in_page: Vec<&str> =
        page.split(".TP\n.B ").skip(1).map(|rest| rest.lines().next().unwrap()).collect();
    let mut keys: Vec<&str> = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once(" ="))
        .map(|(key, _)| key)
        .filter(|key| !key.contains(' '))
        .collect();
    keys.retain(|key| !["alice", "oncall"].contains(key));
    keys.push("[users]");
    assert_eq!(keys, keys_in_page);
}

/// The sample of the channel is another one, with a spool of its own, and says nothing that the other does not explain.
#[test]
fn the_sample_of_the_channel_names_its_spool_and_known_keys() {
    let sample = fs::read_to_string(file("packaging/config/channel/pushover.toml")).unwrap();
    let whole = fs::read_to_string(file("packaging/config/pushover.toml")).unwrap();
    let set: Vec<&str> =
        sample.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(set, ["spool-dir = \"/var/spool/monitoring-plugins-axigen-channel\""]);
    let keys = sample.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" ="));
    for (key, _) in keys.filter(|(key, _)| !key.contains(' ')) {
        assert!(whole.contains(&format!("\n#{key} =")), "{key}");
    }
}

#[test]
fn the_units_run_command_lines_that_exist() {
    for (name, spool) in [
        ("notify-pushover-flush", "/var/spool/monitoring-plugins-axigen"),
        ("notify-pushover-channel-flush", "/var/spool/monitoring-plugins-axigen-channel"),
    ] {
        let path = format!("packaging/systemd/{name}.service");
        let unit = fs::read_to_string(file(&path)).unwrap();
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let command = suite::commands()
            .into_iter()
            .find(|command| command.get_name() == "notify_pushover")
            .unwrap();
        assert!(words[0].ends_with("/notify_pushover"));
        command.try_get_matches_from(words).unwrap();
        for key in ["ReadWritePaths", "ConditionPathExists"] {
            assert!(unit.lines().any(|line| line == format!("{key}={spool}")), "{path}: {key}");
        }
    }
}

#[test]
fn the_recipes_for_cron_send_the_output_of_a_check() {
    let page = fs::read_to_string(file("docs/notify_pushover.md")).unwrap();
    let recipes: Vec<&str> =
        page.lines().filter(|line| line.starts_with("out=$(check_axigen_queue")).collect();
    assert_eq!(recipes.len(), 2);
    let queue = QueueTree::new();
    queue.messages(101);
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let programs = program("notify_pushover");
    let programs = programs.parent().unwrap().display();
    let (config, spool) = (host.config(), host.spool());
    let functions = format!(
        "check_axigen_queue() {{ {programs}/check_axigen_queue --queue-dir '{}' \"$@\"; }}\n\
         notify_pushover() {{ {programs}/notify_pushover --config '{}' --spool-dir '{}' --api-url {} \"$@\"; }}\n",
        queue.path().display(),
        config.display(),
        spool.display(),
        server.url()
    );
    for recipe in &recipes {
        let script = format!("{functions}{recipe}");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        Outcome::of(&output).expect(0, "PUSHOVER OK - sent");
    }
    for request in server.requests() {
        assert_eq!(request.field("title"), "🟡 WARNING AXIGEN QUEUE");
        assert!(request.field("message").starts_with("101 messages (warning 100)"));
        assert!(!request.field("message").contains('|'));
    }
    let quiet = QueueTree::new();
    let functions =
        functions.replace(&queue.path().display().to_string(), &quiet.path().display().to_string());
    let script = format!("{functions}{}", recipes[0]);
    let nothing = Command::new("sh").args(["-c", &script]).output().unwrap();
    Outcome::of(&nothing).expect(0, "");
    assert_eq!(server.requests().len(), 2, "an OK tells nobody");
}
