//! Output that nobody can read: every program ends in time, and not by a signal.

use std::fs::File;
use std::io::{PipeReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};

use crate::support::http_server::HttpServer;
use crate::support::pushover::Host;
use crate::support::{open_tempdir, program};

/// More than a program waits for a reader.
const IN_TIME: Duration = Duration::from_secs(24);

/// A pipe that is full, and its reader, who reads nothing.
fn full_pipe() -> (PipeReader, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut filler = File::from(OwnedFd::from(writer.try_clone().unwrap()));
    fcntl_setfl(filler.as_fd(), OFlags::NONBLOCK).unwrap();
    while filler.write(&[0; 4096]).is_ok() {}
    fcntl_setfl(filler.as_fd(), OFlags::empty()).unwrap();
    (reader, writer.into())
}

fn help_of_every_program(start: impl Fn(&str) -> Child) -> Vec<(String, Option<i32>)> {
    let names: Vec<String> =
        suite::commands().iter().map(|command| command.get_name().to_owned()).collect();
    let children: Vec<Child> = names.iter().map(|name| start(name)).collect();
    let codes = children.into_iter().map(|mut child| child.wait().unwrap().code());
    names.into_iter().zip(codes).collect()
}

#[test]
fn help_that_nobody_can_read_exits_3() {
    let full: OwnedFd = File::options().write(true).open("/dev/full").unwrap().into();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let (_never, unread) = full_pipe();
    for (case, output) in
        [("full device", full), ("closed pipe", closed.into()), ("full pipe", unread)]
    {
        let begun = Instant::now();
        let codes = help_of_every_program(|name| {
            let mut command = Command::new(program(name));
            command.arg("--help").stdout(output.try_clone().unwrap()).spawn().unwrap()
        });
        assert!(codes.iter().all(|(_, code)| *code == Some(3)), "{case}: {codes:?}");
        assert!(begun.elapsed() < IN_TIME, "{case}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_file_that_may_not_grow_ends_no_program_by_a_signal() {
    let dir = open_tempdir();
    let codes = help_of_every_program(|name| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 0; exec \"$0\" --help"]).arg(program(name));
        command.stdout(File::create(dir.path().join(name)).unwrap()).spawn().unwrap()
    });
    assert!(codes.iter().all(|(_, code)| *code == Some(3)), "{codes:?}");
}

#[test]
fn an_alert_whose_outcome_nobody_reads_is_sent_and_its_run_ends_in_time() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let (_never, unread) = full_pipe();
    let begun = Instant::now();
    let mut command = host.command();
    command.args(["--message=x", "--timeout=3"]).stdout(unread);
    assert_eq!(command.status().unwrap().code(), Some(0), "as for any reader");
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    assert_eq!(server.messages(), ["x"]);
}
