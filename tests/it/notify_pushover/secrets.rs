//! Secrets: where they come from, that they never show, and to whom they go.

use std::fs;
use std::os::unix::fs::chown;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};

use crate::support::http_server::{HttpServer, Reply, start_proxy};
use crate::support::pki::{Authority, Leaf, ecdsa};
use crate::support::pushover::{ALICE, BOB, Host, TOKEN, make_spool, worker_of};
use crate::support::{Outcome, Unprivileged, chmod, skipped_without_root};

const BAD_USER: &str =
    r#"{"user":"invalid","errors":["user identifier is invalid"],"status":0,"request":"r"}"#;

#[test]
fn secrets_and_recipients_are_judged_after_the_alert_is_safe() {
    let server = HttpServer::with(vec![]);
    let good = format!("token = '{TOKEN}'\n[users]\nalice = '{ALICE}'\n");
    for (case, config, options, words) in [
        ("broken TOML", "token = ".to_owned(), vec![], "line 1"),
        ("unknown key", format!("tokne = '{TOKEN}'\n"), vec![], "tokne"),
        ("no token", format!("[users]\nalice = '{ALICE}'\n"), vec![], "no token"),
        (
            "short token",
            format!("token = 'abc'\n[users]\nalice = '{ALICE}'\n"),
            vec![],
            "the token must be 30",
        ),
        (
            "short key",
            format!("token = '{TOKEN}'\n[users]\nalice = 'abc'\n"),
            vec![],
            "the key of 'alice' must be 30",
        ),
        ("unknown recipient", good.clone(), vec!["--recipient=carol"], "unknown recipient 'carol'"),
        ("no recipient", format!("token = '{TOKEN}'\n"), vec![], "no recipient"),
        (
            "missing token file",
            good.clone(),
            vec!["--token-file=/nonexistent/token"],
            "/nonexistent/token",
        ),
        (
            "token for the name of its file",
            format!("token-file = '{TOKEN}'\n[users]\nalice = '{ALICE}'\n"),
            vec![],
            "the token itself is given where the name of its file is expected",
        ),
        ("token and key swapped", format!("{TOKEN} = 'token'\n"), vec![], "unknown field `...`"),
        (
            "name and key swapped",
            format!("token = '{TOKEN}'\n[users]\n{ALICE} = 'a'\n"),
            vec![],
            "'***'",
        ),
        (
            "CA file is a device",
            good.clone(),
            vec!["--ca-file=/dev/zero", "--api-url=https://127.0.0.1:1"],
            "CA file",
        ),
        ("plain http", good, vec!["--api-url=http://192.0.2.1"], "must be https"),
    ] {
        let host = Host::of(&server);
        host.configure(&config);
        let mut command = Command::new(crate::support::program("notify_pushover"));
        command
            .arg("--config")
            .arg(host.config())
            .arg("--spool-dir")
            .arg(host.spool())
            .arg("--message=x");
        if !options.iter().any(|option| option.starts_with("--api-url")) {
            command.args(["--api-url", &server.url()]);
        }
        let outcome = Outcome::of(&command.args(options).env_clear().output().unwrap());
        outcome.expect(3, "PUSHOVER UNKNOWN - ");
        assert!(outcome.stdout.contains(words), "{case}: {}", outcome.stdout);
        assert!(outcome.stdout.contains("the alert is kept in"), "{case}: {}", outcome.stdout);
        for secret in [TOKEN, ALICE] {
            assert!(!outcome.stdout.contains(secret), "{case}: {}", outcome.stdout);
        }
        assert_eq!(host.waiting().len(), 1, "{case}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_configuration_that_all_can_read_is_refused_but_the_alert_kept() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    chmod(&host.config(), 0o644);
    let outcome = host.send("x");
    outcome.expect(3, "PUSHOVER UNKNOWN - ");
    assert!(outcome.stdout.contains("0644"), "{}", outcome.stdout);
    chmod(&host.config(), 0o640);
    host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    assert_eq!(server.messages(), ["x"]);
}

#[test]
fn secrets_come_from_files_the_environment_and_credentials() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    host.configure("");
    let file = |name: &str, text: &str| {
        let path = host.path().join(name);
        fs::write(&path, text).unwrap();
        chmod(&path, 0o600);
        path
    };
    let token_option = format!("--token-file={}", file("token", &format!("{TOKEN}\n")).display());
    let user_option = format!("--user-file={}", file("user", BOB).display());
    host.run(&["--message=1", &token_option, &user_option]).expect(0, "PUSHOVER OK - ");
    let environment = host
        .command()
        .arg("--message=2")
        .env("PUSHOVER_TOKEN", TOKEN)
        .env("PUSHOVER_USER", ALICE)
        .output()
        .unwrap();
    Outcome::of(&environment).expect(0, "PUSHOVER OK - ");
    file("pushover_token", TOKEN);
    file("pushover_user", BOB);
    let credentials = host
        .command()
        .arg("--message=3")
        .env("CREDENTIALS_DIRECTORY", host.path())
        .output()
        .unwrap();
    Outcome::of(&credentials).expect(0, "PUSHOVER OK - ");
    let users: Vec<String> =
        server.requests().iter().map(|request| request.field("user").to_owned()).collect();
    assert_eq!(users, [BOB, ALICE, BOB]);
}

#[test]
fn another_process_never_sends_to_its_own_recipient() {
    let server = HttpServer::with(vec![Reply::json(500, "")]);
    let host = Host::of(&server);
    let mut first = host.command();
    first.args(["--message=for bob", "--timeout=2"]).env("PUSHOVER_USER", BOB);
    Outcome::of(&first.output().unwrap()).expect(1, "PUSHOVER QUEUED - ");
    let mut second = host.command();
    second.args(["--message=for alice"]).env("PUSHOVER_USER", ALICE);
    Outcome::of(&second.output().unwrap()).expect(0, "PUSHOVER OK - ");
    let requests = server.requests();
    assert_eq!((requests[1].field("message"), requests[1].field("user")), ("for alice", ALICE));
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn an_alert_that_only_its_own_environment_can_send_says_so() {
    let server = HttpServer::start(|number, _| match number {
        0 => Reply::accepted(),
        _ => Reply::json(500, ""),
    });
    let host = Host::of(&server);
    host.send("warm").expect(0, "PUSHOVER OK - sent");
    for (variable, secret, what) in
        [("PUSHOVER_TOKEN", TOKEN, "the token"), ("PUSHOVER_USER", ALICE, "the recipient's key")]
    {
        let mut command = host.command();
        command.args(["--message=x", "--timeout=2"]).env(variable, secret);
        let outcome = Outcome::of(&command.output().unwrap());
        outcome.expect(1, "PUSHOVER QUEUED - ");
        let hint = format!("; flush needs the same {variable}");
        assert!(outcome.stdout.contains(&hint), "{}", outcome.stdout);
        let outcome = host.check(&[]);
        outcome.expect(
            1,
            &format!("PUSHOVER WARNING - 1 waiting cannot be sent from here: {what} came from the"),
        );
        let outcome = host.run(&["flush"]);
        outcome.expect(3, &format!("PUSHOVER UNKNOWN - {what} came from the"));
        fs::remove_file(host.spool().join(&host.waiting()[0])).unwrap();
        fs::remove_file(host.spool().join(".state.json")).unwrap();
    }
    let outcome = host.run(&["--message=y", "--timeout=2"]);
    outcome.expect(1, "PUSHOVER QUEUED - ");
    assert!(!outcome.stdout.contains("flush needs"), "{}", outcome.stdout);
}

#[test]
fn no_secret_shows_anywhere() {
    let server = HttpServer::with(vec![Reply::json(500, ""), Reply::json(400, BAD_USER)]);
    let host = Host::of(&server);
    let mut seen = host.run(&["--message=x", "-v", "--timeout=2"]).stdout;
    seen += &host.run(&["--message=y", "-v", "--timeout=10"]).stdout;
    seen += &host.run(&["--message=y", "-v", "--dry-run"]).stdout;
    seen += &host.run(&["validate", "-v"]).stdout;
    seen += &host.everything_in_the_spool();
    for secret in [TOKEN, ALICE, BOB] {
        assert!(!seen.contains(secret), "{seen}");
    }
    assert!(seen.contains("\"failure\""), "{seen}");
}

#[test]
fn no_process_of_the_account_looks_into_the_memory_and_nothing_is_dumped() {
    let test = "another process of the same account";
    if skipped_without_root(test) {
        return;
    }
    let (tell, told) = mpsc::channel::<u32>();
    let told = Mutex::new(told);
    let (show, shown) = mpsc::channel();
    let server = HttpServer::start(move |_, _| {
        let run = told.lock().unwrap().recv().unwrap();
        let look = |pid: u32, file: &str| {
            let mut cat = Command::new("setpriv");
            cat.args(["--reuid=65534", "--regid=65534", "--clear-groups", "cat"]);
            cat.arg(format!("/proc/{pid}/{file}")).output().unwrap()
        };
        for pid in [run, worker_of(run)] {
            show.send((look(pid, "environ"), look(pid, "limits"))).unwrap();
        }
        Reply::accepted()
    });
    let host = Host::of(&server);
    make_spool(&host);
    for path in [host.spool(), host.config()] {
        chown(path, Some(65534), Some(65534)).unwrap();
    }
    let program = Unprivileged::new("notify_pushover");
    let mut as_nobody = program.command();
    as_nobody.args(host.command().get_args());
    // By the account itself, and by root that has become the account.
    for command in [&mut as_nobody, &mut host.command()] {
        command.env("PUSHOVER_TOKEN", TOKEN).arg("--message=x");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        tell.send(child.id()).unwrap();
        Outcome::of(&child.wait_with_output().unwrap()).expect(0, "PUSHOVER OK - sent");
        for (environ, limits) in shown.iter().take(2) {
            assert!(!environ.status.success() && environ.stdout.is_empty());
            let limits = String::from_utf8(limits.stdout).unwrap();
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
        }
    }
}

#[test]
fn the_token_does_not_follow_a_redirect() {
    let other = HttpServer::with(vec![]);
    let port = other.port();
    let location: &'static str =
        Box::leak(format!("location: http://127.0.0.1:{port}/\r\n").into_boxed_str());
    let server = HttpServer::start(move |_, _| Reply::Answer(307, location, String::new()));
    let host = Host::of(&server);
    host.run(&["--message=x", "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    assert!(other.requests().is_empty());
}

#[test]
fn tls_is_verified() {
    let host = Host::at("unused");
    let (root, other) = (Authority::root(), Authority::root());
    let ca = root.write(host.path());
    let run = |leaf: &Leaf| {
        let server = HttpServer::start_tls(leaf, |_, _| Reply::accepted());
        let mut command = Command::new(crate::support::program("notify_pushover"));
        command
            .arg("--config")
            .arg(host.config())
            .args(["--api-url", &server.url()])
            .args(["--message=x", "--no-spool", "--timeout=2", "--ca-file"])
            .arg(&ca);
        (Outcome::of(&command.env_clear().output().unwrap()), server.requests().len())
    };
    let leaf = |authority: &Authority, address, days| authority.leaf(address, -400, days, ecdsa());
    let (outcome, _) = run(&leaf(&root, "127.0.0.1", 100));
    outcome.expect(0, "PUSHOVER OK - ");
    for (words, leaf) in [
        ("is from an issuer that is not trusted here", leaf(&other, "127.0.0.1", 100)),
        ("has expired", leaf(&root, "127.0.0.1", -3)),
        ("is for another name", leaf(&root, "192.0.2.1", 100)),
    ] {
        let (outcome, requests) = run(&leaf);
        outcome
            .expect(2, &format!("PUSHOVER LOST - cannot connect: the certificate shown {words}"));
        assert_eq!(requests, 0, "{words}");
    }
}

#[test]
fn a_proxy_is_used_and_its_refusal_keeps_the_alert() {
    let root = Authority::root();
    let leaf = root.leaf("127.0.0.1", -1, 397, ecdsa());
    let server = HttpServer::start_tls(&leaf, |_, _| Reply::accepted());
    let host = Host::of(&server);
    let ca = format!("--ca-file={}", root.write(host.path()).display());
    let (url, tunnels) = start_proxy(false);
    host.run(&["--message=x", &ca, "--proxy", &url]).expect(0, "PUSHOVER OK - ");
    assert_eq!(tunnels.load(std::sync::atomic::Ordering::SeqCst), 1);
    let (url, _) = start_proxy(true);
    host.run(&["--message=y", &ca, "--proxy", &url, "--timeout=2"]).expect(1, "PUSHOVER QUEUED - ");
    assert_eq!(host.waiting().len(), 1);
}

#[test]
fn a_token_on_the_command_line_is_not_possible() {
    let host = Host::at("http://127.0.0.1:1");
    for option in ["--token", "--user", "--key"] {
        host.run(&[option, TOKEN]).expect(3, "PUSHOVER UNKNOWN - ");
        host.run(&[&format!("{option}={ALICE}")]).expect(3, "PUSHOVER UNKNOWN - ");
    }
}

#[test]
fn a_proxy_never_sees_what_goes_to_this_host() {
    let proxy = HttpServer::with(vec![]);
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        let mut command = host.command();
        command.args(["--message", name]).env(name, proxy.url());
        Outcome::of(&command.output().unwrap()).expect(0, "PUSHOVER OK - sent");
        assert!(proxy.requests().is_empty(), "{name}: the token crossed in the clear");
    }
    host.run(&["--message=option", "--proxy", &proxy.url()]).expect(0, "PUSHOVER OK - sent");
    assert!(proxy.requests().is_empty());
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_credential_that_cannot_be_read_is_not_replaced_by_another_recipient() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let credential = host.path().join("pushover_user");
    fs::write(&credential, BOB).unwrap();
    chmod(&credential, 0o644);
    let run = || {
        let mut command = host.command();
        command.arg("--message=for bob").env("CREDENTIALS_DIRECTORY", host.path());
        Outcome::of(&command.output().unwrap())
    };
    run().expect(3, "PUSHOVER UNKNOWN - the recipient's key: ");
    assert!(server.requests().is_empty());
    chmod(&credential, 0o600);
    run().expect(0, "PUSHOVER OK - sent");
    let users: Vec<String> =
        server.requests().iter().map(|request| request.field("user").to_owned()).collect();
    assert_eq!(users, [BOB, BOB]);
}

#[test]
fn a_broken_configuration_still_says_where_the_spool_is() {
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let good = format!(
        "token = '{TOKEN}'\nspool-dir = '{}'\n[users]\nalice = '{ALICE}'\n",
        host.spool().display()
    );
    for (case, config, mode) in [
        ("syntax", format!("{good}bob = \n"), 0o640),
        ("unknown key", format!("tokne = ''\n{good}"), 0o640),
        ("open to all", good.clone(), 0o644),
    ] {
        host.configure(&config);
        chmod(&host.config(), mode);
        let mut command = Command::new(crate::support::program("notify_pushover"));
        command.env_clear().arg("--config").arg(host.config()).args([
            "--api-url",
            &server.url(),
            "--message",
            case,
        ]);
        Outcome::of(&command.output().unwrap()).expect(3, "PUSHOVER UNKNOWN - ");
        assert_eq!(host.waiting().len(), 1, "{case}");
        host.configure(&good);
        host.run(&["flush"]).expect(0, "PUSHOVER OK - sent");
    }
}
