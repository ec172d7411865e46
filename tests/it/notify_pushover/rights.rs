//! A spool that is not ours, or cannot be used: nobody else gets in, and the alert goes out all the same.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::http_server::{HttpServer, Reply};
use crate::support::pushover::{Host, make_spool, name};
use crate::support::strace::{skipped_without_strace, with_fault};
use crate::support::{Outcome, Unprivileged, chmod, skipped_without_root};

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
    std::os::unix::fs::chown(host.spool(), Some(1), Some(1)).unwrap();
    chmod(&host.spool(), 0o755);
    chmod(&host.config(), 0o640);
    std::os::unix::fs::chown(host.config(), Some(65534), Some(65534)).unwrap();
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command.arg("--config").arg(host.config()).arg("--spool-dir").arg(host.spool());
    let outcome =
        Outcome::of(&command.args(["--api-url", &server.url(), "--message=x"]).output().unwrap());
    outcome.expect(0, "PUSHOVER OK - sent; ");
    assert!(outcome.stdout.contains("belongs to user 1"), "{}", outcome.stdout);
}

#[test]
fn root_takes_the_identity_of_the_spools_owner() {
    if skipped_without_root("root takes the owner's identity") {
        return;
    }
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    std::os::unix::fs::chown(host.spool(), Some(65534), Some(65534)).unwrap();
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.run(&["--message=x", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    for entry in fs::read_dir(host.spool()).unwrap() {
        let meta = entry.unwrap().metadata().unwrap();
        assert_eq!((meta.uid(), meta.mode() & 0o777), (65534, 0o600));
    }
}

#[test]
fn root_that_cannot_take_the_owners_identity_names_the_way_out() {
    if skipped_without_root("root without the right to change its identity") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    make_spool(&host);
    for (owner, way_out) in [
        (65534, "run: runuser -u nobody -- "),
        (4_000_000, "run: setpriv --reuid=4000000 --regid=4000000 --clear-groups "),
    ] {
        std::os::unix::fs::chown(host.spool(), Some(owner), Some(owner)).unwrap();
        let notify = host.command();
        let mut command = Command::new("setpriv");
        command
            .arg("--bounding-set=-setuid,-setgid")
            .arg(notify.get_program())
            .args(notify.get_args())
            .arg("--message=x");
        let outcome = Outcome::of(&command.output().unwrap());
        outcome.expect(3, "PUSHOVER UNKNOWN - neither sent nor kept: ");
        let line = format!("{way_out}{}", notify.get_program().display());
        assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    }
    assert!(server.requests().is_empty() && host.waiting().is_empty());
}

#[test]
fn a_spool_of_roots_is_shared_by_its_group() {
    if skipped_without_root("a spool shared by a group") {
        return;
    }
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    make_spool(&host);
    std::os::unix::fs::chown(host.spool(), Some(0), Some(65534)).unwrap();
    chmod(&host.spool(), 0o770);
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.run(&["--message=by root", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    let program = Unprivileged::new("notify_pushover");
    let mut command = program.command();
    command.arg("--config").arg(host.config()).arg("--spool-dir").arg(host.spool());
    let outcome = Outcome::of(
        &command.args(["--api-url", &server.url(), "--message=by nobody"]).output().unwrap(),
    );
    outcome.expect(0, "PUSHOVER OK - ");
    assert_eq!(server.messages(), ["by root", "by root", "by nobody"]);
}

#[test]
fn a_kill_while_something_is_shared_locks_nobody_out() {
    let test = "a kill while something is shared";
    if skipped_without_root(test) || skipped_without_strace(test) {
        return;
    }
    // What root makes before it is shared: the spool itself, the lock, and failed/.
    for (made, options) in [
        ("spool", &["--message=by root", "--timeout=2"][..]),
        ("lock", &["flush"]),
        ("failed/", &["flush"]),
    ] {
        for call in ["chown", "chmod", "fchown", "fchmod", "fchmodat"] {
            let server = HttpServer::with(vec![]);
            let host = Host::of(&server);
            std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
            if made != "spool" {
                make_spool(&host);
                std::os::unix::fs::chown(host.spool(), Some(0), Some(65534)).unwrap();
                chmod(&host.spool(), 0o770);
            }
            if made == "failed/" {
                fs::write(host.spool().join(".lock"), "").unwrap();
                chmod(&host.spool().join(".lock"), 0o666);
                fs::write(host.spool().join(name(1)), "{").unwrap();
            }
            let mut command = host.command();
            command.args(options);
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
fn a_spool_that_root_makes_is_open_to_whoever_may_read_the_token() {
    if skipped_without_root("a spool that root makes") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
    host.send("by root").expect(0, "PUSHOVER OK - sent");
    let meta = fs::metadata(host.spool()).unwrap();
    assert_eq!((meta.gid(), meta.mode() & 0o777), (65534, 0o770));
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
    std::os::unix::fs::chown(host.config(), Some(0), Some(65534)).unwrap();
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
    let server = HttpServer::with(vec![Reply::json(400, "{}")]);
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
