//! Icinga 2 and Nagios 4 as daemons, and what the tests have them do.

use std::fs;
use std::io::Write;

use serde_json::{Value, json};

use super::bell::{ring_on_changes, wait_for};
use super::daemon::free_ports;
use super::machine::{Daemon, Machine};

/// What both cores can do.
pub(crate) trait Core {
    /// Has a service checked until its state is this one and hard; the core's own view of it.
    fn check_until(&self, service: &str, state: u8) -> String;
    /// Somebody takes a problem up.
    fn acknowledge(&self, service: &str, author: &str, comment: &str);
    /// A plugin says this, and CRITICAL.
    fn submit(&self, service: &str, output: &str);
    /// The host's check says this, and DOWN (1) or UP (0).
    fn submit_host(&self, state: u8, output: &str);
}

/// A running Icinga 2 with its API.
pub(crate) struct Icinga<'a> {
    machine: &'a Machine,
    port: u16,
    password: String,
    /// Ended with it.
    daemons: Vec<Daemon>,
}

impl<'a> Icinga<'a> {
    pub(crate) fn start(machine: &'a Machine) -> Self {
        machine.must(&["icinga2", "api", "setup", "--cn", "lab"]);
        Self::launch(machine)
    }

    /// A master of agents, with their endpoints and zones.
    pub(crate) fn start_master(machine: &'a Machine, zones: &str) -> Self {
        machine.must(&["icinga2", "node", "setup", "--master", "--cn", "lab", "--zone", "master"]);
        let own = machine.read("etc/icinga2/zones.conf");
        machine.write("etc/icinga2/zones.conf", &(own + zones));
        Self::launch(machine)
    }

    fn launch(machine: &'a Machine) -> Self {
        let port = free_ports(1)[0];
        let constants = machine.read("etc/icinga2/constants.conf");
        assert!(constants.contains("NodeName = \"lab\""), "{constants}");
        listen(machine, port);
        let users = machine.read("etc/icinga2/conf.d/api-users.conf");
        let password = users.split('"').nth(3).unwrap().to_owned();
        machine.must(&["/usr/lib/icinga2/prepare-dirs"]);
        let mut icinga = Self {
            machine,
            port,
            password,
            daemons: vec![machine.start(&["icinga2", "daemon"], "tmp/icinga2.log")],
        };
        wait_for("Icinga's API", || icinga.get("/v1/status").is_array().then_some(()));
        icinga.log_results();
        icinga
    }

    /// An agent on another machine, which asks this master for its certificate.
    pub(crate) fn agent(&self, machine: &'a Machine, name: &str, port: u16) -> Daemon {
        let master = self.port.to_string();
        let ticket = self.machine.run(&["icinga2", "pki", "ticket", "--cn", name]);
        let ticket = String::from_utf8(ticket.stdout).unwrap();
        let trusted = "/tmp/master.crt";
        machine.must(&["/usr/lib/icinga2/prepare-dirs"]);
        let at = ["--host", "127.0.0.1", "--port", &master];
        let save = ["icinga2", "pki", "save-cert", "--trustedcert", trusted];
        machine.must(&[&save[..], &at].concat());
        machine.must(&[
            "icinga2",
            "node",
            "setup",
            "--cn",
            name,
            "--zone",
            name,
            "--endpoint",
            "lab",
            "--parent_zone",
            "master",
            "--parent_host",
            &format!("127.0.0.1,{master}"),
            "--trustedcert",
            trusted,
            "--ticket",
            ticket.trim(),
            "--accept-commands",
            "--disable-confd",
        ]);
        listen(machine, port);
        let daemon = machine.start(&["icinga2", "daemon"], "tmp/icinga2-agent.log");
        wait_for("the agent", || {
            let seen = self.get(&format!("/v1/objects/endpoints/{name}"));
            (seen[0]["attrs"]["connected"] == json!(true)).then_some(())
        });
        daemon
    }

    /// Has every result of a check written to a log, which rings.
    fn log_results(&mut self) {
        let log = "tmp/icinga2-results.log";
        let words = self.request("POST", "/v1/events?queue=lab&types=CheckResult");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let stream = self.machine.start(&[&words[..], &["-i", "-N"]].concat(), log);
        self.daemons.push(stream);
        wait_for("Icinga's events", || self.machine.read(log).contains("200 OK").then_some(()));
    }

    /// A plugin says this, with this exit code.
    pub(crate) fn submit_state(&self, service: &str, state: u8, output: &str) {
        let body = json!({"exit_status": state, "plugin_output": output});
        self.act("process-check-result", service, body);
    }

    /// Where its API is, by the name in its certificate.
    pub(crate) fn url(&self) -> String {
        format!("https://lab:{}", self.port)
    }

