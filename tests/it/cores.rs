//! The installed package under the real cores: Icinga 2, Nagios 4 and NRPE of Debian, in a tree of their own, on the
//! loopback. After `make packages`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::http_server::{HttpServer, Request};
use crate::support::pushover::{ALICE, TOKEN};
use crate::support::{chmod, open_tempdir, skipped_without_root};

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

const QUEUE: &str = "/var/opt/axigen/queue";
const EXAMPLES: &str = "usr/share/doc/monitoring-plugins-axigen/examples";

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(45);

/// A text that touches FILE where a shell reads it.
fn hostile(file: &str) -> String {
    format!(
        "it's \"x\" ' && touch /tmp/{file} ; $(touch /tmp/{file}) `touch /tmp/{file}` & touch /tmp/{file} #"
    )
}

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Looks again and again until there is something.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A port nobody listens on just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A Debian with the cores and our package, a queue, and a stand-in for Pushover.
struct Machine {
    dir: TempDir,
    pushover: HttpServer,
}

impl Machine {
    fn new() -> Self {
        let dir = open_tempdir();
        let status = Command::new(manifest("tests/lab/root.sh"))
            .arg(dir.path())
            .args(PACKAGES)
            .status();
        assert!(status.unwrap().success());
        let machine = Self {
            dir,
            pushover: HttpServer::with(vec![]),
        };
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
        let package = fs::read_dir(manifest(&target).join("packages"))
            .expect("make packages comes first")
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with("monitoring-plugins-axigen_") && name.ends_with(".deb")
            })
            .expect("make packages comes first");
        fs::copy(package, machine.path("tmp/package.deb")).unwrap();
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

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Writes `to` as `from` with other words in it, each of which must be there.
    #[track_caller]
    fn adapt(&self, from: &str, to: &str, words: &[(&str, &str)]) {
        let mut text = self.read(from);
        for (word, other) in words {
            assert!(text.contains(word), "{from}: no {word}");
            text = text.replace(word, other);
        }
        self.write(to, &text);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(manifest("tests/lab/inside.sh"));
        command
            .arg(self.dir.path())
            .args(words)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    #[track_caller]
    fn must(&self, words: &[&str]) {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    fn start(&self, words: &[&str], log: &str) -> Daemon {
        let log = self.path(log);
        let file = fs::File::create(&log).unwrap();
        let mut command = self.command(words);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Daemon(command.spawn().unwrap())
    }

    /// Makes the queue hold this many messages.
    fn queue(&self, messages: usize) {
        let dir = self.path(QUEUE).join("00");
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        for number in 0..messages {
            fs::write(dir.join(format!("S{number:X}")), "").unwrap();
        }
    }

    /// What the phone showed about this service, with requests that silence it.
    fn phone(&self, service: &str) -> Vec<Request> {
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
    fn wait_for_phone(&self, service: &str, count: usize) -> Request {
        let what = format!("message {count} about {service}");
        let seen = wait_for(&what, || {
            let seen = self.phone(service);
            (seen.len() >= count).then_some(seen)
        });
        assert_eq!(seen.len(), count, "{seen:#?}");
        seen[count - 1].clone()
    }

    #[track_caller]
    fn nothing_was_touched(&self) {
        let touched: Vec<_> = fs::read_dir(self.path("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().starts_with("touched"))
            .collect();
        assert!(touched.is_empty(), "a shell read {touched:?}");
    }
}

/// A process that ends with the test, and all it started.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says 220 to whoever comes, as a mail server does.
fn mail_server(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || greet(&stream.unwrap()));
        }
    });
}

fn greet(stream: &TcpStream) {
    let mut out = stream;
    let _ = write!(out, "220 mail01.example ESMTP\r\n");
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let quit = line.to_ascii_uppercase().starts_with("QUIT");
        let _ = write!(out, "{} mail01.example\r\n", if quit { 221 } else { 250 });
        if quit {
            return;
        }
    }
}

/// Collects the lines of whoever connects.
fn collector() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let seen = seen.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream.unwrap())
                    .lines()
                    .map_while(Result::ok)
                {
                    seen.lock().unwrap().push(line);
                }
            });
        }
    });
    (port, lines)
}

