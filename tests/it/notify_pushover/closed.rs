//! Files that the account may not read: what to type stands in the first line.

use nix::unistd::{Gid, Group};

use crate::support::http_server::HttpServer;
use crate::support::pushover::{Host, TOKEN};
use crate::support::{Outcome, Unprivileged, chmod, skipped_without_root};

const NOBODY: u32 = 65534;

#[test]
fn a_file_of_root_alone_is_named_with_what_opens_it() {
    if skipped_without_root("files that an account may not read") {
        return;
    }
    let server = HttpServer::with(vec![]);
    let host = Host::of(&server);
    let token = host.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    for path in [host.config(), token.clone()] {
        chmod(&path, 0o600);
    }
    let group = Group::from_gid(Gid::from_raw(NOBODY)).unwrap();
    let group = group.map_or_else(|| NOBODY.to_string(), |group| group.name);
    let program = Unprivileged::new("notify_pushover");
    for (option, path) in [("--config", host.config()), ("--token-file", token)] {
        let path = path.to_str().unwrap();
        let mut command = program.command();
        command.args(["--message=x", "--no-spool", "--timeout=2", option, path]);
        let outcome = Outcome::of(&command.output().unwrap());
        let hint = format!("chgrp {group} {path} && chmod 0640 {path}");
        assert!(outcome.first_line().contains(&hint), "{}", outcome.stdout);
    }
}
