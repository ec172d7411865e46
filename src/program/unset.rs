//! An empty value is unset: cores pass one for a macro without a value. The one place for all checks; a notifier's command
//! line is read by [`lenient`](super::lenient), where an empty text is still an alert.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Command};

/// A command line without options whose value is empty.
pub(super) fn without_empty_values(
    command: &Command,
    line: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = line.into_iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            kept.push(word);
            kept.extend(rest);
            break;
        }
        let (name, inline) = split(&word);
        if !takes_value(command, name) {
            kept.push(word);
            continue;
        }
        let value = match inline {
            Some(inline) => Some(inline.to_owned()),
            None => rest.next(),
        };
        match value {
            Some(value) if value.is_empty() => {}
            Some(value) if inline.is_none() => kept.extend([word, value]),
            _ => kept.push(word),
        }
    }
    kept
}

/// Name and value of `--name=value` and `-n=value`.
fn split(word: &OsStr) -> (&OsStr, Option<&OsStr>) {
    let mut parts = word.as_bytes().splitn(2, |byte| *byte == b'=').map(OsStr::from_bytes);
    (parts.next().unwrap_or_default(), parts.next())
}

/// Whether it is an option of the command, in a word of its own, that takes a value.
fn takes_value(command: &Command, name: &OsStr) -> bool {
    let is_it = |option: &&Arg| match name.as_bytes() {
        [b'-', b'-', long @ ..] => option.get_long().is_some_and(|known| known.as_bytes() == long),
        [b'-', letter] => option.get_short() == Some(char::from(*letter)),
        _ => false,
    };
    let mut options = command.get_arguments();
    options.find(is_it).is_some_and(|option| option.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::*;

    #[test]
    fn empty_values_go_and_everything_else_stays() {
        let command = Command::new("x")
            .arg(Arg::new("limit").short('w').long("warning"))
            .arg(Arg::new("all").short('v').action(ArgAction::Count));
        for (line, expected) in [
            ("x -w EMPTY -v", "x -v"),
            ("x --warning= -v", "x -v"),
            ("x --warning EMPTY", "x"),
            ("x -w= -w 5", "x -w 5"),
            ("x -w -v EMPTY", "x -w -v EMPTY"),
            ("x -v EMPTY", "x -v EMPTY"),
            ("x -w", "x -w"),
            ("x --other EMPTY", "x --other EMPTY"),
            ("x -- -w EMPTY", "x -- -w EMPTY"),
        ] {
            let words = line.split(' ').map(|word| match word {
                "EMPTY" => OsString::new(),
                word => OsString::from(word),
            });
            let kept = without_empty_values(&command, words);
            let shown = kept.iter().map(|word| match word.to_str() {
                Some("") => "EMPTY",
                word => word.unwrap(),
            });
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{line}");
        }
    }
}
