//! What is done with alerts while something goes wrong.

use std::fs;
use std::process::Command;

use super::phone::Phone;
use crate::support::chmod;
use crate::support::pushover::{Host, item, name, now};

/// What a run may take, in seconds.
pub(super) const LIMIT: u64 = 4;

/// Something to do with alerts, each named by the end of its text.
pub(super) struct Deed {
    pub(super) what: &'static str,
    options: &'static [&'static str],
    /// The one that comes with the run, and to whom.
    fresh: Option<(&'static str, &'static [&'static str])>,
    /// Those that wait, are left behind by a killed writer, or stand in failed/ before the run.
    waiting: &'static [&'static str],
    orphan: Option<&'static str>,
    failed: &'static [&'static str],
    /// Whether there was never a run before, and there is no spool.
    is_first: bool,
}

pub(super) const DEEDS: [Deed; 7] = [
    Deed { what: "send", fresh: Some(("fresh", &["alice"])), ..NOTHING },
    Deed {
        what: "first send of all, in an outage",
        fresh: Some(("down", &["alice"])),
        is_first: true,
        ..NOTHING
    },
    Deed {
        what: "send in an outage",
        fresh: Some(("down", &["alice"])),
        waiting: &["older"],
        ..NOTHING
    },
    Deed {
        what: "send to two",
        fresh: Some(("fresh", &["alice", "bob"])),
        waiting: &["refused"],
        ..NOTHING
    },
    Deed {
        what: "flush",
        options: &["flush"],
        waiting: &["first", "refused", "second"],
        orphan: Some("orphan"),
        ..NOTHING
    },
    Deed {
        what: "flush of more than may wait",
        options: &["flush", "--spool-max-number=1"],
        waiting: &["down 1", "down 2", "down 3"],
        ..NOTHING
    },
    Deed {
        what: "flush --retry-failed",
        options: &["flush", "--retry-failed"],
        waiting: &["first"],
        failed: &["set aside", "refused"],
        ..NOTHING
    },
];

const NOTHING: Deed = Deed {
    what: "",
    options: &[],
    fresh: None,
    waiting: &[],
    orphan: None,
    failed: &[],
    is_first: false,
};

impl Deed {
    /// A host with everything that is there before the run.
    pub(super) fn host(&self, phone: &Phone, mark: &str) -> Host {
        let host = Host::of(phone.server());
        if self.is_first {
            return host;
        }
        host.run(&["--message=before"]).expect(0, "PUSHOVER OK - sent");
        let names = (1..).map(name);
        let put = |path: &str, text: &str| {
            let path = host.spool().join(path);
            fs::write(path, item(&host, &text_of(mark, text), now(), 0)).unwrap();
        };
        for (name, text) in names.clone().zip(self.waiting) {
            put(&name, text);
        }
        if let Some(text) = self.orphan {
            put(&format!(".tmp-{}", name(99)), text);
        }
        if !self.failed.is_empty() {
            fs::create_dir(host.spool().join("failed")).unwrap();
            chmod(&host.spool().join("failed"), 0o700);
        }
        for (name, text) in names.skip(50).zip(self.failed) {
            put(&format!("failed/{name}"), text);
        }
        host
    }

    pub(super) fn command(&self, host: &Host, mark: &str) -> Command {
        let mut command = host.command();
        command.args(self.options).arg(format!("--timeout={LIMIT}"));
        if let Some((text, recipients)) = self.fresh {
            command.args(["--type=PROBLEM", "-Hmail01", "--host-state=DOWN"]);
            command.arg(format!("--output={}", text_of(mark, text)));
            command.args(recipients.iter().map(|name| format!("--recipient={name}")));
        }
        command
    }

    /// Recipient and text of everything that must not be lost.
    pub(super) fn alerts(&self, mark: &str) -> Vec<(&'static str, String, bool)> {
        let old = self.waiting.iter().chain(self.orphan.iter()).chain(self.failed);
        let old = old.map(|text| ("alice", text_of(mark, text), false));
        let fresh = self.fresh.iter().flat_map(|(text, recipients)| {
            recipients.iter().map(|recipient| (*recipient, text_of(mark, text), true))
        });
        old.chain(fresh).collect()
    }
}

pub(super) fn text_of(mark: &str, text: &str) -> String {
    format!("{mark} {text}")
}
