//! Mistakes on the command line, in one line that names the option and the offending text.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::monitoring::Report;

/// Characters shown of an offending text.
const SHOWN_CHARS: usize = 60;

/// Options that are right one by one but not together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl UsageError {
    pub(super) fn report(&self) -> Report {
        Report::unknown(self.0.clone())
    }
}

/// What is wrong with the command line, without a line break.
pub(super) fn one_line(error: &clap::Error) -> String {
    let argument = context(error, ContextKind::InvalidArg).map(|arg| shown(name(&arg)));
    let value = context(error, ContextKind::InvalidValue).map(|value| shown(&value));
    match (error.kind(), argument, value) {
        (ErrorKind::UnknownArgument, Some(argument), _) => {
            match context(error, ContextKind::SuggestedArg) {
                Some(known) => format!("unknown option {argument}; did you mean {known}?"),
                None if argument.starts_with('-') => {
                    format!("unknown option {argument}; --help lists the options")
                }
                None => format!("unexpected argument '{argument}'; --help lists the options"),
            }
        }
        (ErrorKind::ValueValidation, Some(argument), Some(value)) => {
            let cause =
                error.source().map_or_else(|| "is not valid".to_owned(), ToString::to_string);
            let cause = out_of_bounds(&cause).unwrap_or(cause);
            format!("option {argument}: '{value}' {cause}")
        }
        (ErrorKind::InvalidValue, Some(argument), value)
            if value.as_deref().unwrap_or_default().is_empty() =>
        {
            format!("option {argument} needs a value; --help shows which")
        }
        (ErrorKind::MissingRequiredArgument, Some(argument), _) => {
            format!("option {argument} is missing; --help shows how to give it")
        }
        (ErrorKind::ArgumentConflict, Some(argument), _) => {
            match context(error, ContextKind::PriorArg) {
                Some(other) if name(&other) != argument => {
                    format!(
                        "option {argument} cannot be used together with {}",
                        shown(name(&other))
                    )
                }
                _ => format!("option {argument} was given more than once"),
            }
        }
        (ErrorKind::InvalidUtf8, ..) => invalid_utf8(std::env::args_os()),
        _ => first_line(error),
    }
}

/// "is not between 30 and 10800", of clap's "20 is not in 30..=10800".
fn out_of_bounds(cause: &str) -> Option<String> {
    let (_, bounds) = cause.split_once(" is not in ")?;
    let (least, most) = bounds.split_once("..=")?;
    Some(format!("is not between {least} and {most}"))
}

/// Names the argument that is not UTF-8 and the option before it, since the parser names neither.
fn invalid_utf8(arguments: impl Iterator<Item = OsString>) -> String {
    let mut before = OsString::new();
    for argument in arguments {
        if argument.to_str().is_none() {
            let (option, text) = (before.to_string_lossy(), argument.to_string_lossy());
            let option = if option.starts_with('-') { option } else { "?".into() };
            return format!("option {}: '{}' is not valid UTF-8", shown(&option), shown(&text));
        }
        before = argument;
    }
    "an argument is not valid UTF-8".to_owned()
}

/// `--warning` of `--warning <RANGE>`.
fn name(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or_default()
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

pub(super) fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS).chain("...".chars()).collect()
}
