//! Whoever may write into the spool gets nothing of root's, nor of the account that owns it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::http_server::HttpServer;
use crate::support::pushover::{Host, item, make_spool, name, now};
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, chmod, skipped_without_root};

/// The account that owns the spool; it has no name, so its group is that of the spool.
const OWNER: u32 = 4_000_000;
/// The attacker is a member of this group and nothing else.
const GROUP: u32 = 4_000_001;

/// A spool that the members of a group may write.
fn shared_spool(host: &Host, owner: u32) {
    make_spool(host);
    chown(host.spool(), Some(owner), Some(GROUP)).unwrap();
    chmod(&host.spool(), 0o770);
    chown(host.config(), Some(0), Some(GROUP)).unwrap();
}

/// A directory that nobody but `owner` may enter.
fn closed(path: PathBuf, owner: u32) -> PathBuf {
    fs::create_dir(&path).unwrap();
    chown(&path, Some(owner), Some(owner)).unwrap();
    chmod(&path, 0o700);
    path
}

/// Puts something into the spool as the attacker does.
fn plant(host: &Host, script: &str, target: &Path) {
    let mut command = Command::new("setpriv");
    let group = format!("--regid={GROUP}");
    command.args(["--reuid=4000002", &group, "--clear-groups", "sh", "-euc", script, "sh"]);
    let status = command.arg(target).current_dir(host.spool()).status().unwrap();
    assert!(status.success(), "{script}");
}

#[test]
fn a_planted_link_for_failed_leads_nobody_anywhere() {
    if skipped_without_root("a spool with an attacker in its group") {
        return;
    }
    for owner in [0, OWNER] {
        let server = HttpServer::with(vec![]);
        let host = Host::of(&server);
        shared_spool(&host, owner);
        let target = closed(host.path().join("hooks"), owner);
        plant(&host, &format!("ln -s \"$1\" failed; echo '{{' >{}", name(1)), &target);
        for options in [&["flush"][..], &["--message=x"], &["flush", "--retry-failed"]] {
            host.run(options);
        }
        host.check(&[]);
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0, "owner {owner}");
        assert_eq!(host.waiting(), [name(1)], "owner {owner}");
        assert_eq!(server.messages(), ["x"], "owner {owner}");
    }
}

/// Waits until the half-made directory is there, or is open, and puts a link in its place.
fn swap(host: &Host, child: &mut Child, target: &Path, once_open: bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        let names = fs::read_dir(host.spool()).unwrap().map(|entry| entry.unwrap().path());
        let half = |path: &PathBuf| path.to_string_lossy().contains("/.tmp-dir-");
        let ready = |path: &PathBuf| half(path) && (!once_open || is_open(path));
        if let Some(temporary) = names.into_iter().find(ready) {
            let _ = fs::rename(&temporary, host.spool().join("away"));
            let _ = symlink(target, &temporary);
            return;
        }
        std::thread::yield_now();
    }
}

/// Whether the process that made this directory, whose number is in its name, has it open.
fn is_open(temporary: &Path) -> bool {
    let text = temporary.to_string_lossy();
    let descriptors = format!("/proc/{}/fd", text.rsplit('-').next().unwrap());
    let descriptors = fs::read_dir(descriptors).into_iter().flatten().flatten();
    descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|path| path == temporary)
}

#[test]
fn a_swapped_directory_hands_nothing_over() {
    let test = "a spool with an attacker in its group";
    if skipped_without_root(test) || skipped_without_strace(test) {
        return;
    }
    // The attacker has the time between two calls on the half-made directory.
    for (pause, once_open) in
        [("mkdir,mkdirat:delay_exit=400000", false), ("/^f?chown(at)?$:delay_enter=400000", true)]
    {
        for owner in [0, OWNER] {
            let server = HttpServer::with(vec![]);
            let host = Host::of(&server);
            shared_spool(&host, owner);
            let closed = closed(host.path().join("closed"), owner);
            let target = closed.join("secret");
            fs::write(&target, "secret").unwrap();
            chown(&target, Some(owner), Some(owner)).unwrap();
            chmod(&target, 0o600);
            plant(&host, &format!("echo '{{' >{}; chmod 666 *", name(1)), &target);
            let mut flush = host.command();
            flush.arg("flush");
            let mut traced = with_fault(&flush, pause);
            let mut child = traced.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            swap(&host, &mut child, &target, once_open);
            let outcome = Outcome::of(&child.wait_with_output().unwrap());
            assert_ne!(outcome.code, 0, "{pause}: {}", outcome.stdout);
            let meta = fs::metadata(&target).unwrap();
            let (uid, gid, mode) = (meta.uid(), meta.gid(), meta.mode() & 0o777);
            assert_eq!((uid, gid, mode), (owner, owner, 0o600), "{pause}, owner {owner}");
            assert_eq!(host.waiting(), [name(1)], "{pause}, owner {owner}");
        }
    }
}