/// A running Icinga 2 with its API.
struct Icinga<'a> {
    machine: &'a Machine,
    port: u16,
    password: String,
    _daemon: Daemon,
}

impl<'a> Icinga<'a> {
    fn start(machine: &'a Machine) -> Self {
        let port = free_port();
        machine.must(&["icinga2", "api", "setup", "--cn", "lab"]);
        let constants = machine.read("etc/icinga2/constants.conf");
        assert!(constants.contains("NodeName = \"lab\""), "{constants}");
        machine.adapt(
            "etc/icinga2/features-available/api.conf",
            "etc/icinga2/features-available/api.conf",
            &[(
                "object ApiListener \"api\" {",
                &format!("object ApiListener \"api\" {{\n  bind_host = \"127.0.0.1\"\n  bind_port = {port}"),
            )],
        );
        let users = machine.read("etc/icinga2/conf.d/api-users.conf");
        let password = users.split('"').nth(3).unwrap().to_owned();
        machine.must(&["/usr/lib/icinga2/prepare-dirs"]);
        let icinga = Self {
            machine,
            port,
            password,
            _daemon: machine.start(&["icinga2", "daemon"], "tmp/icinga2.log"),
        };
        wait_for("Icinga's API", || {
            icinga.get("/v1/status").is_array().then_some(())
        });
        icinga
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let output = self.machine.run(&[
            "curl",
            "-sk",
            "-u",
            &format!("root:{}", self.password),
            "-H",
            "Accept: application/json",
            "-X",
            method,
            "-d",
            &body.to_string(),
            &format!("https://127.0.0.1:{}{path}", self.port),
        ]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer["results"].clone()
    }

    fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null)
    }

    #[track_caller]
    fn act(&self, action: &str, service: &str, mut body: Value) {
        body["type"] = json!("Service");
        body["service"] = json!(format!("mail01!{service}"));
        let results = self.call("POST", &format!("/v1/actions/{action}"), &body);
        assert_eq!(
            results[0]["code"].as_f64(),
            Some(200.0),
            "{action}: {results}"
        );
    }

    fn service(&self, name: &str) -> Value {
        self.get(&format!("/v1/objects/services/mail01!{name}"))[0]["attrs"].clone()
    }

    /// Has a service checked until its state is this one and hard.
    #[track_caller]
    fn check_until(&self, service: &str, state: f64) -> Value {
        wait_for(&format!("{service} in state {state}"), || {
            let ended = |attrs: &Value| attrs["last_check_result"]["execution_end"].clone();
            let before = ended(&self.service(service));
            self.act("reschedule-check", service, json!({"force": true}));
            let attrs = wait_for("a check", || {
                let attrs = self.service(service);
                (ended(&attrs) != before).then_some(attrs)
            });
            (attrs["state"].as_f64() == Some(state) && attrs["state_type"].as_f64() == Some(1.0))
                .then_some(attrs)
        })
    }
}

