//! Disks that do not answer, under the real cores and with a real FUSE daemon that was stopped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::daemons::{Core, Icinga, Nagios};
use crate::support::filesystem::DeadMount;
use crate::support::machine::{EXAMPLES, Machine, QUEUE};
use crate::support::queue::QueueTree;
use crate::support::{open_tempdir, program, run, skipped_without_root};

/// Workers of the queue check whose file system begins at `root`.
fn workers(root: &Path) -> usize {
    let is_ours = |process: &fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let name = line.split(|byte| *byte == 0).next().unwrap_or_default();
        name.ends_with(b"check_axigen_queue (worker)")
            && fs::read_link(process.path().join("root")).is_ok_and(|link| link == root)
    };
    fs::read_dir("/proc").unwrap().flatten().filter(is_ours).count()
}

/// Three results, and as many processes as after the first.
fn a_result_at_each_run(machine: &Machine, core: &impl Core) {
    for said in ["timed out after 10s while ", "still hanging since 20", "still hanging since 20"] {
        // The second and third attempt make the state hard, so the first sentence is gone by then.
        let seen = core.check_until("axigen-queue", 3);
        let is_told = seen.contains("still hanging since 20") || seen.contains(said);
        assert!(is_told, "{seen}");
        assert_eq!(workers(&machine.path("")), 1, "{seen}");
    }
}

#[test]
#[ignore = "lab: Icinga 2"]
fn icinga_gets_a_result_at_each_run_of_a_check_that_hangs() {
    if skipped_without_root("Icinga 2") {
        return;
    }
    let machine = Machine::new();
    let example = format!("{EXAMPLES}/icinga2/axigen.conf");
    machine.adapt(&example, "etc/icinga2/conf.d/axigen.conf", &[]);
    let dead = DeadMount::over(&machine.path(QUEUE));
    let icinga = Icinga::start(&machine);
    a_result_at_each_run(&machine, &icinga);
    drop(dead);
}

#[test]
#[ignore = "lab: Nagios 4"]
fn nagios_gets_a_result_at_each_run_of_a_check_that_hangs() {
    if skipped_without_root("Nagios 4") {
        return;
    }
    let machine = Machine::new();
    let example = format!("{EXAMPLES}/nagios/axigen.cfg");
    machine.adapt(&example, "etc/nagios4/conf.d/axigen.cfg", &[]);
    let dead = DeadMount::over(&machine.path(QUEUE));
    let nagios = Nagios::start(&machine);
    a_result_at_each_run(&machine, &nagios);
    drop(dead);
}

#[test]
#[ignore = "lab: bindfs"]
fn a_stopped_fuse_daemon_is_unknown_and_its_queue_is_counted_once_it_goes_on() {
    if skipped_without_root("bindfs") {
        return;
    }
    let (queue, dir) = (QueueTree::new(), open_tempdir());
    queue.messages(3);
    let daemon = Bindfs::mount(queue.path(), dir.path());
    let check = || {
        let mut command = Command::new(program("check_axigen_queue"));
        // Nothing is remembered of the daemon's answers, so that each look asks it.
        run(command.args(["-t", "2", "--queue-dir"]).arg(dir.path()))
    };
    check().expect(0, "AXIGEN QUEUE OK - 3 messages");
    daemon.send(Signal::STOP);
    for _ in 0..3 {
        let start = Instant::now();
        let outcome = check();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(outcome.code, 3, "{}", outcome.stdout);
        assert!(workers(Path::new("/")) <= 1);
    }
    daemon.send(Signal::CONT);
    check().expect(0, "AXIGEN QUEUE OK - 3 messages");
    assert_eq!(workers(Path::new("/")), 0);
}

/// A real FUSE file system that shows another directory.
struct Bindfs<'a> {
    child: Child,
    at: &'a Path,
}

impl<'a> Bindfs<'a> {
    fn mount(of: &Path, at: &'a Path) -> Self {
        let mut command = Command::new("bindfs");
        let options = "attr_timeout=0,entry_timeout=0,negative_timeout=0,ac_attr_timeout=0";
        command.args(["-f", "-o", options]).args([of, at]);
        let child = command.spawn().expect("Debian package bindfs");
        let start = Instant::now();
        while !at.join("00").exists() {
            assert!(start.elapsed() < Duration::from_secs(30), "bindfs shows nothing");
            std::thread::yield_now();
        }
        Self { child, at }
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Bindfs<'_> {
    fn drop(&mut self) {
        self.send(Signal::CONT);
        let _ = rustix::mount::unmount(self.at, rustix::mount::UnmountFlags::DETACH);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
