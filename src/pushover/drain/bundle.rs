//! One message in place of several. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::super::item::{Gist, Item};
use super::super::text::{MESSAGE_CHARS, TITLE_CHARS, cut};
use super::order::Entry;
use crate::clock::utc;

/// A problem that is over by now, told once and quietly. `end` is the message of its end, with what that cancels.
#[must_use]
pub(super) fn late(entries: &[&Entry], end: &Item) -> Item {
    let begins =
        entries.iter().filter(|entry| !entry.about.as_ref().is_some_and(|about| about.ends));
    let worst = begins.clone().filter_map(|entry| entry.about.as_ref());
    let worst = worst
        .reduce(|worst, other| if rank(&other.state) > rank(&worst.state) { other } else { worst });
    let from = begins.map(|entry| entry.created).min().unwrap_or(end.created);
    let (state, text) = worst.map_or(("", ""), |about| (about.state.as_str(), about.text.as_str()));
    let mut item = end.clone();
    let told = item.field("message").unwrap_or_default().to_owned();
    let span = format!("was {state} {}", span(from, end.created));
    let lines = [span.as_str(), text, &told];
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    item.set_field("message", &cut(&lines.join("\n"), MESSAGE_CHARS));
    item.set_field("priority", "-1");
    for loud in ["sound", "retry", "expire", "tags"] {
        item.set_field(loud, "");
    }
    item
}

/// `12:03 to 12:09 UTC`, with the day where there is more than one.
fn span(from: u64, to: u64) -> String {
    let text = |time: u64| utc(i64::try_from(time).unwrap_or(i64::MAX)).replace(" UTC", "");
    let (from, to) = (text(from), text(to));
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, from)), Some((same, to))) if day == same => format!("{from} to {to} UTC"),
        _ => format!("{from} to {to} UTC"),
    }
}

/// Everything that waits for one recipient in one message: counts by state and host, then the worst first. It is as loud as
/// the loudest of it. `pattern` is any of them, for its recipient.
#[must_use]
pub(super) fn digest(entries: &[&Entry], pattern: &Item) -> Item {
    // The last that was said of each object stands for all of it.
    let mut latest: BTreeMap<(&str, &str), &Gist> = BTreeMap::new();
    let mut begun = BTreeSet::new();
    for about in entries.iter().filter_map(|entry| entry.about.as_ref()) {
        latest.insert((&about.host, &about.service), about);
        if !about.ends {
            begun.insert((about.host.as_str(), about.service.as_str()));
        }
    }
    let over: BTreeSet<_> =
        begun.into_iter().filter(|key| latest.get(key).is_some_and(|about| about.ends)).collect();
    let mut all: Vec<&Gist> = latest.into_values().collect();
    all.sort_by_key(|about| std::cmp::Reverse(rank(&about.state)));
    // What is over is told quietly here as well.
    let is_over = |entry: &&&Entry| over.contains(&key_of(entry));
    let loud = entries.iter().filter(|entry| !is_over(entry)).map(|entry| entry.priority);
    let loudest = loud.max().unwrap_or(-1).min(1);
    let newest = entries.iter().map(|entry| entry.created).max().unwrap_or(pattern.created);
    let mut item = Item {
        cancel: None,
        fields: Vec::new(),
        object: String::new(),
        created: newest,
        attempts: 0,
        next_try: 0,
        about: None,
        alarm: None,
        ..pattern.clone()
    };
    item.set_field("message", &cut(&body(&all), MESSAGE_CHARS));
    item.set_field("title", &cut(&title(&all), TITLE_CHARS));
    item.set_field("timestamp", &newest.to_string());
    if loudest != 0 {
        item.set_field("priority", &loudest.to_string());
    }
    item
}

fn key_of(entry: &Entry) -> (&str, &str) {
    let about = entry.about.as_ref();
    about.map_or(("", ""), |about| (about.host.as_str(), about.service.as_str()))
}

/// `🔴 12 CRITICAL, 30 WARNING`.
fn title(all: &[&Gist]) -> String {
    let symbol = match all.first().map_or(0, |worst| rank(&worst.state)) {
        4 => "🔴 ",
        3 => "🟡 ",
        2 => "🟣 ",
        0 => "🟢 ",
        _ => "",
    };
    format!("{symbol}{}", counts(all))
}

/// By state, worst first.
fn counts(all: &[&Gist]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for about in all {
        let state = if about.state.is_empty() { "other" } else { about.state.as_str() };
        match counts.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => counts.push((state, 1)),
        }
    }
    counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

