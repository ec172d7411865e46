//! Measures `check_smtp_tls` beside other TLS scanners and `check_smtp`, on one real postfix on the loopback. Prints the
//! markdown table of `benches/smtp_tls.md`, which explains it.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends"
)]

mod processes;
#[path = "../tests/it/support/mod.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "the postfix of the tests"
)]
mod support;

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use processes::{median, on_path, peak_mib, time};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use support::pki::{Authority, rsa};
use support::postfix::{Postfix, Service};

/// Of what takes milliseconds.
const ROUNDS: usize = 101;
const CHECK_SMTP: &str = "/usr/lib/nagios/plugins/check_smtp";

fn main() {
    let root = Authority::root();
    let leaf = root.leaf("127.0.0.1", -1, 397, rsa());
    let Some(postfix) =
        Postfix::start("benchmark", &[("good.pem", leaf.pem())], &[Service::new(&[])])
    else {
        println!("Not measured: it needs a postfix of its own, which needs root on Debian.");
        return;
    };
    let port = postfix.port(0);
    let dir = tempfile::tempdir().unwrap();
    let anchors = system_and(&root, dir.path());
    let proxy = Proxy::start(port);
    println!(
        "| Command | connections | at once | median ms | median CPU ms | runs | peak MiB |\n|-|-:|-:|-:|-:|-:|-:|"
    );
    let mut missing = Vec::new();
    let mut rows = Vec::new();
    for tool in &TOOLS {
        match path(tool.words[0]) {
            Some(path) => rows.push(Row { tool, path, anchors: &anchors, runs: Vec::new() }),
            None => missing.push(tool.words[0]),
        }
    }
    // Those that take milliseconds run in turn, so that a busy moment of the host hits all of them.
    let (mut quick, mut slow): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.tool.exit_code.is_some() && row.is_quick(port));
    for _ in 0..ROUNDS {
        for row in &mut quick {
            row.run(port);
        }
    }
    for row in &mut slow {
        row.run_alone(port);
    }
    for row in quick.iter().chain(&slow) {
        println!("{}", row.line(&proxy));
    }
    if !missing.is_empty() {
        println!("\nNot here, and left out: {}.", missing.join(", "));
    }
}

/// The anchors of this system, and the one that certifies postfix: so many are read as for a server on the Internet.
fn system_and(root: &Authority, dir: &Path) -> PathBuf {
    let path = root.write(dir);
    let mut anchors = std::fs::read(&path).unwrap();
    let system = openssl_probe::probe().cert_file.unwrap();
    anchors.extend(std::fs::read(system).unwrap());
    std::fs::write(&path, anchors).unwrap();
    path
}

/// A command line, with `{port}` where the port belongs; `exit_code` where it must end well to count.
struct Tool {
    words: &'static [&'static str],
    exit_code: Option<i32>,
}

const TOOLS: [Tool; 7] = [
    Tool { words: &["check_smtp_tls", "-H", "127.0.0.1", "-p", "{port}"], exit_code: Some(0) },
    Tool {
        words: &["check_smtp_tls", "-H", "127.0.0.1", "-p", "{port}", "--quick"],
        exit_code: Some(0),
    },
    Tool {
        words: &[CHECK_SMTP, "-H", "127.0.0.1", "-p", "{port}", "-S", "-D", "28,7"],
        exit_code: Some(0),
    },
    Tool { words: &["sslscan", "--starttls-smtp", "127.0.0.1:{port}"], exit_code: Some(0) },
    Tool {
        words: &[
            "nmap",
            "-Pn",
            "-n",
            "-sV",
            "-p",
            "{port}",
            "--script",
            "ssl-enum-ciphers,sslv2",
            "127.0.0.1",
        ],
        exit_code: Some(0),
    },
    Tool {
        // Ends with 1 where the server does not follow Mozilla's advice.
        words: &["sslyze", "--starttls=smtp", "127.0.0.1:{port}"],
        exit_code: None,
    },
    Tool {
        // Ends with the number of what it thinks amiss.
        words: &["testssl", "--warnings", "batch", "--starttls", "smtp", "127.0.0.1:{port}"],
        exit_code: None,
    },
];

impl Tool {
    fn command(&self, path: &Path, port: u16, anchors: &Path) -> Command {
        let mut command = Command::new(path);
        command.env("SSL_CERT_FILE", anchors).env_remove("SSL_CERT_DIR");
        for word in &self.words[1..] {
            command.arg(word.replace("{port}", &port.to_string()));
        }
        command
    }

