//! A strict reader of `OpenMetrics`, as far as the textfile collector of Prometheus' node exporter takes it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::daemon::fetched;

/// Prometheus' own checker; nothing, with a word, where it cannot be had. Unpacked: installed, Prometheus would begin to serve on
/// this host.
pub(crate) fn promtool(test: &str) -> Option<PathBuf> {
    let unpacked = fetched(test, "prometheus", "unpack.sh", &["prometheus"])?;
    Some(unpacked.join("usr/bin/promtool"))
}

/// Value by series. Fails for what the specification, `promtool check metrics` or the collector refuse.
#[track_caller]
pub(crate) fn read(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    let mut series = BTreeMap::new();
    let mut families = Vec::new();
    let mut described: Vec<&str> = Vec::new();
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let [keyword, name, rest] = parts(comment);
            match keyword {
                "HELP" => {
                    assert!(!families.contains(&name), "{name} stands in two pieces");
                    assert!(!rest.is_empty(), "{line}");
                    families.push(name);
                    described.clear();
                }
                "TYPE" => assert_eq!(rest, "gauge", "{line}"),
                "UNIT" => {
                    assert!(["seconds", "bytes", "ratio"].contains(&rest), "{line}");
                    assert!(name.ends_with(&format!("_{rest}")), "{line}");
                }
                _ => panic!("no other comment: {line}"),
            }
            assert_eq!(families.last(), Some(&name), "{line}");
            assert!(!described.contains(&keyword), "{line}");
            described.push(keyword);
            continue;
        }
        let (id, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let (name, labels) = id.split_once('{').unwrap_or((id, "}"));
        assert_eq!(families.last(), Some(&name), "{line}");
        assert!(described.contains(&"TYPE"), "{line}");
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_word),
            "{line}"
        );
        for ending in ["_total", "_count", "_sum", "_bucket", "_minutes", "_percent"] {
            assert!(!name.ends_with(ending), "{line}");
        }
        read_labels(labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")));
        let number: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(number.is_finite() && !value.contains(['e', 'E', '+']), "{line}");
        assert!(
            !described.contains(&"UNIT") || !name.ends_with("_ratio") || number <= 1.0,
            "{line}"
        );
        assert!(series.insert(id.to_owned(), number).is_none(), "twice: {line}");
    }
    series
}

fn parts(comment: &str) -> [&str; 3] {
    let mut words = comment.splitn(3, ' ');
    [(); 3].map(|()| words.next().unwrap_or_default())
}

/// `name="value"`, with backslash, quote and line end escaped.
fn read_labels(labels: &str) {
    let mut rest = labels;
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{labels}"));
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()), "{labels}");
        let mut is_escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let (_, after) = value.split_at(end.unwrap_or_else(|| panic!("{labels}")) + 1);
        rest = after.strip_prefix(',').unwrap_or(after);
        assert!(after.is_empty() || after.starts_with(','), "{labels}");
    }
}