/// By host, those with most of it first.
fn hosts(all: &[&Gist]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for about in all.iter().filter(|about| !about.host.is_empty()) {
        *counts.entry(&about.host).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown: Vec<String> =
        counts.iter().take(5).map(|(host, count)| format!("{}: {count}", cut(host, 40))).collect();
    let more = counts.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more hosts") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// As many lines as fit; the worst stand first, and the last line counts the rest by state, so that nothing is hidden.
fn body(all: &[&Gist]) -> String {
    let mut lines = vec![hosts(all)];
    let room = MESSAGE_CHARS.saturating_sub(120);
    let mut used = lines.iter().map(|line| line.chars().count() + 1).sum::<usize>();
    let mut shown = 0;
    for about in all {
        let line = cut(&line(about), 120);
        used += line.chars().count() + 1;
        if used > room {
            break;
        }
        lines.push(line);
        shown += 1;
    }
    let rest = all.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        lines.push(format!("and {} more: {}", rest.len(), counts(rest)));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn line(about: &Gist) -> String {
    let object = match (about.host.as_str(), about.service.as_str()) {
        (host, "") => host.to_owned(),
        ("", service) => service.to_owned(),
        (host, service) => format!("{host}: {service}"),
    };
    let parts = [about.state.as_str(), object.as_str(), about.text.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How bad a state is, in the words of all cores and of Icinga Notifications; 1 for those that nobody knows.
fn rank(state: &str) -> u8 {
    match state {
        "CRITICAL" | "DOWN" | "UNREACHABLE" | "CRIT" | "ALERT" | "EMERG" => 4,
        "WARNING" => 3,
        "UNKNOWN" | "ERR" => 2,
        "OK" | "UP" => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(
        host: &str,
        service: &str,
        state: &str,
        ends: bool,
        created: u64,
        priority: i8,
    ) -> Item {
        let mut item: Item = serde_json::from_value(serde_json::json!({
            "address": { "config": "c", "token": "configured", "user": "configured", "recipient": "a" },
            "fields": [["message", "it hurts"], ["title", "t"]], "created": created, "object": "o",
            "about": { "host": host, "service": service, "state": state, "ends": ends, "text": "it hurts" }
        }))
        .unwrap();
        item.set_field("priority", &priority.to_string());
        item
    }

    #[test]
    fn what_is_over_says_how_bad_and_how_long() {
        let (first, second) =
            (item("m", "q", "WARNING", false, 720, 2), item("m", "q", "CRITICAL", false, 780, 2));
        let mut end = item("m", "q", "OK", true, 1080, 0);
        end.cancel = Some("tag".to_owned());
        end.set_field("sound", "siren");
        end.set_field("message", "fine");
        let entries = [&first, &second, &end].map(Entry::of);
        let note = late(&entries.iter().collect::<Vec<_>>(), &end);
        assert_eq!(note.field("message"), Some("was CRITICAL 00:12 to 00:18 UTC\nit hurts\nfine"));
        assert_eq!((note.field("priority"), note.field("sound")), (Some("-1"), None));
        assert_eq!(note.cancel.as_deref(), Some("tag"));
        assert_eq!(span(86_000, 90_000), "1970-01-01 23:53 to 1970-01-02 01:00 UTC");
    }

    #[test]
    fn a_digest_counts_all_and_hides_nothing_worse_behind_something_better() {
        let mut items = Vec::new();
        for number in 0..100 {
            items.push(item("web", &format!("s{number}"), "WARNING", false, 1000, 0));
        }
        for number in 0..40 {
            items.push(item("mail01", &format!("s{number}"), "CRITICAL", false, 1000, 1));
        }
        let entries: Vec<Entry> = items.iter().map(Entry::of).collect();
        let entries: Vec<&Entry> = entries.iter().collect();
        let all = digest(&entries, &items[0]);
        assert_eq!(all.field("title"), Some("🔴 40 CRITICAL, 100 WARNING"));
        assert_eq!(all.field("priority"), Some("1"));
        let text = all.field("message").unwrap();
        assert!(text.chars().count() <= MESSAGE_CHARS);
        assert!(text.starts_with("web: 100, mail01: 40\nCRITICAL mail01: s0 it hurts\n"), "{text}");
        assert!(!text.contains("WARNING web"), "{text}");
        let last = text.lines().last().unwrap();
        let shown = text.lines().filter(|line| line.starts_with("CRITICAL")).count();
        assert_eq!(last, format!("and {} more: {} CRITICAL, 100 WARNING", 140 - shown, 40 - shown));
        let few = digest(&entries[..3], &items[0]);
        assert_eq!(few.field("title"), Some("🟡 3 WARNING"));
        assert_eq!(
            (few.field("priority"), few.field("message").unwrap().lines().count()),
            (None, 4)
        );
    }

    #[test]
    fn a_digest_of_what_is_over_is_quiet() {
        let mut items = Vec::new();
        for number in 0..10 {
            items.push(item("m", "q", "CRITICAL", false, 1000 + number, 2));
            items.push(item("m", "q", "OK", true, 1001 + number, 0));
        }
        let priority = |items: &[Item]| {
            let entries: Vec<Entry> = items.iter().map(Entry::of).collect();
            let all = digest(&entries.iter().collect::<Vec<_>>(), &items[0]);
            all.field("priority").map(ToOwned::to_owned)
        };
        assert_eq!(priority(&items).as_deref(), Some("-1"));
        items.push(item("m", "d", "WARNING", false, 1100, 0));
        assert_eq!(priority(&items), None);
        // It has begun again, or its begin was told before.
        assert_eq!(priority(&items[..19]).as_deref(), Some("1"));
        assert_eq!(priority(&items[1..2]), None);
    }

    #[test]
    fn the_last_word_on_an_object_counts() {
        let items = [
            item("m", "q", "CRITICAL", false, 1000, 1),
            item("m", "q", "WARNING", false, 1100, 0),
            item("m", "d", "OK", true, 1200, 0),
        ];
        let entries: Vec<Entry> = items.iter().map(Entry::of).collect();
        let all = digest(&entries.iter().collect::<Vec<_>>(), &items[0]);
        assert_eq!(all.field("title"), Some("🟡 1 WARNING, 1 OK"));
        assert_eq!((all.created, all.field("timestamp")), (1200, Some("1200")));
    }
}