    /// One whole process, from start to exit, with the processes it waited for.
    fn time(&self, command: &mut Command) -> Times {
        let used = cpu_of_children();
        let (wall, status) = time(command);
        let times = Times { wall, cpu: cpu_of_children().checked_sub(used).unwrap() };
        assert!(
            self.exit_code.is_none_or(|code| status.code() == Some(code)),
            "{command:?}: {status}"
        );
        times
    }
}

#[derive(Clone, Copy)]
struct Times {
    wall: Duration,
    cpu: Duration,
}

/// User and system time of all children that ended, in microseconds (getrusage(2)).
fn cpu_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let spent = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(spent.try_into().unwrap())
}

/// One tool and its runs.
struct Row<'a> {
    tool: &'a Tool,
    path: PathBuf,
    anchors: &'a Path,
    runs: Vec<Times>,
}

impl Row<'_> {
    /// Also warms the caches.
    fn is_quick(&self, port: u16) -> bool {
        self.tool.time(&mut self.tool.command(&self.path, port, self.anchors)).wall
            < Duration::from_millis(200)
    }

    fn run(&mut self, port: u16) -> Times {
        let times = self.tool.time(&mut self.tool.command(&self.path, port, self.anchors));
        self.runs.push(times);
        times
    }

    /// Where it takes minutes, one run is all.
    fn run_alone(&mut self, port: u16) {
        let rounds = match self.run(port).wall.as_secs() {
            ..5 => 20,
            5..60 => 4,
            _ => 0,
        };
        for _ in 0..rounds {
            self.run(port);
        }
    }

    fn median_ms(&self, of: fn(&Times) -> Duration) -> f64 {
        median(self.runs.iter().map(of)).as_secs_f64() * 1e3
    }

    fn line(&self, proxy: &Proxy) -> String {
        // Counted and weighed in a run of its own, which the proxy slows down.
        proxy.forget();
        let peak = peak_mib(&self.tool.command(&self.path, proxy.port, self.anchors));
        let name = Path::new(self.tool.words[0]).file_name().unwrap().to_string_lossy();
        let options = self.tool.words[1..].join(" ").replace("{port}", "PORT");
        format!(
            "| `{name} {options}` | {} | {} | {:.1} | {:.2} | {} | {:.1} |",
            proxy.seen.opened.load(Ordering::SeqCst),
            proxy.seen.most.load(Ordering::SeqCst),
            self.median_ms(|times| times.wall),
            self.median_ms(|times| times.cpu),
            self.runs.len(),
            peak
        )
    }
}

/// Where a command is: ours among what cargo has built, others on the path.
fn path(name: &str) -> Option<PathBuf> {
    if name == "check_smtp_tls" {
        return Some(env!("CARGO_BIN_EXE_check_smtp_tls").into());
    }
    on_path(name)
}

/// Passes connections on to postfix and counts them.
struct Proxy {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    opened: AtomicUsize,
    most: AtomicUsize,
}

impl Proxy {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let proxy = Self { port, seen: seen.clone() };
        std::thread::spawn(move || {
            let mut open: Vec<Arc<TcpStream>> = Vec::new();
            for client in listener.incoming() {
                let client = Arc::new(client.unwrap());
                open.retain(|client| is_open(client));
                open.push(client.clone());
                seen.opened.fetch_add(1, Ordering::SeqCst);
                seen.most.fetch_max(open.len(), Ordering::SeqCst);
                std::thread::spawn(move || {
                    pass(&client, &TcpStream::connect(("127.0.0.1", to)).unwrap());
                });
            }
        });
        proxy
    }

    fn forget(&self) {
        self.seen.opened.store(0, Ordering::SeqCst);
        self.seen.most.store(0, Ordering::SeqCst);
    }
}

/// Whether the client has not closed; asked of the socket, since the thread that passes it on may be late.
fn is_open(client: &TcpStream) -> bool {
    match recv(client, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((_, length)) => length > 0,
        Err(error) => error == Errno::WOULDBLOCK,
    }
}

/// Copies both ways until either side closes.
fn pass(client: &TcpStream, server: &TcpStream) {
    let copy = |mut from: &TcpStream, mut to: &TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| copy(server, client));
        copy(client, server);
    });
}
