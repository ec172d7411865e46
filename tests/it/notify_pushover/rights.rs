//! A spool that is not ours, or cannot be used: nobody else gets in, and the alert goes out all the same.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{ALICE, Host, TOKEN, make_spool, name, worker_of};
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, Unprivileged, chmod, program, skipped_without_root};

#[test]
fn an_unusable_spool_warns_and_still_sends() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let target = host.path().join("elsewhere");
    fs::create_dir(&target).unwrap();
    chmod(&target, 0o700);
    for (case, prepare) in [
        (
            "symlink",
            Box::new(|spool: &Path| symlink(&target, spool).unwrap()) as Box<dyn Fn(&Path)>,
        ),
        ("file", Box::new(|spool: &Path| fs::write(spool, "").unwrap())),
        (
            "world-writable",
            Box::new(|spool: &Path| {
                fs::create_dir(spool).unwrap();
                chmod(spool, 0o777);
            }),
        ),
    ] {
        prepare(&host.spool());
        let outcome = host.send(case);
        outcome.expect(0, "PUSHOVER OK - sent; ");
        assert!(outcome.stdout.contains("spool"), "{case}: {}", outcome.stdout);
        assert_eq!(server.messages().last().unwrap(), case);
        let _ = fs::remove_file(host.spool());
        let _ = fs::remove_dir(host.spool());
    }
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn a_spool_of_somebody_else_is_not_used() {
    if skipped_without_root("a spool of somebody else") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    chown(host.spool(), Some(1), Some(1)).unwrap();
    chmod(&host.spool(), 0o755);
    chmod(&host.config(), 0o640);
    chown(host.config(), Some(65534), Some(65534)).unwrap();
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command.arg("--config").arg(host.config()).arg("--spool-dir").arg(host.spool());
    let outcome =
        Outcome::of(&command.args(["--api-url", &server.url(), "--message=x"]).output().unwrap());
    outcome.expect(0, "PUSHOVER OK - sent; ");
    assert!(outcome.stdout.contains("belongs to user 1"), "{}", outcome.stdout);
}

