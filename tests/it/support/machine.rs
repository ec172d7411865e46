//! A Debian of its own with the monitoring cores and our package installed, and a stand-in for Pushover.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::bell::{ring_on_changes, wait_for};
use super::http_server::{HttpServer, Reply, Request};
use super::open_tempdir;
use super::pushover::{ALICE, TOKEN, now};

/// What the cores need to be there. `ping` is their host check.
const PACKAGES: [&str; 10] = [
    "adduser",
    "ca-certificates",
    "curl",
    "icinga2-bin",
    "icinga2-common",
    "iputils-ping",
    "monitoring-plugins-basic",
    "nagios-nrpe-plugin",
    "nagios-nrpe-server",
    "nagios4-core",
];

pub(crate) const QUEUE: &str = "/var/opt/axigen/queue";
pub(crate) const EXAMPLES: &str = "usr/share/doc/monitoring-plugins-axigen/examples";

pub(crate) fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The package for this machine, as `make packages` built it.
pub(crate) fn package() -> PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    fs::read_dir(manifest(&target).join("packages"))
        .expect("make packages comes first")
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("monitoring-plugins-axigen_") && name.ends_with(".deb")
        })
        .expect("make packages comes first")
}

/// A Debian with the cores and our package, a queue, and a stand-in for Pushover.
pub(crate) struct Machine {
    dir: TempDir,
    pub(crate) pushover: HttpServer,
    /// The emergency that the phone acknowledges, by the number of its receipt.
    acknowledged: Arc<Mutex<Option<usize>>>,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        let status =
            Command::new(manifest("tests/lab/root.sh")).arg(dir.path()).args(PACKAGES).status();
        assert!(status.unwrap().success());
        let (pushover, acknowledged) = pushover();
        let machine = Self { dir, pushover, acknowledged };
        // Where the daemons log.
        ring_on_changes(&[&machine.path("tmp")]);
        fs::copy(package(), machine.path("tmp/package.deb")).unwrap();
        machine.must(&["dpkg", "-i", "/tmp/package.deb"]);
        machine.write(
            "etc/monitoring-plugins-axigen/pushover.toml",
            &format!(
                "token = '{TOKEN}'\napi-url = '{}'\n[users]\nduty = '{ALICE}'\n",
                machine.pushover.url()
            ),
        );
        for name in ["00", "0F"] {
            fs::create_dir_all(machine.path(QUEUE).join(name)).unwrap();
        }
        machine
    }

    /// Somebody takes up what the phone rings for, the emergency of this number, from 0.
    pub(crate) fn acknowledge_on_the_phone(&self, emergency: usize) {
        *self.acknowledged.lock().unwrap() = Some(emergency);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Writes `to` as `from` with other words in it, each of which must be there.
    #[track_caller]
    pub(crate) fn adapt(&self, from: &str, to: &str, words: &[(&str, &str)]) {
        let mut text = self.read(from);
        for (word, other) in words {
            assert!(text.contains(word), "{from}: no {word}");
            text = text.replace(word, other);
        }
        self.write(to, &text);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(manifest("tests/lab/inside.sh"));
        command.arg(self.dir.path()).args(words).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn must(&self, words: &[&str]) {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    pub(crate) fn start(&self, words: &[&str], log: &str) -> Daemon {
        let log = self.path(log);
        let file = fs::File::create(&log).unwrap();
        let mut command = self.command(words);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Daemon(command.spawn().unwrap())
    }

    /// Makes the queue hold this many messages.
    pub(crate) fn queue(&self, messages: usize) {
        let dir = self.path(QUEUE).join("00");
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        for number in 0..messages {
            fs::write(dir.join(format!("S{number:X}")), "").unwrap();
        }
    }

    /// What the phone showed about this service, with requests that silence it.
    pub(crate) fn phone(&self, service: &str) -> Vec<Request> {
        let requests = self.pushover.requests();
        let title = format!(": {service}");
        requests
            .into_iter()
            .filter(|request| {
                request.path != "/1/messages.json" || request.field("title").ends_with(&title)
            })
            .collect()
    }

    /// Waits until the phone has shown this many, and looks at the last.
    #[track_caller]
    pub(crate) fn wait_for_phone(&self, service: &str, count: usize) -> Request {
        let what = format!("message {count} about {service}");
        let seen = wait_for(&what, || {
            let seen = self.phone(service);
            (seen.len() >= count).then_some(seen)
        });
        assert_eq!(seen.len(), count, "{seen:#?}");
        seen[count - 1].clone()
    }

    #[track_caller]
    pub(crate) fn nothing_was_touched(&self) {
        let touched: Vec<_> = fs::read_dir(self.path("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().starts_with("touched"))
            .collect();
        assert!(touched.is_empty(), "a shell read {touched:?}");
    }
}

/// A Pushover that gives a receipt for each emergency, and the one of them that is acknowledged.
fn pushover() -> (HttpServer, Arc<Mutex<Option<usize>>>) {
    let acknowledged = Arc::new(Mutex::new(None));
    let (seen, rung) = (acknowledged.clone(), Mutex::new(0));
    let server = HttpServer::start(move |_, request| {
        if request.field("priority") == "2" {
            let mut number = rung.lock().unwrap();
            let receipt = format!(r#"{{"status":1,"receipt":"R{}"}}"#, *number);
            *number += 1;
            return Reply::json(200, &receipt);
        }
        let receipt = request.path.strip_prefix("/1/receipts/R").map(str::to_owned);
        let number: Option<usize> =
            receipt.and_then(|rest| rest.strip_suffix(".json")?.parse().ok());
        match number {
            Some(number) if *seen.lock().unwrap() == Some(number) => {
                let by = format!(
                    r#"{{"status":1,"acknowledged":1,"acknowledged_at":{},"acknowledged_by":"{ALICE}"}}"#,
                    now()
                );
                Reply::json(200, &by)
            }
            Some(_) => Reply::json(200, r#"{"status":1,"acknowledged":0,"expired":0}"#),
            None => Reply::accepted(),
        }
    });
    (server, acknowledged)
}

/// A process that ends with the test, and all it started.
pub(crate) struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