#[test]
#[ignore = "lab: Icinga 2 and Nagios 4"]
fn shipped_configuration_loads_and_a_broken_one_does_not() {
    if skipped_without_root("shipped configuration loads and a broken one does not") {
        return;
    }
    let machine = Machine::new();
    let icinga_commands =
        "usr/share/icinga2/include/plugins-contrib.d/monitoring-plugins-axigen.conf";
    let nagios_commands = "etc/nagios-plugins/config/monitoring-plugins-axigen.cfg";
    let icinga = || machine.run(&["icinga2", "daemon", "-C"]);
    let nagios = || machine.run(&["nagios4", "-v", "/etc/nagios4/nagios.cfg"]);
    let loads = |output: Output| {
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };

    // Commands alone, as installed; then with the examples.
    let (good, said) = loads(icinga());
    assert!(good, "{said}");
    let (good, said) = loads(nagios());
    assert!(good && said.contains("Total Warnings: 0"), "{said}");
    machine.adapt(
        &format!("{EXAMPLES}/icinga2/axigen.conf"),
        "etc/icinga2/conf.d/axigen.conf",
        &[],
    );
    machine.adapt(
        &format!("{EXAMPLES}/nagios/axigen.cfg"),
        "etc/nagios4/conf.d/axigen.cfg",
        &[],
    );
    let (good, said) = loads(icinga());
    assert!(good && !said.contains("warning/"), "{said}");
    let (good, said) = loads(nagios());
    assert!(good && said.contains("Total Warnings: 0"), "{said}");
    let listed = machine.run(&[
        "icinga2",
        "object",
        "list",
        "--type",
        "CheckCommand",
        "--name",
        "axigen_*",
    ]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    for check in ["axigen_queue", "axigen_pushover"] {
        assert!(listed.contains(&format!("Object '{check}'")), "{listed}");
    }

    let original = machine.read(icinga_commands);
    for (word, other) in [
        ("arguments = {", "argumnets = {{"),
        (
            "object CheckCommand \"axigen_queue\"",
            "object CheckCommand \"smtp\"",
        ),
    ] {
        machine.write(icinga_commands, &original.replacen(word, other, 1));
        let (good, said) = loads(icinga());
        assert!(!good, "{other} was taken: {said}");
    }
    machine.write(icinga_commands, &original);
    let original = machine.read(nagios_commands);
    for (word, other) in [
        ("command_line", "comand_line"),
        ("axigen_queue\n", "axigen_queues\n"),
    ] {
        machine.write(nagios_commands, &original.replacen(word, other, 1));
        let (good, said) = loads(nagios());
        assert!(!good, "{other} was taken: {said}");
    }
}

#[test]
#[ignore = "lab: Icinga 2"]
fn icinga_rings_once_for_a_filling_queue_and_is_silent_on_recovery() {
    if skipped_without_root("icinga rings once for a filling queue and is silent on recovery") {
        return;
    }
    let machine = Machine::new();
    let (graphite, metrics) = collector();
    let smtp = free_port();
    machine.adapt(
        &format!("{EXAMPLES}/icinga2/axigen.conf"),
        "etc/icinga2/conf.d/axigen.conf",
        &[(
            "  address = \"127.0.0.1\"\n",
            &format!(
                "  address = \"127.0.0.1\"\n  display_name = {}\n  vars.smtp_port = {smtp}\n",
                json!(hostile("touched-alias"))
            ),
        )],
    );
    machine.write(
        "etc/icinga2/conf.d/graphite.conf",
        &format!(
            "object GraphiteWriter \"graphite\" {{\n  host = \"127.0.0.1\"\n  port = {graphite}\n  enable_send_thresholds = true\n}}\n"
        ),
    );
    let icinga = Icinga::start(&machine);

    // OK, with perfdata and limits as Icinga reads them.
    machine.queue(7);
    let attrs = icinga.check_until("axigen-queue", 0.0);
    let output = attrs["last_check_result"]["output"].as_str().unwrap();
    assert!(
        output.starts_with("AXIGEN QUEUE OK - 7 messages"),
        "{output}"
    );
    let metric = |name: &str, value: &str| {
        wait_for(&format!("{name} {value}"), || {
            let lines = metrics.lock().unwrap();
            let wanted = format!(".axigen-queue.axigen_queue.perfdata.{name} {value} ");
            lines
                .iter()
                .any(|line| line.contains(&wanted))
                .then_some(())
        });
    };
    metric("messages.value", "7");
    metric("messages.warn", "100");
    metric("messages.crit", "500");

    // CRITICAL: one message, after the third attempt and never again.
    machine.queue(600);
    icinga.check_until("axigen-queue", 2.0);
    let message = machine.wait_for_phone("axigen-queue", 1);
    assert!(message.field("title").contains("CRITICAL"), "{message:?}");
    assert!(
        message.field("title").contains(&hostile("touched-alias")),
        "{message:?}"
    );
    assert!(
        message
            .field("message")
            .starts_with("600 messages (critical 500)"),
        "{message:?}"
    );
    assert!(
        !message.field("message").contains("messages=600"),
        "{message:?}"
    );
    assert_eq!(message.field("priority"), "1");
    metric("messages.value", "600");
    icinga.check_until("axigen-queue", 2.0);
    icinga.check_until("axigen-queue", 2.0);

    // What people write reaches the phone and no shell.
    let (author, comment) = (hostile("touched-author"), hostile("touched-comment"));
    icinga.act(
        "acknowledge-problem",
        "axigen-queue",
        json!({"author": author, "comment": comment, "notify": true}),
    );
    let message = machine.wait_for_phone("axigen-queue", 2);
    assert!(message.field("title").contains("ACK"), "{message:?}");
    assert!(
        message
            .field("message")
            .contains(&format!("{author}: {comment}")),
        "{message:?}"
    );

    // OK again, without a sound of its own.
    machine.queue(0);
    icinga.check_until("axigen-queue", 0.0);
    let message = machine.wait_for_phone("axigen-queue", 3);
    assert!(message.field("title").contains("OK"), "{message:?}");
    assert!(
        message.field("message").starts_with("0 messages"),
        "{message:?}"
    );
    assert_eq!(message.field("priority"), "");

    // A plugin's output, too.
    for _ in 0..3 {
        icinga.act(
            "process-check-result",
            "axigen-queue",
            json!({"exit_status": 2, "plugin_output": hostile("touched-output")}),
        );
    }
    let message = machine.wait_for_phone("axigen-queue", 4);
    assert!(
        message
            .field("message")
            .starts_with(&hostile("touched-output")),
        "{message:?}"
    );

    // An emergency rings until the service is well again.
    icinga.check_until("smtp", 2.0);
    let ringing = wait_for("an emergency", || {
        machine
            .phone("smtp")
            .into_iter()
            .find(|request| request.field("priority") == "2")
    });
    let tag = ringing.field("tags").to_owned();
    assert!(tag.starts_with("ni-"), "{ringing:?}");
    mail_server(smtp);
    icinga.check_until("smtp", 0.0);
    wait_for("the recovery", || {
        machine
            .phone("smtp")
            .into_iter()
            .find(|request| request.field("title").contains("OK"))
    });
    let order: Vec<String> = machine
        .phone("smtp")
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(
        order,
        [
            "/1/messages.json",
            &format!("/1/receipts/cancel_by_tag/{tag}.json"),
            "/1/messages.json"
        ]
    );

    // The way itself is told by mail and not by itself.
    let told: Vec<String> = icinga
        .get("/v1/objects/notifications?filter=notification.service_name==%22axigen-pushover%22")
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["lab!axigen-pushover!mail-icingaadmin"]);
    let attrs = icinga.get("/v1/objects/services/lab!axigen-pushover")[0]["attrs"].clone();
    assert_eq!(attrs["check_command"], json!("axigen_pushover"), "{attrs}");
    machine.nothing_was_touched();
    let log = machine.read("var/log/icinga2/icinga2.log") + &machine.read("tmp/icinga2.log");
    assert!(!log.contains(TOKEN) && !log.contains(ALICE));
}

