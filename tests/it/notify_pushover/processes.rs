//! Many processes, killed ones, and signals: one sends, nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::Host;
use crate::support::{Outcome, skipped_without_root};

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn end(child: Child) -> Outcome {
    Outcome::of(&child.wait_with_output().unwrap())
}

#[test]
fn fifty_at_once_use_one_connection_and_deliver_each_once_and_in_order() {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            reached.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        Reply::accepted()
    });
    let host = Host::of(&server);
    let start_all = Instant::now();
    // The others arrive while the first is being sent, so that their order is settled before one of them is.
    let mut children = vec![start(host.command().arg("--message=0"))];
    seen.recv().unwrap();
    let others = 1..50;
    children.extend(others.map(|n| start(host.command().args(["--message", &n.to_string()]))));
    while host.waiting().len() < 50 {
        std::thread::yield_now();
    }
    let expected = host.waiting_messages();
    go.send(()).unwrap();
    for child in children {
        // On a busy machine some have waited long enough by now.
        let outcome = end(child);
        assert!([0, 1].contains(&outcome.code), "{}", outcome.stdout);
    }
    assert!(start_all.elapsed() < Duration::from_secs(20));
    assert_eq!(server.most_connections_at_once(), 1);
    assert_eq!(server.messages(), expected, "each once, in the order of arrival");
    let mut distinct = expected;
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 50);
    assert!(host.waiting().is_empty());
}

#[test]
fn a_killed_drainer_is_replaced_by_whoever_waits() {
    let (reached, seen) = mpsc::channel();
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            reached.send(()).unwrap();
            Reply::Silent
        } else {
            Reply::accepted()
        }
    });
    let host = Host::of(&server);
    let mut first = start(host.command().arg("--message=1"));
    seen.recv().unwrap();
    let second = start(host.command().arg("--message=2"));
    signal(&first, Signal::KILL);
    first.wait().unwrap();
    end(second).expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["1", "1", "2"]);
}

#[test]
fn kills_at_random_points_lose_nothing() {
    kill_at_random_points(12);
}

#[test]
#[ignore = "lab: 240 killed processes"]
fn two_hundred_kills_lose_nothing() {
    kill_at_random_points(240);
}

/// Kills each run after another fraction of the time a run takes. Each message that was ever complete on disk must
/// arrive, and once only, unless a kill came between the request and the removal of its file: a kill costs one duplicate
/// at most, and only of a message that is still in the spool behind it. One that was killed before it was on disk may
/// be missing, but then its run cannot have said anything.
fn kill_at_random_points(kills: u32) {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let started = Instant::now();
    host.send("warm").expect(0, "PUSHOVER OK - ");
    let mut run_time = started.elapsed();
    let enough = usize::try_from(kills).unwrap() / 4;
    let mut written = Vec::new();
    // Kills that left something in the spool, and those that each message has survived in the spool.
    let mut survived: BTreeMap<String, usize> = BTreeMap::new();
    let mut costly = 0;
    for number in 0.. {
        if number >= kills && number % kills == 0 {
            if written.len() > enough {
                break;
            }
            // The machine has more to do than for the first run: none had come far enough.
            run_time *= 2;
        }
        let text = format!("message {number}");
        let mut child = start(host.command().args(["--message", &text]));
        let point = run_time * (number * 37 % kills) / kills;
        let (_never, wait) = mpsc::channel::<()>();
        let _ = wait.recv_timeout(point);
        let _ = child.kill();
        child.wait().unwrap();
        // In the spool, under its own or its temporary name, and complete.
        let everything = host.everything_in_the_spool();
        let complete =
            everything.contains(&format!("{text}\"")) && everything.contains("\"next_try\":0}");
        if complete || server.messages().contains(&text) {
            written.push(text);
        }
        let left = host.waiting_messages();
        costly += usize::from(!left.is_empty());
        for text in left {
            *survived.entry(text).or_default() += 1;
        }
    }
    host.run(&["flush"]).expect(0, "PUSHOVER OK - ");
    let arrived = server.messages();
    for text in &written {
        let count = arrived.iter().filter(|message| *message == text).count();
        assert!(count >= 1, "{text} is lost");
        let allowed = 1 + survived.get(text).copied().unwrap_or(0);
        assert!(count <= allowed, "{text} came {count} times, not {allowed}");
    }
    let distinct = arrived.iter().collect::<std::collections::BTreeSet<_>>().len();
    let duplicates = arrived.len() - distinct;
    assert!(duplicates <= costly, "{duplicates} duplicates of {costly} kills");
    assert!(host.waiting().is_empty() && host.failed().is_empty());
    assert!(!host.everything_in_the_spool().contains(".tmp-"));
    eprintln!("{kills} kills: {} on disk or delivered, {duplicates} duplicates", written.len());
}

