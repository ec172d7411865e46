//! Tables and properties of `message.rs`.

use clap::Parser;
use proptest::prelude::*;

use super::super::args::Args;
use super::super::event::{Event, NotificationType};
use super::{Layout, Message, compose};

fn layout() -> Layout {
    Layout { retry: 60, expire: 3000, emoji: true, instance: "i".to_owned(), ..Layout::default() }
}

fn event(options: &[&str]) -> Event {
    let line = std::iter::once("notify_pushover").chain(options.iter().copied());
    Event::new(&Args::try_parse_from(line).unwrap(), |_, _| String::new())
}

fn problem(state: &str) -> Event {
    event(&[
        "--type=PROBLEM",
        "--host-name=mail01",
        "--service-name=Axigen queue",
        "--service-state",
        state,
        "--output=AXIGEN QUEUE CRITICAL - 143 messages | messages=143;100;500;0",
    ])
}

fn field<'a>(message: &'a Message, key: &str) -> Option<&'a str> {
    let found = message.fields.iter().find(|(known, _)| known == key);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn a_problem_reads_on_a_lock_screen() {
    let message = compose(&problem("CRITICAL"), &layout(), 5);
    assert_eq!(field(&message, "title"), Some("🔴 CRITICAL mail01: Axigen queue"));
    assert_eq!(field(&message, "message"), Some("143 messages"));
    assert_eq!(field(&message, "priority"), Some("1"));
    assert_eq!(field(&message, "timestamp"), Some("5"));
    assert_eq!((field(&message, "ttl"), &message.cancel), (None, &None));
}

#[test]
fn the_plain_message_of_the_origin_is_sent_as_it_is() {
    let mut layout = layout();
    layout.message = "mail01: 143 messages wait in the queue".to_owned();
    let message = compose(&event(&[]), &layout, 5);
    assert_eq!(field(&message, "message"), Some("mail01: 143 messages wait in the queue"));
    assert_eq!((field(&message, "title"), field(&message, "priority")), (None, None));
}

#[test]
fn a_bare_plugin_output_gives_title_and_text() {
    let seen = event(&["--output", "AXIGEN QUEUE WARNING - 143 messages | messages=143"]);
    let message = compose(&seen, &layout(), 5);
    assert_eq!(field(&message, "title"), Some("🟡 WARNING AXIGEN QUEUE"));
    assert_eq!(field(&message, "message"), Some("143 messages"));
}

#[test]
fn priorities_follow_the_table_and_the_options() {
    for (kind, state, option, want) in [
        ("PROBLEM", "CRITICAL", "", Some("1")),
        ("PROBLEM", "DOWN", "", Some("1")),
        ("PROBLEM", "UNREACHABLE", "", Some("1")),
        ("PROBLEM", "WARNING", "", None),
        ("PROBLEM", "UNKNOWN", "", None),
        ("RECOVERY", "OK", "", None),
        ("CUSTOM", "CRITICAL", "", None),
        ("ACKNOWLEDGEMENT", "CRITICAL", "", Some("-1")),
        ("DOWNTIMESTART", "CRITICAL", "", Some("-1")),
        ("FLAPPINGEND", "OK", "", Some("-1")),
        ("SOMETHING", "CRITICAL", "", None),
        ("PROBLEM", "CRITICAL", "CRITICAL=0", None),
        ("PROBLEM", "CRITICAL", "WARNING=-1", Some("1")),
        ("PROBLEM", "WARNING", "PROBLEM=1,WARNING=-2", Some("-2")),
        ("RECOVERY", "OK", "RECOVERY=-1,OK=1", Some("-1")),
        ("RECOVERY", "OK", "2", Some("1")),
        ("PROBLEM", "CRITICAL", "2", Some("2")),
    ] {
        let mut layout = layout();
        layout.priority = option.parse().unwrap();
        let seen = event(&[
            "--type",
            kind,
            "--host-name=h",
            "--host-state",
            state,
            "--service-state",
            state,
        ]);
        let message = compose(&seen, &layout, 5);
        assert_eq!(field(&message, "priority"), want, "{kind} {state} {option}");
    }
}

#[test]
fn an_emergency_has_all_it_needs_and_recovery_cancels_it() {
    let mut layout = layout();
    layout.emergency = "CRITICAL,DOWN".parse().unwrap();
    let ringing = compose(&problem("CRITICAL"), &layout, 5);
    let tag = field(&ringing, "tags").unwrap().to_owned();
    assert!(tag.starts_with("ni-") && tag.len() == 19);
    assert_eq!((field(&ringing, "retry"), field(&ringing, "expire")), (Some("60"), Some("3000")));
    assert!(field(&ringing, "ttl").is_none() && ringing.remarks.is_empty());
    assert_eq!(field(&compose(&problem("WARNING"), &layout, 5), "priority"), None);
    for kind in ["RECOVERY", "ACKNOWLEDGEMENT", "DOWNTIMESTART"] {
        let mut end = problem("OK");
        end.kind = NotificationType::parse(kind);
        assert_eq!(compose(&end, &layout, 9).cancel.as_deref(), Some(tag.as_str()), "{kind}");
    }
    layout.expire = 3600;
    assert_eq!(compose(&problem("CRITICAL"), &layout, 5).remarks.len(), 1);
}

