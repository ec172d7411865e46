//! What holds for every report that a check prints, in plugin text; each run of the tests passes here.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

use super::labels;

/// Services and the checks that print them; the notifier shares one.
const SERVICES: &[(&str, &str)] = &[
    ("AXIGEN QUEUE", "check_axigen_queue"),
    ("AXIGEN VERSION", "check_axigen_version"),
    ("SMTP TLS", "check_smtp_tls"),
    ("SMTP FORCED TLS", "check_smtp_forced_tls"),
    ("SMTP MALWARE", "check_smtp_malware"),
    ("MAIL DOMAIN", "check_mail_domain"),
    ("SMTP ACCEPT", "check_smtp_accept"),
    ("PUSHOVER", "check_pushover"),
];
const STATES: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];
/// Columns of a first item and ", and 999 more"; without such an item 120 are the rule.
const COLUMNS: usize = 200 + 14;

/// The program, the text and the performance data of a first line, when it is a check's.
fn first_line_of(first: &str) -> Option<(&str, &str, Option<&str>)> {
    let (prefix, rest) = first.split_once(" - ")?;
    let (service, state) = prefix.rsplit_once(' ')?;
    let (_, program) = SERVICES.iter().find(|(known, _)| *known == service)?;
    let (text, perfdata) =
        rest.split_once(" | ").map_or((rest, None), |(text, perfdata)| (text, Some(perfdata)));
    STATES.contains(&state).then_some((program, text, perfdata))
}

/// Fails for an output that breaks a rule; what is no report passes.
#[track_caller]
pub(crate) fn hold(output: &str) {
    let Some((program, text, perfdata)) = output.lines().next().and_then(first_line_of) else {
        return;
    };
    assert!(!text.trim().is_empty() && text.trim() == text, "first line: {output}");
    assert!(text.width() <= COLUMNS, "{} columns: {output}", text.width());
    let bars = output.matches('|').count();
    assert_eq!(bars, usize::from(perfdata.is_some()), "one bar, before the perfdata: {output}");
    for line in output.lines().skip(1) {
        assert!(!line.is_empty(), "empty line: {output}");
        assert_ne!(line, text, "the first line again: {output}");
        assert!(!STATES.iter().any(|state| line == format!("[{state}] {text}")), "again: {output}");
    }
    if let Some(second) = output.lines().nth(1).filter(|line| !line.starts_with('[')) {
        assert!(!second.contains(". "), "one sentence: {second}");
    }
    marks(output);
    let mut seen = BTreeSet::new();
    for item in perfdata.into_iter().flat_map(|perfdata| perfdata.split(' ')) {
        let (label, value) = item.split_once('=').unwrap_or_else(|| panic!("{item}: {output}"));
        assert!(is_label(label), "{item}: {output}");
        assert!(seen.insert(label), "{label} stands twice: {output}");
        metric(value);
        labels::stands_in_table(program, label, value);
    }
}

/// Only a finding's line begins with a mark, and no other place has one.
fn marks(output: &str) {
    for line in output.lines() {
        let rest = STATES.iter().find_map(|state| line.strip_prefix(&format!("[{state}] ")));
        for state in STATES {
            let text = rest.unwrap_or(line);
            let has = |open, close| text.contains(&format!("{open}{state}{close}"));
            assert!(!has('[', ']') && !has('(', ')'), "a mark of its own: {line}");
        }
    }
}

fn is_label(label: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    label.starts_with(|c: char| c.is_ascii_lowercase())
        && label.len() <= 60
        && label.chars().all(fits)
}

/// `value[UOM];[warn];[crit];[min];[max]`, and nothing behind `U`.
fn metric(item: &str) {
    if item == "U" {
        return;
    }
    let fields: Vec<&str> = item.split(';').collect();
    assert!(fields.len() <= 5, "{item}");
    let field = |place: usize| fields.get(place).copied().unwrap_or_default();
    let value = field(0).trim_end_matches(['s', 'B', '%']);
    assert!(is_number(value), "{item}");
    if field(0).ends_with('%') {
        assert!(!value.contains('.'), "a whole number: {item}");
    }
    let (warning, critical, maximum) = (field(1), field(2), field(4));
    assert!([warning, critical].iter().all(|limit| is_limit(limit)), "{item}");
    assert!(maximum.is_empty() || !(warning.is_empty() && critical.is_empty()), "{item}");
    assert!([field(3), maximum].iter().all(|end| end.is_empty() || is_number(end)), "{item}");
}

/// A range; `~:` is none.
fn is_limit(limit: &str) -> bool {
    let range = limit.strip_prefix('@').unwrap_or(limit);
    let (start, end) = range.split_once(':').unwrap_or(("", range));
    let is_open = |end: &str| end.is_empty() || end == "~";
    limit.is_empty()
        || (!(is_open(start) && is_open(end))
            && [start, end].iter().all(|end| is_open(end) || is_number(end)))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[test]
fn broken_reports_are_noticed() {
    for broken in [
        "SMTP TLS OK - \n",
        "SMTP TLS OK - a\na\n",
        "SMTP TLS OK - a\n[OK] a\n",
        "SMTP TLS OK - a\n\nb\n",
        "SMTP TLS OK - a\nmend this. Or that\n",
        "SMTP TLS OK - a [OK]\n",
        "SMTP TLS OK - a\n[OK] b (CRITICAL)\n",
        "SMTP TLS OK - a | score=U;1\n",
        "SMTP TLS OK - a | score=1 score=2\n",
        "SMTP TLS OK - a | certificate_used=1.5%\n",
        "SMTP TLS OK - a | certificate_used=1%;;;0;100\n",
        "SMTP TLS OK - a | certificate=1s;~:\n",
        "SMTP TLS OK - a | Score=1\n",
        "SMTP TLS OK - a | score=1 | handshake=1s\n",
        "SMTP TLS OK - a | unheard_of=1\n",
        "SMTP TLS OK - a | score=1s\n",
        "SMTP TLS OK - a | score=1;2\n",
        &format!("SMTP TLS OK - {}\n", "郵".repeat(108)),
    ] {
        assert!(std::panic::catch_unwind(|| hold(broken)).is_err(), "{broken}");
    }
    hold(
        "SMTP TLS OK - a, b | certificate=1s;2:;@~:3;0 certificate_used=98%;90;97;0;100 score=U\n[OK] c\n  d\n",
    );
    hold("--help\nsays\nsays\n");
}