#[test]
fn sigterm_does_not_stop_a_delivery() {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let server = HttpServer::start(move |_, _| {
        reached.send(()).unwrap();
        gone.lock().unwrap().recv().unwrap();
        Reply::accepted()
    });
    let host = Host::of(&server);
    let child = start(host.command().arg("--message=x"));
    seen.recv().unwrap();
    for kind in [Signal::TERM, Signal::HUP, Signal::INT] {
        signal(&child, kind);
    }
    go.send(()).unwrap();
    end(child).expect(0, "PUSHOVER OK - sent");
}

#[test]
fn an_output_nobody_can_read_changes_no_exit_code() {
    let server = HttpServer::with(vec![
        Reply::accepted(),
        Reply::json(400, r#"{"status":0}"#),
        Reply::json(500, ""),
    ]);
    let host = Host::of(&server);
    for code in [0, 2, 1] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = host.command();
        command.args(["--message=x", "--timeout=2"]).stdout(full);
        assert_eq!(command.status().unwrap().code(), Some(code));
    }
}

#[test]
fn a_waiting_process_learns_that_its_message_was_rejected() {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            reached.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
            Reply::accepted()
        } else {
            Reply::json(400, r#"{"status":0,"errors":["no"]}"#)
        }
    });
    let host = Host::of(&server);
    let first = start(host.command().arg("--message=1"));
    seen.recv().unwrap();
    let second = start(host.command().arg("--message=2"));
    while host.waiting().len() < 2 {
        std::thread::yield_now();
    }
    go.send(()).unwrap();
    end(first).expect(0, "PUSHOVER OK - ");
    end(second).expect(2, "PUSHOVER REJECTED - no (400)");
}

#[test]
fn a_file_that_is_gone_is_no_delivery() {
    let (reached, seen) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let server = HttpServer::start(move |number, _| {
        if number == 0 {
            reached.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        Reply::accepted()
    });
    let host = Host::of(&server);
    let first = start(host.command().arg("--message=1"));
    seen.recv().unwrap();
    let others = ["2", "3"].map(|text| start(host.command().arg(format!("--message={text}"))));
    while host.waiting().len() < 3 {
        std::thread::yield_now();
    }
    let second = host.waiting_messages().iter().position(|text| text == "2").unwrap();
    fs::remove_file(host.spool().join(&host.waiting()[second])).unwrap();
    go.send(()).unwrap();
    end(first).expect(0, "PUSHOVER OK - ");
    for other in others {
        end(other).expect(0, "PUSHOVER OK - sent");
    }
    let mut messages = server.messages();
    messages.sort();
    assert_eq!(messages, ["1", "2", "3"], "what nobody delivered is sent, and nothing twice");
    assert!(!host.everything_in_the_spool().contains(".sent-"));
}

#[test]
fn a_dead_name_server_does_not_hold_the_process() {
    if skipped_without_root("a dead name server") {
        return;
    }
    // It takes every question and answers none.
    let _name_server = std::net::UdpSocket::bind("127.7.7.7:53").unwrap();
    let host = Host::at("https://pushover.example");
    let resolver = host.path().join("resolv.conf");
    fs::write(&resolver, "nameserver 127.7.7.7\n").unwrap();
    let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script]).arg(&resolver);
    let notify = host.command();
    command.arg(notify.get_program()).args(notify.get_args());
    command.args(["--message=x", "--timeout=3", "--connect-timeout=1"]);
    let started = Instant::now();
    let outcome = Outcome::of(&command.output().unwrap());
    assert!(started.elapsed() < Duration::from_millis(3500), "{:?}", started.elapsed());
    outcome.expect(1, "PUSHOVER QUEUED - cannot connect: connect timeout");
    assert_eq!(host.waiting().len(), 1);
}
