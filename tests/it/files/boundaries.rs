//! Who may use whom in `src/`, read from the sources. The map of the parts is in `src/lib.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::sources::{Sources, Use, circles};

/// The parts that know SMTP, TLS and Pushover, and nothing of monitoring.
const PROTOCOLS: [&str; 4] = ["smtp", "tls", "pushover", "canary"];

fn programs() -> BTreeSet<String> {
    suite::commands().iter().map(|command| command.get_name().to_owned()).collect()
}

/// The part of the library that a file belongs to: `smtp` for `smtp/reply.rs`, `clock` for `clock.rs`.
fn part(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Whether a file judges: it or a folder it is in is called `evaluate` or `policy`.
fn judges(file: &str) -> bool {
    file.split('/').any(|name| matches!(name.trim_end_matches(".rs"), "evaluate" | "policy"))
}

fn may_use(user: &str, file: &str, programs: &BTreeSet<String>) -> bool {
    let (of, to) = (part(user), part(file));
    if of == to || of == "lib" {
        return true;
    }
    let is_allowed = match of {
        "monitoring" => false,
        _ if PROTOCOLS.contains(&of) => to != "monitoring",
        _ => true,
    };
    is_allowed && !programs.contains(to)
}

fn trespasses(uses: &[Use], programs: &BTreeSet<String>) -> Vec<String> {
    uses.iter()
        .filter(|one| !may_use(&one.user, &one.used, programs))
        .map(|one| format!("{} uses {:?} of {}", one.user, one.names, one.used))
        .collect()
}

/// Where a room that judges touches the network, files or a clock, or a room that does.
fn impurities(sources: &Sources) -> Vec<String> {
    let touches = |path: &str| {
        ["std::net", "std::fs"].iter().any(|at| path == *at || path.starts_with(&format!("{at}::")))
            || path.ends_with("SystemTime::now")
            || path.ends_with("Instant::now")
    };
    let paths = sources.outer_paths().filter(|(file, path)| judges(file) && touches(path));
    let rooms = sources.uses().into_iter().filter(|one| {
        let is_probe = one.used.split('/').any(|name| name.trim_end_matches(".rs") == "probe");
        judges(&one.user) && is_probe
    });
    paths
        .map(|(file, path)| format!("{file} uses {path}"))
        .chain(rooms.map(|one| format!("{} uses {:?} of {}", one.user, one.names, one.used)))
        .collect()
}

#[test]
fn each_part_uses_only_what_it_may() {
    let found = trespasses(&Sources::of_library().uses(), &programs());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let found = circles(&Sources::of_library().uses());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_judges_reads_no_clock_no_file_and_no_peer() {
    let found = impurities(&Sources::of_library());
    assert!(found.is_empty(), "{found:#?}");
}

/// A library of two programs and two parts, in which everything stands as it should, and one file of another text.
fn library_with(path: &str, text: &str) -> Sources {
    let files = [
        ("lib.rs", "mod monitoring;\nmod smtp;\npub mod check_a;\npub mod check_b;"),
        ("monitoring/mod.rs", "mod report;\npub use report::{Report, Report as Verdict};"),
        ("monitoring/report.rs", "pub struct Report;"),
        ("smtp/mod.rs", "mod reply;\npub(crate) use reply::Reply;"),
        ("smtp/reply.rs", "pub(crate) struct Reply;"),
        ("check_a/mod.rs", "mod evaluate;\nmod facts;\nmod probe;\npub fn check() {}"),
        ("check_a/facts.rs", "use crate::smtp;\npub(crate) struct Facts { reply: smtp::Reply }"),
        ("check_a/probe.rs", "use super::facts::Facts;\npub(super) fn probe() -> Facts {}"),
        ("check_a/evaluate.rs", "use super::facts::Facts;\nuse crate::monitoring::Report;"),
        ("check_b/mod.rs", "pub fn check() {}\n#[cfg(test)]\nmod tests { use crate::nowhere; }"),
    ];
    let mut texts: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    texts.insert(path.to_owned(), text.to_owned());
    Sources::new(&texts)
}

#[test]
fn planted_mistakes_are_found() {
    let programs = BTreeSet::from(["check_a".to_owned(), "check_b".to_owned()]);
    let mistakes = |path: &str, text: &str| {
        let sources = library_with(path, text);
        let uses = sources.uses();
        [trespasses(&uses, &programs), impurities(&sources), circles(&uses)].concat()
    };
    assert_eq!(mistakes("check_b/mod.rs", "pub fn check() {}"), [""; 0]);
    for (path, text, found) in [
        (
            "monitoring/report.rs",
            "pub struct Report(crate::smtp::Reply);",
            r#"monitoring/report.rs uses {"Reply"} of smtp/reply.rs"#,
        ),
        (
            "smtp/reply.rs",
            "use crate::monitoring::Verdict;\npub(crate) struct Reply;",
            r#"smtp/reply.rs uses {"Report"} of monitoring/report.rs"#,
        ),
        (
            "smtp/reply.rs",
            "pub(crate) struct Reply;\nfn f() { crate::check_b::check() }",
            r#"smtp/reply.rs uses {"check"} of check_b/mod.rs"#,
        ),
        (
            "check_b/mod.rs",
            "pub fn check() {\n    use crate::check_a;\n    check_a::check()\n}",
            r#"check_b/mod.rs uses {"check"} of check_a/mod.rs"#,
        ),
        (
            "check_a/evaluate.rs",
            "use std::{io, net::TcpStream};",
            "check_a/evaluate.rs uses std::net::TcpStream",
        ),
        (
            "check_a/evaluate.rs",
            "use std::fs;\nfn f() { let now = std::time::Instant::now(); }",
            "check_a/evaluate.rs uses std::fs",
        ),
        (
            "check_a/evaluate.rs",
            "use std::time::SystemTime;\nfn f() { let now = SystemTime::now(); }",
            "check_a/evaluate.rs uses std::time::SystemTime::now",
        ),
        (
            "check_a/evaluate.rs",
            "use super::probe::probe;",
            r#"check_a/evaluate.rs uses {"probe"} of check_a/probe.rs"#,
        ),
        (
            "check_a/facts.rs",
            "use super::probe;\npub(crate) struct Facts;\nfn f() { probe::probe() }",
            "check_a/facts.rs uses probe of check_a/probe.rs; check_a/probe.rs uses Facts of check_a/facts.rs",
        ),
    ] {
        let mistakes = mistakes(path, text);
        assert_eq!(mistakes.first().map(String::as_str), Some(found), "{text}: {mistakes:#?}");
    }
}
