//! Foreign text made harmless and short, for every form of output.

/// Makes foreign text harmless on one line: no performance data separator, no macro, no markup, no control or
/// direction character.
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
    text.chars().map(replace).collect::<String>().trim().to_owned()
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