#[test]
fn no_planted_file_is_followed_waited_for_or_written_to() {
    if skipped_without_root("a spool with an attacker in its group") {
        return;
    }
    let temporary = format!(".tmp-{}", name(2));
    for (case, script) in [
        ("lock, link", "ln -s \"$1\" .lock".to_owned()),
        ("lock, pipe", "mkfifo .lock; chmod 666 .lock".to_owned()),
        ("state, link", "ln -s \"$1\" .state.json".to_owned()),
        ("state, pipe", "mkfifo .state.json; chmod 666 .state.json".to_owned()),
        ("message, link", format!("ln -s \"$1\" {}", name(1))),
        ("message, pipe", format!("mkfifo {0}; chmod 666 {0}", name(1))),
        ("temporary, link", format!("ln -s \"$1\" {temporary}")),
        ("temporary, pipe", format!("mkfifo {temporary}; chmod 666 {temporary}")),
        ("failed, pipe", "mkfifo failed; chmod 666 failed".to_owned()),
    ] {
        let server = HttpServer::with(vec![]);
        let host = Host::of(&server);
        shared_spool(&host, OWNER);
        let target = closed(host.path().join("closed"), OWNER).join("secret");
        // A message that would be sent if somebody followed a link to it.
        let secret = item(&host, "secret", now(), 0);
        fs::write(&target, &secret).unwrap();
        chown(&target, Some(OWNER), Some(OWNER)).unwrap();
        chmod(&target, 0o600);
        plant(&host, &script, &target);
        let started = Instant::now();
        host.run(&["--message=x", "--timeout=8"]).expect(0, "PUSHOVER OK - sent");
        assert!(started.elapsed() < Duration::from_secs(4), "{case}: {:?}", started.elapsed());
        host.check(&["-t", "4"]);
        assert_eq!(server.messages(), ["x"], "{case}");
        assert_eq!(fs::read_to_string(&target).unwrap(), secret, "{case}");
    }
}

#[test]
fn a_file_known_elsewhere_by_another_name_is_not_overwritten() {
    if skipped_without_root("a sticky spool with an attacker in its group") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    shared_spool(&host, OWNER);
    // In a sticky directory the owner of the spool could replace it; another member can only write into it.
    chown(host.spool(), Some(0), Some(GROUP)).unwrap();
    chmod(&host.spool(), 0o1770);
    let target = host.path().join("target");
    fs::write(&target, "precious").unwrap();
    chown(&target, Some(OWNER), Some(GROUP)).unwrap();
    chmod(&target, 0o660);
    fs::hard_link(&target, host.spool().join(".state.json")).unwrap();
    let program = crate::support::Unprivileged::new("notify_pushover");
    let mut command = Command::new("setpriv");
    let group = format!("--regid={GROUP}");
    command.args(["--reuid=4000002", &group, "--clear-groups"]).arg(program.path());
    command.args(host.command().get_args()).arg("--message=x");
    Outcome::of(&command.output().unwrap()).expect(0, "PUSHOVER OK - sent");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[test]
fn a_package_hands_over_the_spool_and_nothing_else() {
    if skipped_without_root("a spool with an attacker in its group") {
        return;
    }
    let host = Host::at("http://127.0.0.1:1");
    shared_spool(&host, 0);
    let failed = closed(host.spool().join("failed"), 0);
    let elsewhere = closed(host.path().join("elsewhere"), 0);
    let secret = elsewhere.join("secret");
    for path in [&secret, &host.spool().join(name(1)), &failed.join(name(2))] {
        fs::write(path, "").unwrap();
        chown(path, Some(0), Some(GROUP)).unwrap();
    }
    for directory in [&host.spool(), &failed] {
        fs::hard_link(&secret, directory.join(name(3))).unwrap();
        symlink(&secret, directory.join(name(4))).unwrap();
    }
    let hand_over = || {
        let library = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/hand-over.sh");
        let script = format!(". {library}; hand_over \"$1\" {OWNER} {GROUP}");
        let mut command = Command::new("sh");
        let status = command.args(["-euc", &script, "sh"]).arg(host.spool()).status().unwrap();
        assert!(status.success());
    };
    let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
    hand_over();
    let given = [&host.spool(), &failed, &host.spool().join(name(1)), &failed.join(name(2))];
    assert_eq!(given.map(|path| owner(path)), [OWNER; 4]);
    for directory in [&host.spool(), &failed] {
        assert_eq!(fs::metadata(directory).unwrap().mode() & 0o7777, 0o700);
    }
    assert_eq!((owner(&secret), owner(&elsewhere)), (0, 0));
    // And when failed/ is a link.
    fs::remove_dir_all(&failed).unwrap();
    symlink(&elsewhere, &failed).unwrap();
    fs::remove_file(host.spool().join(name(3))).unwrap();
    hand_over();
    assert_eq!((owner(&secret), owner(&elsewhere)), (0, 0));
}
