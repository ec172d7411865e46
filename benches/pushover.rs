//! Measures one send of `notify_pushover`, spool included, against curl doing the same, and how fast a full spool is
//! drained, and what a storm costs while Pushover is slow. Prints the markdown tables of `benches/pushover.md`, which explains them.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

#[allow(dead_code, reason = "others run programs that are not ours")]
mod processes;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use processes::{median, peak_kib};
use tempfile::TempDir;

const ROUNDS: usize = 61;
const WAITING: u64 = 1000;
const PARALLEL: usize = 50;
/// What Pushover was measured to take on a bad day.
const SLOW: Duration = Duration::from_millis(300);
const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
const USER: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";
const ANSWER: &str = r#"{"status":1,"request":"647d2300-702c-4b38-8b2f-d56326ae460b"}"#;

fn main() {
    let scratch = TempDir::with_prefix_in("pushover-bench-", env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = scratch.path().join("pushover.toml");
    write_config(&config, "digest = 0\n");
    let site = Site {
        url: serve(Arrivals::default(), Duration::ZERO),
        config,
        spool: scratch.path().join("spool"),
    };
    let theirs = of_another_account(&site, scratch.path());
    one_send(&site, theirs.as_ref());
    drain(&site);
    parallel(&site);
    println!("\n| Pushover takes {} ms | goal | measured |\n|-|-|-|", SLOW.as_millis());
    for waiting in [200, 1000] {
        emergency(scratch.path(), waiting);
    }
    storm(scratch.path());
}

fn write_config(path: &Path, more: &str) {
    fs::write(path, format!("token = '{TOKEN}'\n{more}[users]\nalice = '{USER}'\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A site of its own, whose Pushover is slow, and what comes there.
fn slow_site(scratch: &Path, name: &str, more: &str) -> (Site, Arrivals) {
    let directory = scratch.join(name);
    fs::create_dir(&directory).unwrap();
    let config = directory.join("pushover.toml");
    write_config(&config, more);
    let arrivals = Arrivals::default();
    let site = Site { url: serve(arrivals.clone(), SLOW), config, spool: directory.join("spool") };
    fs::create_dir(&site.spool).unwrap();
    fs::set_permissions(&site.spool, fs::Permissions::from_mode(0o700)).unwrap();
    (site, arrivals)
}

/// An emergency while another process sends what waits, and no digest makes the line shorter.
fn emergency(scratch: &Path, waiting: u64) {
    let (site, arrivals) = slow_site(scratch, &format!("emergency-{waiting}"), "digest = 0\n");
    fill(&site, waiting);
    let mut flush = site.notify();
    flush.args(["flush", "--timeout=600"]).stdout(Stdio::null());
    let mut flush = flush.spawn().unwrap();
    // It is under way.
    arrivals.wait_for(|all| all.len() >= 3);
    let started = Instant::now();
    let mut alert = problem(&site, "mail01", "", "DOWN", &["--emergency=DOWN"]);
    let mut alert = alert.spawn().unwrap();
    let arrived = arrivals.wait_for(|all| all.iter().any(|(_, rings)| *rings));
    let (at, _) = arrived.into_iter().find(|(_, rings)| *rings).unwrap();
    let took = (at - started).as_secs_f64();
    println!("| emergency on the phone, {waiting} waiting, no digest | 2 s | {took:.2} s |");
    alert.wait().unwrap();
    flush.kill().unwrap();
    flush.wait().unwrap();
}

/// 200 services and their host fail within a second, and a process tells of each.
fn storm(scratch: &Path) {
    let (site, arrivals) = slow_site(scratch, "storm", "");
    let started = Instant::now();
    let mut children: Vec<Child> = (0..200)
        .map(|number| {
            let service = format!("service {number}");
            problem(&site, "mail01", &service, "CRITICAL", &[]).spawn().unwrap()
        })
        .collect();
    let rung = Instant::now();
    children.push(problem(&site, "mail01", "", "DOWN", &["--emergency=DOWN"]).spawn().unwrap());
    for child in &mut children {
        child.wait().unwrap();
    }
    let left = started.elapsed();
    let mut flush = site.notify();
    assert!(
        flush.args(["flush", "--timeout=600"]).stdout(Stdio::null()).status().unwrap().success()
    );
    let all = arrivals.wait_for(|_| true);
    let last = all.iter().map(|(at, _)| *at).max().unwrap();
    let (alarm, _) = all.iter().find(|(_, rings)| *rings).unwrap();
    println!("| storm of 201: messages | 6 | {} |", all.len());
    println!(
        "| storm of 201: the last message, after its begin | 5 s | {:.2} s |",
        (last - started).as_secs_f64()
    );
    println!(
        "| storm of 201: the emergency, the last process to start | 2 s | {:.2} s |",
        (*alarm - rung).as_secs_f64()
    );
    println!("| storm of 201: all processes have ended | | {:.2} s |", left.as_secs_f64());
}

fn problem(site: &Site, host: &str, service: &str, state: &str, more: &[&str]) -> Command {
    let mut command = site.notify();
    let of = if service.is_empty() { "--host-state" } else { "--service-state" };
    command.args(["--type=PROBLEM", "--output=it hurts", "--host-name", host]);
    command.args(["--service-name", service, of, state]).args(more).stdout(Stdio::null());
    command
}

/// The same with a spool of nobody's, whose identity root takes; `None` for those who are not root.
fn of_another_account(site: &Site, scratch: &Path) -> Option<Site> {
    let spool = scratch.join("spool-of-nobody");
    fs::create_dir(&spool).unwrap();
    chown(&spool, Some(65534), Some(65534)).ok()?;
    chown(&site.config, None, Some(65534)).unwrap();
    for (path, mode) in [(&*spool, 0o700), (&*site.config, 0o640), (scratch, 0o755)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    Some(Site { spool, url: site.url.clone(), config: site.config.clone() })
}

struct Site {
    url: String,
    config: PathBuf,
    spool: PathBuf,
}

impl Site {
    fn notify(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notify_pushover"));
        self.arguments(&mut command);
        command
    }

    fn arguments(&self, command: &mut Command) {
        command
            .arg("--config")
            .arg(&self.config)
            .arg("--spool-dir")
            .arg(&self.spool)
            .args(["--api-url", &self.url]);
    }

    fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command.arg("-s");
        for field in [
            format!("token={TOKEN}"),
            format!("user={USER}"),
            "message=143 messages wait in the queue".to_owned(),
        ] {
            command.args(["--form-string", &field]);
        }
        command.arg(format!("{}/1/messages.json", self.url));
        command
    }
}

/// Both commands by turns, so that a busy moment of the host hits both.
fn one_send(site: &Site, theirs: Option<&Site>) {
    let mut ours = Vec::new();
    let mut without_spool = Vec::new();
    let mut as_another = Vec::new();
    let mut curls = Vec::new();
    for _ in 0..ROUNDS {
        curls.push(time(&mut site.curl()));
        ours.push(time(site.notify().arg("--message=143 messages wait in the queue")));
        if let Some(theirs) = theirs {
            as_another.push(time(theirs.notify().arg("--message=143 messages wait in the queue")));
        }
        without_spool.push(time(
            site.notify().args(["--no-spool", "--message=143 messages wait in the queue"]),
        ));
    }
    let curl = median(curls);
    println!("| One accepted send, median of {ROUNDS} | ms | of curl | peak KiB |\n|-|-|-|-|");
    let row = |name: &str, took: Duration, peak: u64| {
        println!(
            "| {name} | {:.2} | {:.2} | {peak} |",
            took.as_secs_f64() * 1e3,
            took.as_secs_f64() / curl.as_secs_f64()
        );
    };
    row("`curl -s --form-string ...`", curl, peak_kib(&site.curl()));
    let mut notify = site.notify();
    notify.arg("--message=x");
    row("`notify_pushover --message`", median(ours), peak_kib(&notify));
    if let Some(theirs) = theirs {
        let mut notify = theirs.notify();
        notify.arg("--message=x");
        row(
            "the same by root, in a spool of another account",
            median(as_another),
            peak_kib(&notify),
        );
    }
    notify.arg("--no-spool");
    row("`notify_pushover --no-spool`", median(without_spool), peak_kib(&notify));
}

/// A full spool against a bare loop that posts as often over one connection.
fn drain(site: &Site) {
    let body = format!("token={TOKEN}&user={USER}&message=number+1&timestamp=1");
    let started = Instant::now();
    let mut stream =
        BufReader::new(TcpStream::connect(site.url.trim_start_matches("http://")).unwrap());
    stream.get_ref().set_nodelay(true).unwrap();
    for _ in 0..WAITING {
        let head = "POST /1/messages.json HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n";
        write!(stream.get_mut(), "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        read_message(&mut stream).unwrap();
    }
    let limit = started.elapsed();
    fill(site, WAITING);
    let ours = time(site.notify().arg("flush"));
    println!("\n| {WAITING} waiting messages, one connection | ms | per message, µs |\n|-|-|-|");
    let per_message = |took: Duration| took.as_secs_f64() * 1e6 / 1000.0;
    println!(
        "| a bare loop of requests | {:.0} | {:.0} |",
        limit.as_secs_f64() * 1e3,
        per_message(limit)
    );
    println!(
        "| `notify_pushover flush` | {:.0} | {:.0} |",
        ours.as_secs_f64() * 1e3,
        per_message(ours)
    );
    fill(site, WAITING);
    let mut flush = site.notify();
    flush.arg("flush");
    println!("\nPeak of that flush: {} KiB.", peak_kib(&flush));
}

/// Has this many messages wait.
fn fill(site: &Site, waiting: u64) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for number in 0..waiting {
        let item = format!(
            r#"{{"address":{{"config":"{}","token":"configured","user":"configured","recipient":"alice"}},"fields":[["message","number {number}"],["timestamp","{now}"]],"object":"o{number}","created":{now},"about":{{"host":"h","service":"s{number}","state":"WARNING","ends":false,"text":"t"}}}}"#,
            site.config.display()
        );
        fs::write(site.spool.join(format!("{:020}-1-0123456789abcdef.json", number + 1)), item)
            .unwrap();
    }
}

fn parallel(site: &Site) {
    let started = Instant::now();
    let start = |_| site.notify().arg("--message=x").stdout(Stdio::null()).spawn().unwrap();
    let children: Vec<Child> = (0..PARALLEL).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    println!(
        "\n{PARALLEL} at once, the last one ended after {:.0} ms.",
        started.elapsed().as_secs_f64() * 1e3
    );
}

fn time(command: &mut Command) -> Duration {
    let (took, status) = processes::time(command);
    assert!(status.success(), "{command:?}");
    took
}

/// When messages came, and whether they ring until somebody acknowledges.
#[derive(Clone, Default)]
struct Arrivals(Arc<(Mutex<Vec<Arrival>>, Condvar)>);

type Arrival = (Instant, bool);

impl Arrivals {
    fn note(&self, rings: bool) {
        self.0.0.lock().unwrap().push((Instant::now(), rings));
        self.0.1.notify_all();
    }

    fn wait_for(&self, enough: impl Fn(&[Arrival]) -> bool) -> Vec<Arrival> {
        let all = self.0.0.lock().unwrap();
        self.0.1.wait_while(all, |all| !enough(all)).unwrap().clone()
    }
}

/// A Pushover that takes its time for each message.
fn serve(arrivals: Arrivals, time: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let arrivals = arrivals.clone();
            std::thread::spawn(move || {
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut stream = BufReader::new(stream);
                while let Some(body) = read_message(&mut stream) {
                    // On the phone by the time that Pushover says so.
                    if !time.is_zero() {
                        std::thread::sleep(time);
                    }
                    arrivals.note(String::from_utf8_lossy(&body).contains("priority=2"));
                    let head =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ANSWER.len());
                    if stream.get_mut().write_all(format!("{head}{ANSWER}").as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// One request or answer with its body.
fn read_message(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "expect: 100-continue" {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