    /// The words of a request to the API.
    fn request(&self, method: &str, path: &str) -> Vec<String> {
        let user = format!("root:{}", self.password);
        let url = format!("https://127.0.0.1:{}{path}", self.port);
        let accept = "Accept: application/json";
        ["curl", "-sk", "-u", &user, "-H", accept, "-X", method, &url]
            .map(ToOwned::to_owned)
            .to_vec()
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let words = self.request(method, path);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // By a file, since a body may be longer than an argument.
        self.machine.write("tmp/body.json", &body.to_string());
        let output = self.machine.run(&[&words[..], &["-d", "@/tmp/body.json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer["results"].clone()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null)
    }

    #[track_caller]
    fn act(&self, action: &str, service: &str, mut body: Value) {
        body["type"] = json!("Service");
        body["service"] = json!(format!("mail01!{service}"));
        self.act_on(action, &body);
    }

    #[track_caller]
    fn act_on(&self, action: &str, body: &Value) {
        let results = self.call("POST", &format!("/v1/actions/{action}"), body);
        assert_eq!(results[0]["code"].as_f64(), Some(200.0), "{action}: {results}");
    }

    pub(crate) fn service(&self, name: &str) -> Value {
        self.get(&format!("/v1/objects/services/mail01!{name}"))[0]["attrs"].clone()
    }
}

/// Where an instance of Icinga's listens.
fn listen(machine: &Machine, port: u16) {
    machine.adapt(
        "etc/icinga2/features-available/api.conf",
        "etc/icinga2/features-available/api.conf",
        &[(
            "object ApiListener \"api\" {",
            &format!(
                "object ApiListener \"api\" {{\n  bind_host = \"127.0.0.1\"\n  bind_port = {port}"
            ),
        )],
    );
}

impl Core for Icinga<'_> {
    fn check_until(&self, service: &str, state: u8) -> String {
        let ended = |attrs: &Value| attrs["last_check_result"]["execution_end"].clone();
        wait_for(&format!("{service} in state {state}"), || {
            let before = ended(&self.service(service));
            self.act("reschedule-check", service, json!({"force": true}));
            let attrs = wait_for("a check", || {
                let attrs = self.service(service);
                (ended(&attrs) != before).then_some(attrs)
            });
            let hard = attrs["state_type"].as_f64() == Some(1.0);
            let there = attrs["state"].as_f64() == Some(state.into());
            (hard && there).then(|| attrs["last_check_result"].to_string())
        })
    }

    fn acknowledge(&self, service: &str, author: &str, comment: &str) {
        let body = json!({"author": author, "comment": comment, "notify": true});
        self.act("acknowledge-problem", service, body);
    }

    fn submit(&self, service: &str, output: &str) {
        let body = json!({"exit_status": 2, "plugin_output": output});
        self.act("process-check-result", service, body);
    }

    fn submit_host(&self, state: u8, output: &str) {
        let body = json!({"type": "Host", "host": "mail01", "exit_status": state, "plugin_output": output});
        self.act_on("process-check-result", &body);
    }
}

/// A running Nagios 4.
pub(crate) struct Nagios<'a> {
    machine: &'a Machine,
    _daemon: Daemon,
}

impl<'a> Nagios<'a> {
    pub(crate) fn start(machine: &'a Machine) -> Self {
        // The first as the documentation says.
        machine.adapt(
            "etc/nagios4/nagios.cfg",
            "etc/nagios4/nagios.cfg",
            &[
                ("enable_environment_macros=0", "enable_environment_macros=1"),
                ("\nstatus_update_interval=10\n", "\nstatus_update_interval=1\n"),
                // Four changes within a minute are flapping, which silences a service.
                ("enable_flap_detection=1", "enable_flap_detection=0"),
                ("\ncheck_result_reaper_frequency=10\n", "\ncheck_result_reaper_frequency=1\n"),
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
        // Its status and its commands.
        let state = machine.path("var/lib/nagios4");
        ring_on_changes(&[&state, &state.join("rw")]);
        let nagios = Self {
            machine,
            _daemon: machine.start(&["nagios4", "/etc/nagios4/nagios.cfg"], "tmp/nagios.log"),
        };
        wait_for("Nagios", || machine.path("var/lib/nagios4/rw/nagios.cmd").exists().then_some(()));
        wait_for("Nagios' status", || nagios.service("axigen-queue").map(|_| ()));
        nagios
    }

    fn act(&self, line: &str) {
        let path = self.machine.path("var/lib/nagios4/rw/nagios.cmd");
        let mut commands = fs::OpenOptions::new().write(true).open(path).unwrap();
        writeln!(commands, "[{}] {line}", now()).unwrap();
    }

    /// A service's block in status.dat.
    pub(crate) fn service(&self, name: &str) -> Option<String> {
        let status = self.machine.read("var/lib/nagios4/status.dat");
        let blocks = status.split("servicestatus {").skip(1);
        blocks.map(|block| block.split("\t}").next().unwrap().to_owned()).find(|block| {
            block.contains("host_name=mail01\n")
                && block.contains(&format!("service_description={name}\n"))
        })
    }
}

impl Core for Nagios<'_> {
    fn check_until(&self, service: &str, state: u8) -> String {
        let checked = |block: &str| {
            let mut lines = block.lines();
            let line = lines.find(|line| line.contains("last_check="));
            line.unwrap_or_default().to_owned()
        };
        wait_for(&format!("{service} in state {state}"), || {
            let before = checked(&self.service(service)?);
            self.act(&format!("SCHEDULE_FORCED_SVC_CHECK;mail01;{service};{}", now()));
            let block = wait_for("a check", || {
                let block = self.service(service)?;
                (checked(&block) != before).then_some(block)
            });
            let hard = block.contains("\tstate_type=1\n");
            let there = block.contains(&format!("\tcurrent_state={state}\n"));
            (hard && there).then_some(block)
        })
    }

    fn acknowledge(&self, service: &str, author: &str, comment: &str) {
        self.act(&format!("ACKNOWLEDGE_SVC_PROBLEM;mail01;{service};1;1;0;{author};{comment}"));
    }

    fn submit(&self, service: &str, output: &str) {
        self.act(&format!("PROCESS_SERVICE_CHECK_RESULT;mail01;{service};2;{output}"));
    }

    fn submit_host(&self, state: u8, output: &str) {
        self.act(&format!("PROCESS_HOST_CHECK_RESULT;mail01;{state};{output}"));
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}
