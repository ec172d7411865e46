//! What the examples promise beyond their syntax.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::machine::manifest;
use crate::support::{open_tempdir, run};

fn read(path: &str) -> String {
    fs::read_to_string(manifest(path)).unwrap()
}

#[test]
fn cron_lines_are_silent_once_the_package_is_removed() {
    let nowhere = open_tempdir();
    let text = read("packaging/examples/cron");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() > 1);
    for line in lines {
        let (_, command) = line.split_once(" nagios  ").expect(line);
        let command = command.replace("/usr/lib/nagios/plugins", nowhere.path().to_str().unwrap());
        // cron(8) mails what is written, whatever the exit code.
        assert_eq!(run(Command::new("sh").args(["-c", &command])).stdout, "", "{command}");
    }
}

#[test]
fn nagios_objects_have_no_flap_detection() {
    let text = read("packaging/examples/nagios/axigen.cfg").replace("\n#", "\n");
    let objects: Vec<&str> = text
        .split("define ")
        .skip(1)
        .filter(|object| object.starts_with("service") || object.starts_with("host "))
        .filter(|object| object.contains("check_command"))
        .collect();
    assert!(objects.len() > 5);
    for object in objects {
        let setting = object.lines().find(|line| line.contains("flap_detection_enabled"));
        assert!(setting.is_some_and(|line| line.trim().ends_with(" 0")), "{object}");
    }
}

#[test]
fn examples_of_the_rpm_name_its_own_paths_and_account() {
    let dir = open_tempdir();
    let copy = |name: &str| {
        let to = dir.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(manifest(name), to).unwrap();
    };
    let names = [
        "packaging/examples/cron",
        "packaging/examples/nrpe/axigen.cfg",
        "packaging/examples/axigen-queue-acl.conf",
        "packaging/examples/smtp-canary/tmpfiles.conf",
    ];
    names.into_iter().for_each(copy);
    let spec = read("packaging/rpm/monitoring-plugins-axigen.spec").replace("\\\n", " ");
    let lines: Vec<String> = spec
        .lines()
        .filter(|line| line.starts_with("sed -i ") && line.contains("packaging/examples"))
        .map(|line| line.replace("%{plugindir}", "/usr/lib64/nagios/plugins"))
        .collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        run(Command::new("sh").args(["-c", &line]).current_dir(dir.path()));
    }
    for name in names {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(!text.contains("/usr/lib/nagios"), "{name}: {text}");
        let rest = text.replace("lib64/nagios", "").replace("/etc/nagios", "");
        assert!(!rest.contains("nagios"), "{name}: {rest}");
        assert!(Path::new(name).ends_with("nrpe/axigen.cfg") || rest.contains("icinga"), "{name}");
    }
}