/// A running Nagios 4.
struct Nagios<'a> {
    machine: &'a Machine,
    _daemon: Daemon,
}

impl<'a> Nagios<'a> {
    fn start(machine: &'a Machine) -> Self {
        // The first as the documentation says, the others so that nobody waits.
        machine.adapt(
            "etc/nagios4/nagios.cfg",
            "etc/nagios4/nagios.cfg",
            &[
                ("enable_environment_macros=0", "enable_environment_macros=1"),
                (
                    "\nstatus_update_interval=10\n",
                    "\nstatus_update_interval=1\n",
                ),
                (
                    "\ncheck_result_reaper_frequency=10\n",
                    "\ncheck_result_reaper_frequency=1\n",
                ),
            ],
        );
        // Debian's own mail commands give the host's alias to a shell, so nobody may be told by them here.
        machine.adapt(
            "etc/nagios4/objects/contacts.cfg",
            "etc/nagios4/objects/contacts.cfg",
            &[(
                "    use                     generic-contact",
                "    host_notifications_enabled 0\n    service_notifications_enabled 0\n    use generic-contact",
            )],
        );
        machine.must(&[
            "install",
            "-d",
            "-o",
            "nagios",
            "-g",
            "nagios",
            "/run/nagios4",
            "/var/lib/nagios4/rw",
        ]);
        let nagios = Self {
            machine,
            _daemon: machine.start(&["nagios4", "/etc/nagios4/nagios.cfg"], "tmp/nagios.log"),
        };
        wait_for("Nagios", || {
            machine
                .path("var/lib/nagios4/rw/nagios.cmd")
                .exists()
                .then_some(())
        });
        wait_for("Nagios' status", || {
            nagios.service("axigen-queue").map(|_| ())
        });
        nagios
    }

