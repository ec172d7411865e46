//! Cutting text for a phone: by characters as Pushover counts them, never inside what is seen as one.

use unicode_segmentation::UnicodeSegmentation;

/// Limits in characters (<https://pushover.net/api#limits>).
pub(crate) const MESSAGE_CHARS: usize = 1024;
pub(crate) const TITLE_CHARS: usize = 250;
pub(crate) const URL_CHARS: usize = 512;
pub(crate) const URL_TITLE_CHARS: usize = 100;

/// At most `limit` characters (Unicode scalar values, which is what Pushover counts), with an ellipsis when
/// something was cut. A grapheme cluster stays whole unless it alone is too long.
#[must_use]
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let mut kept = String::new();
    let mut count = 0;
    for cluster in text.graphemes(true) {
        let size = cluster.chars().count();
        if count + size > room {
            break;
        }
        count += size;
        kept.push_str(cluster);
    }
    if kept.trim().is_empty() {
        kept = text.chars().take(room).collect();
    }
    let mut kept = kept.trim_end().to_owned();
    if limit > 0 {
        kept.push('…');
    }
    kept
}

/// Without control characters; line ends and tabs become a line feed and a blank.
#[must_use]
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_stay_whole() {
        let family = "👨\u{200d}👩\u{200d}👧";
        for (text, limit, want) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("ab\u{65}\u{301}\u{301}", 4, "ab…"),
            ("🔴🔴🔴", 2, "🔴…"),
            ("", 3, ""),
            ("abcd", 1, "…"),
            ("ab cd", 4, "ab…"),
        ] {
            assert_eq!(cut(text, limit), want, "{text}");
        }
        assert_eq!(cut(&format!("a{family}"), 5), "a…");
        let flags = "🇩🇪🇫🇷";
        assert_eq!(cut(flags, 3), "🇩🇪…");
    }

    #[test]
    fn one_endless_cluster_is_cut_all_the_same() {
        let endless = format!("e{}", "\u{301}".repeat(2000));
        assert_eq!(cut(&endless, 10).chars().count(), 10);
    }

    proptest::proptest! {
        #[test]
        fn never_longer_and_never_empty(text: String, limit in 1usize..50) {
            let short = cut(&text, limit);
            proptest::prop_assert!(short.chars().count() <= limit);
            proptest::prop_assert_eq!(short.is_empty(), text.is_empty());
        }
    }
}