#[test]
fn comment_and_facts_survive_a_long_output() {
    let output = format!("SWAP CRITICAL - {}", "x".repeat(5000));
    let seen = event(&[
        "--type=ACKNOWLEDGEMENT",
        "--host-name=h",
        "--host-address=10.0.0.5",
        "--output",
        &output,
        "--author=alice",
        "--comment=on it",
        "--last-state=WARNING",
        "--duration=840.5",
        "--service-state=CRITICAL",
        "--service-name=s",
    ]);
    let text = field(&compose(&seen, &layout(), 5), "message").unwrap().to_owned();
    assert!(text.ends_with("…\nalice: on it\n10.0.0.5 · was WARNING · 14m"), "{text}");
    assert_eq!(text.chars().count(), 1024);
}

#[test]
fn formats_replace_the_usual_layout() {
    let mut layout = layout();
    layout.title_format = "{state} {service}@{host}".parse().unwrap();
    layout.message_format = "{output}\\n{comment} ({type})".parse().unwrap();
    let mut seen = problem("CRITICAL");
    seen.comment = "{host}".to_owned();
    let message = compose(&seen, &layout, 5);
    assert_eq!(field(&message, "title"), Some("CRITICAL Axigen queue@mail01"));
    assert_eq!(field(&message, "message"), Some("143 messages\n{host} (PROBLEM)"));
    layout.message_format = "{author}".parse().unwrap();
    assert_eq!(field(&compose(&seen, &layout, 5), "message"), Some("(no text)"));
}

#[test]
fn links_are_encoded() {
    let mut layout = layout();
    layout.web = "https://icinga.example.com/icingaweb2/".to_owned();
    let message = compose(&problem("CRITICAL"), &layout, 5);
    let want = "https://icinga.example.com/icingaweb2/icingadb/service?name=Axigen%20queue&host.name=mail01";
    assert_eq!(field(&message, "url"), Some(want));
    layout.web = format!("https://{}", "x".repeat(600));
    let message = compose(&problem("CRITICAL"), &layout, 5);
    assert_eq!((field(&message, "url"), message.remarks.len()), (None, 1));
}

#[test]
fn what_is_no_performance_data_stays() {
    for (output, want) in [
        ("a | b", "a | b"),
        ("a | b=1", "a"),
        ("OK - a\nmore | x=1\nlast", "a\nmore"),
        ("", "(no output)"),
        ("| x=1", "(no output)"),
        ("<b>", "<b>"),
        ("@file", "@file"),
    ] {
        let message = compose(&event(&["--type=PROBLEM", "--output", output]), &layout(), 5);
        assert_eq!(field(&message, "message"), Some(want), "{output}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_event_stays_within_the_limits(
        texts in proptest::collection::vec("(\\PC|\n|🔴|e\u{301}|👨\u{200d}👩){0,1500}", 9),
        kind in 0usize..4,
    ) {
        let kinds = ["PROBLEM", "RECOVERY", "ACKNOWLEDGEMENT", "x"];
        let mut seen = event(&["--type", kinds[kind]]);
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        seen.host_shown = next();
        seen.service_shown = next();
        seen.output = next();
        seen.long_output = next();
        seen.author = next();
        seen.comment = next();
        seen.address = next();
        let mut layout = layout();
        layout.url_title = next();
        layout.url = "https://example.com".to_owned();
        let message = compose(&seen, &layout, 5);
        for (key, limit) in [("message", 1024), ("title", 250), ("url", 512), ("url_title", 100)] {
            let text = field(&message, key).unwrap_or("-");
            prop_assert!(text.chars().count() <= limit, "{} has {}", key, text.chars().count());
            prop_assert!(!text.trim().is_empty());
        }
        prop_assert!(message.fields.iter().all(|(_, value)| !value.is_empty()));
    }
}

#[test]
fn flapping_carries_the_state() {
    for (kind, state, expected) in [
        ("FLAPPINGSTART", "CRITICAL", "〰 FLAPPING CRITICAL mail01: q"),
        ("FLAPPINGEND", "OK", "〰 FLAPPING END OK mail01: q"),
        ("FLAPPINGSTART", "", "〰 FLAPPING mail01: q"),
    ] {
        let options =
            ["--type", kind, "--host-name=mail01", "--service-name=q", "--service-state", state];
        let message = compose(&event(&options), &layout(), 5);
        assert_eq!(field(&message, "title"), Some(expected));
    }
}
