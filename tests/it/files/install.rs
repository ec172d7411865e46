//! `make install` puts everything a program needs where a system looks for it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{open_tempdir, run};

#[test]
#[ignore = "lab: builds the release binaries"]
fn an_installation_has_programs_man_pages_and_completions_and_runs() {
    let stage = open_tempdir();
    let make = |targets: &[&str]| {
        let output = Command::new("make")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(targets)
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    make(&["all"]);
    let destination = format!("DESTDIR={}", stage.path().display());
    make(&["install", "PREFIX=/usr", &destination]);

    let mut expected: BTreeSet<String> = [
        "man/man5/pushover.toml.5",
        "monitoring-plugins-axigen/config/channel/pushover.toml",
        "monitoring-plugins-axigen/config/pushover.toml",
        "monitoring-plugins-axigen/report.schema.json",
        "monitoring-plugins-axigen/systemd/notify-pushover-channel-flush.service",
        "monitoring-plugins-axigen/systemd/notify-pushover-channel-flush.timer",
        "monitoring-plugins-axigen/systemd/notify-pushover-flush.service",
        "monitoring-plugins-axigen/systemd/notify-pushover-flush.timer",
        "monitoring-plugins-axigen/tmpfiles.d/monitoring-plugins-axigen.conf",
        "monitoring-plugins-axigen/systemd/smtp-canary.socket",
        "monitoring-plugins-axigen/systemd/smtp-canary@.service",
    ]
    .map(|path| format!("usr/share/{path}"))
    .into();
    for command in suite::commands() {
        let name = command.get_name();
        let plugin = format!("usr/lib/nagios/plugins/{name}");
        let version = run(Command::new(stage.path().join(&plugin)).arg("--version"));
        version.expect(3, &format!("{name} {}", env!("CARGO_PKG_VERSION")));
        expected.extend([
            plugin,
            format!("usr/share/man/man1/{name}.1"),
            format!("usr/share/bash-completion/completions/{name}"),
            format!("usr/share/zsh/site-functions/_{name}"),
            format!("usr/share/fish/vendor_completions.d/{name}.fish"),
        ]);
    }
    let mut installed = BTreeSet::new();
    for entry in walkdir::WalkDir::new(stage.path()) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            let is_plugin = entry.path().parent().unwrap().ends_with("plugins");
            assert_eq!(mode, if is_plugin { 0o755 } else { 0o644 }, "{entry:?}");
            let path: &Path = entry.path().strip_prefix(stage.path()).unwrap();
            installed.insert(path.to_str().unwrap().to_owned());
        }
    }
    assert_eq!(expected, installed);
    let typed = std::fs::read_link(stage.path().join("usr/bin/notify_pushover")).unwrap();
    assert_eq!(typed, Path::new("../lib/nagios/plugins/notify_pushover"));
}
