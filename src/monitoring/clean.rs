//! Foreign text made harmless and short, for every form of output.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Makes foreign text harmless on one line: no performance data separator, no macro, no markup, no mark of a state, no
/// control or direction character.
#[must_use]
pub(crate) fn clean(text: &str) -> String {
    let replace = |c: char| match c {
        '|' => '/',
        '$' => '?',
        '<' => '(',
        '>' => ')',
        c if is_unprintable(c) => '?',
        c => c,
    };
    let text: String = text.chars().map(replace).collect();
    without_marks(text.trim())
}

/// Icinga DB Web shows `[OK]` and `(OK)` as a coloured ball, whoever wrote it; only the report itself may say so.
fn without_marks(text: &str) -> String {
    let mut text = text.to_owned();
    for state in ["OK", "WARNING", "CRITICAL", "UNKNOWN"] {
        for (open, close) in [('[', ']'), ('(', ')')] {
            let mark = format!("{open}{state}{close}");
            if text.contains(&mark) {
                text = text.replace(&mark, &mark.to_lowercase());
            }
        }
    }
    text
}

/// Control characters, line and paragraph separators, and what turns or hides text in a terminal.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// At most `limit` characters, the last three being dots when something was cut.
#[must_use]
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// At most `limit` columns of a terminal, the last three being dots when something was cut; no grapheme is cut in two.
pub(super) fn cut_columns(text: &str, limit: usize) -> String {
    if text.width() <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        if kept.width() + grapheme.width() + "...".len() > limit {
            break;
        }
        kept.push_str(grapheme);
    }
    format!("{}...", kept.trim_end())
}