#[test]
fn root_takes_the_identity_of_the_spools_owner_for_good() {
    if skipped_without_root("root takes the owner's identity") {
        return;
    }
    let (tell, told) = mpsc::channel::<u32>();
    let told = Mutex::new(told);
    let (show, shown) = mpsc::channel();
    let server = HttpServer::start(move |_, _| {
        let pid = worker_of(told.lock().unwrap().recv().unwrap());
        show.send(fs::read_to_string(format!("/proc/{pid}/status")).unwrap()).unwrap();
        Reply::json(500, "")
    });
    let host = Host::of(&server);
    make_spool(&host);
    chown(host.spool(), Some(65534), Some(65534)).unwrap();
    chown(host.config(), Some(0), Some(65534)).unwrap();
    let mut command = host.command();
    command.args(["--message=x", "--timeout=2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tell.send(child.id()).unwrap();
    Outcome::of(&child.wait_with_output().unwrap()).expect(1, "PUSHOVER QUEUED - ");
    let status = shown.recv().unwrap();
    for line in [
        "Uid:\t65534\t65534\t65534\t65534",
        "Gid:\t65534\t65534\t65534\t65534",
        "Groups:\t65534 ",
        "CapPrm:\t0000000000000000",
    ] {
        assert!(status.lines().any(|found| found == line), "{line}: {status}");
    }
    for entry in fs::read_dir(host.spool()).unwrap() {
        let meta = entry.unwrap().metadata().unwrap();
        assert_eq!((meta.uid(), meta.mode() & 0o777), (65534, 0o600));
    }
}

/// `send` gives the alert to Pushover itself; `flush` and the check have nothing they could do. All name the way out.
fn assert_way_out(host: &Host, wrap: &[&str], way_out: &str) {
    let run = |program: Command, arguments: &[&str]| {
        let mut line = wrap.iter().map(OsStr::new).chain([program.get_program()]);
        let mut command = Command::new(line.next().unwrap());
        command.args(line).args(program.get_args()).args(arguments);
        (Outcome::of(&command.output().unwrap()), program.get_program().to_owned())
    };
    let (outcome, program) = run(host.command(), &["--message=x"]);
    outcome.expect(0, "PUSHOVER OK - sent; not kept: run: ");
    let line = format!("{way_out}{}", program.display());
    assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    let (outcome, _) = run(host.command(), &["flush"]);
    outcome.expect(3, "PUSHOVER UNKNOWN - run: ");
    assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    let (outcome, program) = run(host.check_command(), &[]);
    outcome.expect(3, "PUSHOVER UNKNOWN - root ");
    let line = format!("{way_out}{}", program.display());
    assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    assert_eq!(fs::read_dir(host.spool()).unwrap().count(), 0, "nothing was touched");
}

#[test]
fn root_that_cannot_take_the_owners_identity_sends_and_names_the_way_out() {
    if skipped_without_root("root without the right to change its identity") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    for (owner, way_out) in [
        (65534, "runuser -u nobody -- "),
        (4_000_000, "setpriv --reuid=4000000 --regid=4000000 --clear-groups "),
    ] {
        chown(host.spool(), Some(owner), Some(owner)).unwrap();
        assert_way_out(&host, &["setpriv", "--bounding-set=-setuid,-setgid"], way_out);
    }
    assert_eq!(server.messages(), ["x", "x"]);
}

#[test]
fn root_does_not_work_in_a_spool_of_its_own_that_others_may_write() {
    if skipped_without_root("a spool of root's that others may write") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    for (group, mode, way_out) in [
        (65534, 0o770, "runuser -u nobody -- ".to_owned()),
        (65534, 0o1770, "runuser -u nobody -- ".to_owned()),
    ] {
        chown(host.spool(), Some(0), Some(group)).unwrap();
        chmod(&host.spool(), mode);
        assert_way_out(&host, &["env"], &way_out);
    }
    chown(host.spool(), Some(0), Some(0)).unwrap();
    let outcome = host.send("x");
    outcome.expect(0, "PUSHOVER OK - sent; not kept: run: chmod g-w ");
    // Members of the group go on: they can harm nobody but each other.
    chown(host.spool(), Some(0), Some(65534)).unwrap();
    chown(host.config(), Some(0), Some(65534)).unwrap();
    let outcome = as_nobody(&host, &server, "by nobody");
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
    // And root's own is root's.
    chmod(&host.spool(), 0o700);
    let outcome = host.send("by root");
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
}

#[test]
fn root_goes_no_way_that_others_have_laid() {
    if skipped_without_root("a spool below a directory of others") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let theirs = host.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    make_spool(&host);
    symlink(host.path(), theirs.join("link")).unwrap();
    fs::create_dir(theirs.join("spool")).unwrap();
    chmod(&theirs.join("spool"), 0o700);
    for (owner, mode) in [(65534, 0o755), (0, 0o775), (0, 0o757)] {
        chown(&theirs, Some(owner), Some(65534)).unwrap();
        chmod(&theirs, mode);
        for spool in ["theirs/spool", "theirs/link/spool"] {
            let spool = host.path().join(spool);
            let send = |option: &str| {
                let mut command = host.command_at(&spool);
                Outcome::of(&command.args(["--message=x", option]).output().unwrap())
            };
            send("-v").expect(0, "PUSHOVER OK - sent; not kept: root does not use spool ");
            send("--no-spool").expect(0, "PUSHOVER OK - sent");
        }
    }
    for spool in [host.spool(), theirs.join("spool")] {
        assert_eq!(fs::read_dir(spool).unwrap().count(), 0);
    }
    // The owner of the spool may lay the way: root goes there as that account.
    chown(&theirs, Some(65534), Some(65534)).unwrap();
    chmod(&theirs, 0o755);
    chown(theirs.join("spool"), Some(65534), Some(65534)).unwrap();
    chown(host.config(), Some(0), Some(65534)).unwrap();
    let mut command = host.command_at(&theirs.join("spool"));
    let outcome = Outcome::of(&command.arg("--message=x").output().unwrap());
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
}

#[test]
fn root_follows_no_configuration_of_others_to_a_spool() {
    if skipped_without_root("a configuration of somebody else") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    chown(host.spool(), Some(65534), Some(65534)).unwrap();
    host.configure(&format!(
        "token = '{TOKEN}'\nspool-dir = '{}'\n[users]\nalice = '{ALICE}'\n",
        host.spool().display()
    ));
    let send = || {
        let mut command = Command::new(program("notify_pushover"));
        command.env_clear().arg("--config").arg(host.config());
        Outcome::of(&command.args(["--api-url", &server.url(), "--message=x"]).output().unwrap())
    };
    for (owner, mode) in [(4_000_000, 0o640), (0, 0o660)] {
        chown(host.config(), Some(owner), Some(65534)).unwrap();
        chmod(&host.config(), mode);
        let outcome = send();
        outcome.expect(0, "PUSHOVER OK - sent; not kept: root does not use spool ");
        assert!(outcome.stdout.contains("pushover.toml"), "{}", outcome.stdout);
        assert_eq!(fs::read_dir(host.spool()).unwrap().count(), 0);
    }
    for owner in [0, 65534] {
        chown(host.config(), Some(owner), Some(65534)).unwrap();
        chmod(&host.config(), 0o640);
        let outcome = send();
        outcome.expect(0, "PUSHOVER OK - sent");
        assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
    }
}

#[test]
fn a_kill_while_something_is_shared_locks_nobody_out() {
    let test = "a kill while something is shared";
    if skipped_without_root(test) || skipped_without_strace(test) {
        return;
    }
    // What is made before it is shared: the spool itself, by root; the lock and failed/, by a member of its group.
    for (made, options) in [
        ("spool", &["--message=by root", "--timeout=2"][..]),
        ("lock", &["flush"]),
        ("failed/", &["flush"]),
    ] {
        for call in ["mkdirat", "fchown", "fchmod", "renameat2", "linkat"] {
            let server = HttpServer::with(vec![]);
            let host = Host::of(&server);
            chown(host.config(), Some(0), Some(65534)).unwrap();
            if made != "spool" {
                make_spool(&host);
                chown(host.spool(), Some(0), Some(65534)).unwrap();
                chmod(&host.spool(), 0o770);
            }
            if made == "failed/" {
                for (name, text) in [(".lock", ""), (&name(1)[..], "{")] {
                    fs::write(host.spool().join(name), text).unwrap();
                    chmod(&host.spool().join(name), 0o666);
                }
            }
            let program = Unprivileged::new("notify_pushover");
            let mut command = Command::new(if made == "spool" { "env" } else { "setpriv" });
            if made != "spool" {
                command.args(["--reuid=4000000", "--regid=65534", "--clear-groups"]);
            }
            command.arg(program.path()).args(host.command().get_args()).args(options);
            let fault = format!("{call}:signal=KILL:when=1");
            let _ = with_fault(&command, &fault).output().unwrap();
            let case = format!("{made}, killed at {call}");
            if made == "spool" {
                host.send("by root again").expect(0, "PUSHOVER OK - sent");
            }
            let outcome = as_nobody(&host, &server, "by nobody");
            assert_eq!(outcome.code, 0, "{case}: {}", outcome.stdout);
            assert!(!outcome.stdout.contains("not kept"), "{case}: {}", outcome.stdout);
            assert_eq!(host.failed().len(), usize::from(made == "failed/"), "{case}");
        }
    }
}

#[test]
fn a_spool_that_root_makes_belongs_to_the_account_that_may_read_the_token() {
    if skipped_without_root("a spool that root makes") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    chown(host.config(), Some(0), Some(65534)).unwrap();
    host.send("by root").expect(0, "PUSHOVER OK - sent");
    let meta = fs::metadata(host.spool()).unwrap();
    assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (65534, 65534, 0o700));
    let outcome = as_nobody(&host, &server, "by nobody");
    outcome.expect(0, "PUSHOVER OK - sent");
    assert!(!outcome.stdout.contains("not kept"), "{}", outcome.stdout);
}

#[test]
fn a_spool_without_the_right_to_write_warns_and_still_sends() {
    if skipped_without_root("a spool without the right to write") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    chmod(&host.spool(), 0o755);
    chown(host.config(), Some(0), Some(65534)).unwrap();
    let outcome = as_nobody(&host, &server, "x");
    outcome.expect(0, "PUSHOVER OK - sent; not kept: ");
    assert!(outcome.stdout.contains("Permission denied"), "{}", outcome.stdout);
}

#[test]
fn a_full_disk_warns_and_still_sends() {
    if skipped_without_root("a full disk") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    let options = std::ffi::CString::new("size=4k,mode=700,nr_inodes=50").unwrap();
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("tmpfs", host.spool(), "tmpfs", flags, options.as_c_str()).unwrap();
    fs::write(host.spool().join("filler"), [0; 4096]).unwrap();
    let outcome = host.send("x");
    rustix::mount::unmount(host.spool(), rustix::mount::UnmountFlags::DETACH).unwrap();
    outcome.expect(0, "PUSHOVER OK - sent; not kept: ");
    assert!(outcome.stdout.contains("No space left"), "{}", outcome.stdout);
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn the_spool_is_closed_to_others() {
    let server = HttpServer::with(vec![Reply::json(400, r#"{"status":0}"#)]);
    let host = Host::of(&server);
    host.send("x").expect(2, "PUSHOVER REJECTED - ");
    for path in [
        host.spool(),
        host.spool().join("failed"),
        host.spool().join("failed").join(&host.failed()[0]),
    ] {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

/// Sends from an account without rights.
fn as_nobody(host: &Host, server: &HttpServer, message: &str) -> Outcome {
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command.arg("--config").arg(host.config()).arg("--spool-dir").arg(host.spool()).args([
        "--api-url",
        &server.url(),
        "--message",
        message,
    ]);
    Outcome::of(&command.output().unwrap())
}

#[test]
fn a_limit_on_the_size_of_files_warns_and_still_sends() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let notify = host.command();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(notify.get_program())
        .args(notify.get_args())
        .arg("--message=x");
    Outcome::of(&command.output().unwrap()).expect(0, "PUSHOVER OK - sent; not kept: ");
    assert_eq!(server.messages(), ["x"]);
}
