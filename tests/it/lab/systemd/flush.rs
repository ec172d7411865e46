//! The timers: what waits in the spools goes out, and what was acknowledged on the phone reaches the core.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::OFlags;

use super::open_doors;
use crate::support::Outcome;
use crate::support::bell::{ring, wait_for};
use crate::support::booted::{Booted, Processes};
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::pushover::{ALICE, TOKEN, now};

/// Account, configuration and unit.
const SPOOLS: [(&str, &str, &str); 2] = [
    ("nagios", "etc/monitoring-plugins-axigen/pushover.toml", "notify-pushover-flush"),
    (
        "icinga-notifications",
        "etc/monitoring-plugins-axigen/channel/pushover.toml",
        "notify-pushover-channel-flush",
    ),
];
const PIPE: &str = "var/lib/nagios4/rw/nagios.cmd";
const STATUS: &str = "var/lib/nagios4/status.dat";

/// What a stand-in for Pushover knows.
#[derive(Default)]
struct Phone {
    is_up: AtomicBool,
    arrived: Mutex<Vec<String>>,
    open_doors: Mutex<Vec<String>>,
}

/// Messages that wait, and whom they wait for.
pub(super) struct Alerts<'a> {
    debian: &'a Booted,
    phone: Arc<Phone>,
    _pushover: HttpServer,
    pipe: File,
}

impl<'a> Alerts<'a> {
    /// Two messages that could not be sent, one in each spool, and an emergency that has rung.
    pub(super) fn left_waiting(debian: &'a Booted) -> Self {
        let phone = Arc::new(Phone::default());
        let pushover = stand_in(phone.clone(), debian.processes());
        debian.shell(
            "adduser --quiet --system --group --no-create-home icinga-notifications\n\
             dpkg-reconfigure monitoring-plugins-axigen",
        );
        // A network that is not said to be there, as where one of two cards is idle: alerts do not wait for that.
        let never = "[Unit]\nBefore=network-online.target\n[Service]\nType=oneshot\nExecStart=sleep infinity\n";
        debian.write("etc/systemd/system/never-online.service", never);
        debian.must(&["systemctl", "add-wants", "network-online.target", "never-online.service"]);
        for (_, config, unit) in SPOOLS {
            configure(debian, config, &pushover.url(), unit == SPOOLS[0].2);
        }
        let pipe = a_core(debian);
        let alerts = Self { debian, phone, _pushover: pushover, pipe };
        alerts.phone.is_up.store(true, Ordering::SeqCst);
        let at = now().to_string();
        let emergency = [
            "--type=PROBLEM",
            "--host-name=mail01",
            "--service-name=queue",
            "--service-state=CRITICAL",
            "--output=it hurts",
            "--emergency=CRITICAL",
            "--timestamp",
            &at,
        ];
        alerts.send(SPOOLS[0], &emergency).expect(0, "PUSHOVER OK - sent");
        alerts.phone.is_up.store(false, Ordering::SeqCst);
        for spool in SPOOLS {
            let message = format!("--message={}", spool.0);
            alerts.send(spool, &[&message, "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
        }
        alerts.phone.is_up.store(true, Ordering::SeqCst);
        alerts
    }

    fn send(&self, (account, config, _): (&str, &str, &str), options: &[&str]) -> Outcome {
        let config = format!("/{config}");
        let command = ["runuser", "-u", account, "--", "notify_pushover", "--config", &config];
        Outcome::of(&self.debian.run(&[&command, options].concat()))
    }

    pub(super) fn enable_the_timers(&self) {
        for (_, _, unit) in SPOOLS {
            self.debian.must(&["systemctl", "enable", "--now", &format!("{unit}.timer")]);
        }
    }

    /// Waits until the timers have sent everything, from inside their sandboxes.
    pub(super) fn have_arrived(mut self) {
        for (account, _, unit) in SPOOLS {
            wait_for(unit, || {
                let arrived = self.phone.arrived.lock().unwrap();
                arrived.iter().any(|message| message == account).then_some(())
            });
            // Ends with the run that the timer began.
            let service = format!("{unit}.service");
            self.debian.must(&["systemctl", "start", &service]);
            let said = self.debian.journal(&["--unit", &service]);
            assert!(said.contains("PUSHOVER OK - ") && said.contains(" sent"), "{service}: {said}");
        }
        assert_eq!(*self.phone.open_doors.lock().unwrap(), [""; 0]);
        let mut commands = String::new();
        self.pipe.read_to_string(&mut commands).unwrap();
        let wanted = "ACKNOWLEDGE_SVC_PROBLEM;mail01;queue;1;1;0;duty by Pushover;";
        assert!(commands.contains(wanted), "{commands:?}");
    }
}

fn configure(debian: &Booted, config: &str, url: &str, has_core: bool) {
    let mut file = OpenOptions::new().append(true).open(debian.path(config)).unwrap();
    writeln!(file, "token = '{TOKEN}'\nrecipient = 'duty'\napi-url = '{url}'").unwrap();
    if has_core {
        writeln!(file, "[acknowledge]\ncommand-file = '/{PIPE}'").unwrap();
    }
    writeln!(file, "[users]\nduty = '{ALICE}'").unwrap();
}

/// What Nagios shows of a problem, and the pipe it reads commands from.
fn a_core(debian: &Booted) -> File {
    debian.shell(&format!(
        "install -d -o nagios -g nagios /var/lib/nagios4 /var/lib/nagios4/rw\n\
         runuser -u nagios -- mkfifo -m 660 /{PIPE}"
    ));
    let problem = format!(
        "info {{\n\tcreated={}\n\t}}\nservicestatus {{\n\thost_name=mail01\n\tservice_description=queue\n\
         \tcurrent_state=2\n\tlast_hard_state_change={}\n\tproblem_has_been_acknowledged=0\n\t}}\n",
        now() + 600,
        now() - 600
    );
    debian.write(STATUS, &problem);
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(debian.path(PIPE)).unwrap()
}

/// Answers nothing good while it is down, and looks at the programs of the timers while they wait for an answer.
fn stand_in(phone: Arc<Phone>, processes: Processes) -> HttpServer {
    HttpServer::start(move |_, request: &Request| {
        if !phone.is_up.load(Ordering::SeqCst) {
            return Reply::json(500, "{}");
        }
        let message = request.field("message");
        if let Some((account, _, unit)) = SPOOLS.iter().find(|(account, ..)| *account == message) {
            let open = open_doors(processes, &format!("{unit}.service"));
            phone.open_doors.lock().unwrap().extend(open);
            phone.arrived.lock().unwrap().push((*account).to_owned());
            ring();
        }
        if request.field("priority") == "2" {
            return Reply::json(200, r#"{"status":1,"receipt":"R0"}"#);
        }
        if request.path.starts_with("/1/receipts/") {
            let by = format!(
                r#"{{"status":1,"acknowledged":1,"acknowledged_at":{},"acknowledged_by":"{ALICE}"}}"#,
                now()
            );
            return Reply::json(200, &by);
        }
        Reply::accepted()
    })
}
