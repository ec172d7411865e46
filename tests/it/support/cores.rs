//! How the two monitoring cores read a plugin's output, written from their parsers' rules.

/// What a core keeps of an output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CoreView {
    pub(crate) text: String,
    pub(crate) perfdata: String,
}

/// Nagios Core, `parse_check_output` in base/checks.c: perfdata after the first `|` of line 1; a `|` on a later line
/// turns all the rest into perfdata.
pub(crate) fn nagios(output: &str) -> CoreView {
    let (first, rest) = output.split_once('\n').unwrap_or((output, ""));
    let (text, perfdata) = first.split_once('|').unwrap_or((first, ""));
    let (_, more) = rest.split_once('|').unwrap_or((rest, ""));
    CoreView { text: text.trim().to_owned(), perfdata: format!("{}{more}", perfdata.trim()) }
}

/// Icinga 2, `ParseCheckOutput` in lib/icinga/pluginutility.cpp: every line is split at its first `|` when a `=` follows.
pub(crate) fn icinga(output: &str) -> CoreView {
    let (mut text, mut perfdata) = (Vec::new(), Vec::new());
    for line in output.split(['\r', '\n']) {
        match line.split_once('|') {
            Some((before, after)) if after.contains('=') => {
                text.push(before.trim());
                perfdata.push(after.trim());
            }
            _ => text.push(line.trim()),
        }
    }
    CoreView { text: text.join("\n").trim().to_owned(), perfdata: perfdata.join(" ") }
}
