//! The sample configuration and the shipped units say what the programs do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::http_server::HttpServer;
use crate::support::pushover::{Host, own_name};
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
fn the_recipe_for_cron_tells_each_change_once() {
    let page = fs::read_to_string(file("docs/notify_pushover.md")).unwrap();
    let example = fs::read_to_string(file("packaging/examples/cron")).unwrap();
    let recipe = page.lines().find(|line| line.starts_with("check_axigen_queue ")).unwrap();
    let (_, told) = recipe.split_once(" | ").unwrap();
    assert!(example.contains(told), "the example of cron does the same");
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let programs = program("notify_pushover");
    let programs = programs.parent().unwrap().display();
    let (config, spool) = (host.config(), host.spool());
    let run = |queue: &QueueTree| {
        let script = format!(
            "check_axigen_queue() {{ {programs}/check_axigen_queue --queue-dir '{}' \"$@\"; }}\n\
             notify_pushover() {{ {programs}/notify_pushover --config '{}' --spool-dir '{}' --api-url {} \"$@\"; }}\n\
             {recipe}",
            queue.path().display(),
            config.display(),
            spool.display(),
            server.url()
        );
        Outcome::of(&Command::new("sh").args(["-c", &script]).output().unwrap())
    };
    let (full, quiet) = (QueueTree::new(), QueueTree::new());
    full.messages(101);
    run(&quiet).expect(0, "PUSHOVER OK - nothing new for queue: still OK");
    run(&full).expect(0, "PUSHOVER OK - sent");
    run(&full).expect(0, "PUSHOVER OK - nothing new for queue: WARNING for ");
    run(&quiet).expect(0, "PUSHOVER OK - sent");
    let own = own_name();
    let sent = server.requests();
    let titles: Vec<&str> = sent.iter().map(|request| request.field("title")).collect();
    assert_eq!(titles, [format!("🟡 WARNING {own}: queue"), format!("🟢 OK {own}: queue")]);
    assert!(sent[0].field("message").starts_with("101 messages (warning 100)"));
    assert!(sent.iter().all(|request| !request.field("message").contains('|')));
    assert!(sent[1].field("message").contains("was WARNING"), "{}", sent[1].field("message"));
}
