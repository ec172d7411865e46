//! The daemon of Icinga Notifications, as far as a channel sees it: written from its documentation (doc/10-Channels.md of
//! v0.2.0 and of the release after it), since the daemon itself is in no distribution.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::bell::{ring, wait_for};
use super::program;

/// Which release the daemon is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// v0.2.0: "inspired by JSON-RPC".
    Plain,
    /// The one after it: JSON-RPC 2.0.
    JsonRpc,
}

pub(crate) const RELEASES: [Release; 2] = [Release::Plain, Release::JsonRpc];

/// What the channel has said.
#[derive(Default)]
struct Heard {
    /// Answers and notifications, as they came.
    objects: Vec<Value>,
    errors: String,
}

/// A daemon with one channel process.
pub(crate) struct Daemon {
    release: Release,
    child: Child,
    input: Option<ChildStdin>,
    heard: Arc<Mutex<Heard>>,
    readers: Vec<JoinHandle<()>>,
    last_id: u64,
}

impl Daemon {
    /// Starts the channel under the name it is packaged with; a daemon gives no options, a test its configuration.
    pub(crate) fn start(release: Release, config: &Path) -> Self {
        let directory = config.parent().unwrap().join("channels");
        let file = directory.join("x_pushover");
        if !file.exists() {
            std::fs::create_dir_all(&directory).unwrap();
            symlink(program("pushover_channel"), &file).unwrap();
        }
        let mut command = Command::new(&file);
        command.env_clear().arg("--config").arg(config);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (objects, lines) = (heard.clone(), heard.clone());
        let speech = std::thread::spawn(move || {
            // Objects, as a decoder reads them: no line is relied on.
            for object in serde_json::Deserializer::from_reader(output).into_iter::<Value>() {
                objects.lock().unwrap().objects.push(object.unwrap());
                ring();
            }
        });
        let complaints = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines() {
                let line = line.unwrap();
                lines.lock().unwrap().errors.extend([line.as_str(), "\n"]);
                ring();
            }
        });
        let input = child.stdin.take();
        let readers = vec![speech, complaints];
        Self { release, child, input, heard, readers, last_id: 0 }
    }

    /// One that has been configured.
    pub(crate) fn configured(release: Release, config: &Path, options: Value) -> Self {
        let mut daemon = Self::start(release, config);
        assert_eq!(daemon.call("SetConfig", options), Ok(Value::Null));
        daemon
    }

    /// Goes on counting behind this number.
    pub(crate) fn last_was(&mut self, id: u64) {
        self.last_id = id;
    }

    /// A request as the daemon writes it, with the next number.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> (u64, String) {
        self.last_id += 1;
        let mut request = json!({ "method": method, "id": self.last_id });
        if !params.is_null() {
            request["params"] = params;
        }
        if self.release == Release::JsonRpc {
            request["jsonrpc"] = json!("2.0");
        }
        (self.last_id, request.to_string())
    }

    /// Calls a method and waits for its answer; an error as its text.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let (id, request) = self.request(method, params);
        self.write(format!("{request}\n").as_bytes());
        self.answer(id)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// The answer to a request, in the form of the release.
    pub(crate) fn answer(&self, id: u64) -> Result<Value, String> {
        let find = || self.objects().into_iter().find(|object| object["id"] == id);
        let answer = wait_for(&format!("an answer to {id}"), find);
        let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        match (self.release, keys.as_slice()) {
            (Release::Plain, ["id"]) => Ok(Value::Null),
            (Release::Plain, ["id", "result"])
            | (Release::JsonRpc, ["id", "jsonrpc", "result"]) => Ok(answer["result"].clone()),
            (Release::Plain, ["error", "id"]) => Err(answer["error"].as_str().unwrap().to_owned()),
            (Release::JsonRpc, ["error", "id", "jsonrpc"]) => {
                assert!(answer["error"]["code"].is_i64(), "{answer}");
                Err(answer["error"]["message"].as_str().unwrap().to_owned())
            }
            _ => panic!("no answer of {:?}: {answer}", self.release),
        }
    }

    /// Everything that was answered or told.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.heard.lock().unwrap().objects.clone()
    }

    /// The daemon's log: by the protocol where that has a way for it, else by standard error.
    pub(crate) fn log(&self) -> String {
        let told = |object: &Value| {
            let params = (object["method"] == "channel::Log").then(|| object["params"].clone())?;
            Some(format!("{}: {}\n", params["level"].as_str()?, params["message"].as_str()?))
        };
        let told: String = self.objects().iter().filter_map(told).collect();
        told + &self.heard.lock().unwrap().errors
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Closes the channel's input.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    /// Closes the channel's input, and waits for its end as long as the daemon does before it kills. Everything that was
    /// said, and that it ended well.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        self.close();
        self.ended()
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn ended(mut self) -> String {
        let start = Instant::now();
        let status = self.child.wait().unwrap();
        assert!(start.elapsed() < Duration::from_secs(5), "the daemon would have killed it");
        assert_eq!(status.code(), Some(0));
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        let heard = self.heard.lock().unwrap();
        format!("{:?}{}", heard.objects, heard.errors)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The parameters of `SendNotification`, for a contact with this address and an incident of this number and severity.
pub(crate) fn notification(address: &str, incident: u64, severity: &str) -> Value {
    json!({
        "contact": {
            "full_name": "Alice",
            "addresses": [
                { "type": "email", "address": "alice@example.com" },
                { "type": "x_pushover", "address": address },
            ],
        },
        "object": {
            "name": "mail01!queue",
            "url": "http://localhost/icingaweb2/icingadb/service?name=queue&host.name=mail01",
            "tags": { "host": "mail01", "service": "queue" },
            "extra_tags": { "hostgroup/linux": null },
        },
        "incident": {
            "id": incident,
            "url": "http://localhost/icingaweb2/notifications/incident?id=1437",
            "severity": severity,
        },
        "event": {
            "time": "2024-07-12T10:47:30.445439055Z",
            "type": "state",
            "username": "",
            "message": "143 messages\tin the queue\nlook there",
        },
    })
}
