//! What this host calls itself, for EHLO: servers refuse names without a dot (RFC 5321 section 2.3.5).

use std::fs;

/// The full name: the host name if it has a dot, else the full name beside it in /etc/hosts, as `hostname -f` finds it.
pub(super) fn own_name() -> Option<String> {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_str().ok()?;
    if is_full(name) {
        return Some(name.to_owned());
    }
    full_name(name, &fs::read_to_string("/etc/hosts").ok()?)
}

fn full_name(name: &str, hosts: &str) -> Option<String> {
    hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter(|line| line.split_whitespace().skip(1).any(|alias| alias == name))
        .find_map(|line| line.split_whitespace().skip(1).find(|alias| is_full(alias)))
        .map(ToOwned::to_owned)
}

fn is_full(name: &str) -> bool {
    let is_clean = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    is_clean && name.len() <= 253 && name.trim_matches('.').contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_stands_beside_the_short_one() {
        let hosts = "127.0.0.1 localhost\n# 10.0.0.1 mon.wrong.example mon\n127.0.1.1 mon.example.com mon\n";
        assert_eq!(full_name("mon", hosts).as_deref(), Some("mon.example.com"));
        assert_eq!(full_name("localhost", hosts), None);
        assert!(!is_full("mon") && !is_full("mon.") && !is_full("a b.c"));
    }
}