    fn act(&self, line: &str) {
        let path = self.machine.path("var/lib/nagios4/rw/nagios.cmd");
        let mut commands = fs::OpenOptions::new().write(true).open(path).unwrap();
        writeln!(commands, "[{}] {line}", now()).unwrap();
    }

    /// A service's block in status.dat.
    fn service(&self, name: &str) -> Option<String> {
        let status = self.machine.read("var/lib/nagios4/status.dat");
        let blocks = status.split("servicestatus {").skip(1);
        blocks
            .map(|block| block.split("\t}").next().unwrap().to_owned())
            .find(|block| {
                block.contains("host_name=mail01\n")
                    && block.contains(&format!("service_description={name}\n"))
            })
    }

    /// Has a service checked until its state is this one and hard.
    #[track_caller]
    fn check_until(&self, service: &str, state: u8) -> String {
        wait_for(&format!("{service} in state {state}"), || {
            let checked = |block: &str| {
                let line = block.lines().find(|line| line.contains("last_check="));
                line.unwrap_or_default().to_owned()
            };
            let before = checked(&self.service(service)?);
            self.act(&format!(
                "SCHEDULE_FORCED_SVC_CHECK;mail01;{service};{}",
                now()
            ));
            let block = wait_for("a check", || {
                let block = self.service(service)?;
                (checked(&block) != before).then_some(block)
            });
            let hard = block.contains("\tstate_type=1\n");
            (hard && block.contains(&format!("\tcurrent_state={state}\n"))).then_some(block)
        })
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}

#[test]
#[ignore = "lab: Nagios 4"]
fn nagios_rings_once_for_a_filling_queue_and_is_silent_on_recovery() {
    if skipped_without_root("nagios rings once for a filling queue and is silent on recovery") {
        return;
    }
    let machine = Machine::new();
    let smtp = free_port();
    // Nagios ends a value at a semicolon.
    let alias = hostile("touched-alias").replace(';', "&&");
    machine.adapt(
        &format!("{EXAMPLES}/nagios/axigen.cfg"),
        "etc/nagios4/conf.d/axigen.cfg",
        &[
            (
                "    host_name               mail01\n    use                     linux-server\n",
                &format!("    host_name               mail01\n    use                     linux-server\n    alias                   {alias}\n    display_name            {alias}\n    _NOTE                   {alias}\n"),
            ),
            ("check_smtp -H '$HOSTADDRESS$'", &format!("check_smtp -H '$HOSTADDRESS$' -p {smtp}")),
        ],
    );
    machine.queue(7);
    let nagios = Nagios::start(&machine);
    let block = nagios.check_until("axigen-queue", 0);
    assert!(
        block.contains("plugin_output=AXIGEN QUEUE OK - 7 messages"),
        "{block}"
    );
    assert!(
        block.contains("performance_data=messages=7;100;500;0 "),
        "{block}"
    );

    machine.queue(600);
    nagios.check_until("axigen-queue", 2);
    let message = machine.wait_for_phone("axigen-queue", 1);
    assert!(message.field("title").contains("CRITICAL"), "{message:?}");
    assert!(message.field("title").contains(&alias), "{message:?}");
    assert!(
        message
            .field("message")
            .starts_with("600 messages (critical 500)"),
        "{message:?}"
    );
    assert_eq!(message.field("priority"), "1");
    nagios.check_until("axigen-queue", 2);
    nagios.check_until("axigen-queue", 2);

    let (author, comment) = (
        hostile("touched-author").replace(';', "&&"),
        hostile("touched-comment"),
    );
    nagios.act(&format!(
        "ACKNOWLEDGE_SVC_PROBLEM;mail01;axigen-queue;1;1;0;{author};{comment}"
    ));
    let message = machine.wait_for_phone("axigen-queue", 2);
    assert!(message.field("message").contains(&comment), "{message:?}");

    machine.queue(0);
    nagios.check_until("axigen-queue", 0);
    let message = machine.wait_for_phone("axigen-queue", 3);
    assert!(message.field("title").contains("OK"), "{message:?}");

    for _ in 0..3 {
        nagios.act(&format!(
            "PROCESS_SERVICE_CHECK_RESULT;mail01;axigen-queue;2;{}",
            hostile("touched-output")
        ));
    }
    let message = machine.wait_for_phone("axigen-queue", 4);
    assert!(
        message
            .field("message")
            .contains("touch /tmp/touched-output"),
        "{message:?}"
    );

    nagios.check_until("smtp", 2);
    let ringing = wait_for("an emergency", || {
        machine
            .phone("smtp")
            .into_iter()
            .find(|request| request.field("priority") == "2")
    });
    let tag = ringing.field("tags").to_owned();
    mail_server(smtp);
    nagios.check_until("smtp", 0);
    wait_for("the recovery", || {
        machine
            .phone("smtp")
            .into_iter()
            .find(|request| request.field("title").contains("OK"))
    });
    let order: Vec<String> = machine
        .phone("smtp")
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(
        order,
        [
            "/1/messages.json",
            &format!("/1/receipts/cancel_by_tag/{tag}.json"),
            "/1/messages.json"
        ]
    );
    machine.nothing_was_touched();
    let log = machine.read("var/log/nagios4/nagios.log") + &machine.read("tmp/nagios.log");
    assert!(!log.contains(TOKEN) && !log.contains(ALICE));
}

#[test]
#[ignore = "lab: NRPE"]
fn the_queue_is_checked_through_nrpe() {
    if skipped_without_root("the queue is checked through nrpe") {
        return;
    }
    let machine = Machine::new();
    let port = free_port();
    machine.adapt(
        "etc/nagios/nrpe.cfg",
        "etc/nagios/nrpe.cfg",
        &[("\nserver_port=5666\n", &format!("\nserver_port={port}\n"))],
    );
    machine.adapt(
        &format!("{EXAMPLES}/nrpe/axigen.cfg"),
        "etc/nagios/nrpe.d/axigen.cfg",
        &[],
    );
    machine.must(&["install", "-d", "-o", "nagios", "/run/nagios"]);
    let _nrpe = machine.start(
        &["nrpe", "-c", "/etc/nagios/nrpe.cfg", "-f"],
        "tmp/nrpe.log",
    );
    wait_for("NRPE", || TcpStream::connect(("127.0.0.1", port)).ok());
    for (messages, code, start) in [
        (7, 0, "AXIGEN QUEUE OK - 7 messages"),
        (600, 2, "AXIGEN QUEUE CRITICAL - 600 messages"),
        (0, 0, "AXIGEN QUEUE OK - 0 messages"),
    ] {
        machine.queue(messages);
        let port = port.to_string();
        let check = [
            "/usr/lib/nagios/plugins/check_nrpe",
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "-c",
            "check_axigen_queue",
        ];
        let output = machine.run(&check);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with(start), "{said}");
        assert!(
            said.contains(&format!("| messages={messages};100;500;0 ")),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(code));
    }
    chmod(&machine.path(QUEUE).join("00"), 0o700);
    let port = port.to_string();
    let output = machine.run(&[
        "/usr/lib/nagios/plugins/check_nrpe",
        "-H",
        "127.0.0.1",
        "-p",
        &port,
        "-c",
        "check_axigen_queue",
    ]);
    assert_eq!(output.status.code(), Some(3));
}
