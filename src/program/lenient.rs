//! A notifier's command line: what is wrong on it is left out and told, since no mistake may cost the alert.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::iter::Peekable;
use std::os::unix::ffi::OsStrExt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Parser};

use super::usage;

/// What was left out of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Options that are not known, or whose value is of no use, in words.
    pub mistakes: Vec<String>,
    /// Words that belong to no option.
    pub words: Vec<String>,
    /// What stood behind options that are not known. It may be a secret: never to be shown.
    pub values: Vec<String>,
    /// Whether any option was given, known or not.
    pub beside_options: bool,
}

/// Reads a command line as far as it can be read.
///
/// # Errors
/// [`clap::Error`] for help and version, and where nothing can be left out.
pub(crate) fn parse<A: Parser>(
    line: impl IntoIterator<Item = OsString>,
) -> Result<(A, LeftOut), clap::Error> {
    let mut command = A::command();
    command.build();
    let mut sorter = Sorter {
        command: &command,
        line: Vec::new(),
        has_action: false,
        left_out: LeftOut::default(),
    };
    sorter.sort(line);
    let Sorter { mut line, mut left_out, .. } = sorter;
    loop {
        let read = command.try_get_matches_from_mut(&line);
        let read = read.and_then(|mut matches| A::from_arg_matches_mut(&mut matches));
        match read.map_err(|error| error.format(&mut command)) {
            Ok(args) => return Ok((args, left_out)),
            Err(error) if !error.use_stderr() => return Err(error),
            Err(error) if error.kind() == ErrorKind::InvalidUtf8 && make_utf8(&mut line) => {}
            Err(error) if leave_out(&error, &mut line) => {
                left_out.mistakes.push(usage::one_line(&error));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether anything was not UTF-8.
fn make_utf8(line: &mut [OsString]) -> bool {
    let broken = line.iter_mut().filter(|word| word.to_str().is_none());
    broken.map(|word| *word = word.to_string_lossy().into_owned().into()).count() > 0
}

/// Takes the option out that the error is about, and tells whether it was there. Of an option that was given twice the
/// first stays.
fn leave_out(error: &clap::Error, line: &mut Vec<OsString>) -> bool {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return false;
    };
    let option = argument.split([' ', '=']).next().unwrap_or_default();
    let is_it = |word: &OsString| split_value(word).0 == option;
    let Some(position) = line.iter().skip(1).rposition(is_it) else {
        return false;
    };
    line.remove(position + 1);
    true
}

/// Name and value of `--name=value`.
fn split_value(word: &OsStr) -> (&OsStr, Option<&OsStr>) {
    let bytes = word.as_bytes();
    let mut parts = bytes.splitn(2, |byte| *byte == b'=').map(OsStr::from_bytes);
    (parts.next().unwrap_or_default(), parts.next())
}

/// Writes a command line anew, each option with its value in one word, without what nobody knows and without options whose
/// value is empty: cores pass those for macros without a value. Free texts keep theirs, since an empty text is still an
/// alert.
struct Sorter<'a> {
    command: &'a Command,
    line: Vec<OsString>,
    has_action: bool,
    left_out: LeftOut,
}

impl<'a> Sorter<'a> {
    fn sort(&mut self, line: impl IntoIterator<Item = OsString>) {
        let mut rest = line.into_iter().peekable();
        self.line.extend(rest.next());
        while let Some(word) = rest.next() {
            if word == "--" {
                rest.by_ref().for_each(|word| self.word(word));
            } else if word.as_bytes().starts_with(b"--") {
                self.long(&word, &mut rest);
            } else if word.len() > 1 && word.as_bytes().starts_with(b"-") {
                self.short(&word, &mut rest);
            } else {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: OsString) {
        let text = word.to_string_lossy().into_owned();
        let actions = self.command.get_positionals().flat_map(Arg::get_possible_values);
        if !self.has_action && actions.into_iter().any(|action| action.matches(&text, false)) {
            self.has_action = true;
            self.line.push(word);
        } else if !text.is_empty() {
            self.left_out.words.push(text);
        }
    }

    fn long(&mut self, word: &OsStr, rest: &mut Peekable<impl Iterator<Item = OsString>>) {
        let (name, value) = split_value(word);
        match self.long_option(name) {
            Some(option) if takes_value(option) => self.option(option, value, rest),
            Some(_) if value.is_none() => self.flag(word),
            _ => self.unknown(word, rest),
        }
    }

    /// One short option, or several in one word.
    fn short(&mut self, word: &OsStr, rest: &mut Peekable<impl Iterator<Item = OsString>>) {
        let mut letters = word.as_bytes().iter().copied().skip(1);
        while let Some(letter) = letters.next() {
            match self.short_option(letter) {
                Some(option) if takes_value(option) => {
                    let value: Vec<u8> = letters.collect();
                    let value = value.strip_prefix(b"=").unwrap_or(&value);
                    let value = (!value.is_empty() || word.as_bytes().ends_with(b"="))
                        .then(|| OsStr::from_bytes(value));
                    return self.option(option, value, rest);
                }
                Some(_) => self.flag(OsStr::from_bytes(&[b'-', letter])),
                None => return self.unknown(word, rest),
            }
        }
    }

    fn flag(&mut self, word: &OsStr) {
        self.left_out.beside_options = true;
        self.line.push(word.to_owned());
    }

    fn option(
        &mut self,
        option: &Arg,
        inline: Option<&OsStr>,
        rest: &mut Peekable<impl Iterator<Item = OsString>>,
    ) {
        self.left_out.beside_options = true;
        let name = format!("--{}", option.get_long().unwrap_or_default());
        let is_free = is_free_text(option);
        // Free text may look like an option.
        let is_value = |next: &OsString| is_free || !self.is_option(next);
        let value = inline.map(OsStr::to_owned).or_else(|| rest.next_if(is_value));
        let mistakes = &mut self.left_out.mistakes;
        match value {
            None => mistakes.push(format!("option {name} needs a value; --help shows which")),
            Some(value) if value.is_empty() && !is_free => {}
            Some(value)
                if inline.is_none()
                    && value.len() > 1
                    && value.as_bytes().starts_with(b"-")
                    && !option.is_allow_hyphen_values_set() =>
            {
                let value = usage::shown(&value.to_string_lossy());
                mistakes.push(format!("option {name}: '{value}' looks like an option"));
            }
            Some(value) => {
                let mut word = OsString::from(format!("{name}="));
                word.push(value);
                self.line.push(word);
            }
        }
    }

    fn unknown(&mut self, word: &OsStr, rest: &mut Peekable<impl Iterator<Item = OsString>>) {
        self.left_out.beside_options = true;
        let (name, inline) = split_value(word);
        let asked = self.command.clone().try_get_matches_from([OsStr::new(""), name]);
        let mistake = match asked {
            Err(error) if error.kind() == ErrorKind::UnknownArgument => usage::one_line(&error),
            _ => format!("option {} takes no value", usage::shown(&name.to_string_lossy())),
        };
        self.left_out.mistakes.push(mistake);
        let is_value = |next: &OsString| !next.as_bytes().starts_with(b"-");
        let value = inline.map(OsStr::to_owned).or_else(|| rest.next_if(is_value));
        let value = value.map(|value| value.to_string_lossy().into_owned());
        self.left_out.values.extend(value.filter(|value| !value.is_empty()));
    }

    fn is_option(&self, word: &OsStr) -> bool {
        match word.as_bytes() {
            [b'-', b'-', ..] => self.long_option(split_value(word).0).is_some(),
            [b'-', letter, ..] => self.short_option(*letter).is_some(),
            _ => false,
        }
    }

    fn long_option(&self, name: &OsStr) -> Option<&'a Arg> {
        let name = name.to_str()?.strip_prefix("--")?;
        self.command.get_arguments().find(|option| option.get_long() == Some(name))
    }

    fn short_option(&self, letter: u8) -> Option<&'a Arg> {
        let letter = Some(char::from(letter));
        self.command.get_arguments().find(|option| option.get_short() == letter)
    }
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

fn is_free_text(option: &Arg) -> bool {
    let is_text = option.get_value_parser().type_id() == TypeId::of::<String>();
    is_text && option.is_allow_hyphen_values_set()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Args {
        #[arg(value_parser = ["send", "flush"], default_value = "send")]
        action: String,
        #[arg(long, allow_hyphen_values = true)]
        text: Option<String>,
        #[arg(short = 'H', long)]
        host: Option<String>,
        #[arg(long, allow_hyphen_values = true)]
        number: Option<i8>,
        #[arg(short, long, action = clap::ArgAction::Count)]
        verbose: u8,
    }

    fn read(line: &str) -> (Args, LeftOut) {
        let words = std::iter::once("x").chain(line.split(' ')).map(|word| match word {
            "EMPTY" => OsString::new(),
            word => OsString::from(word),
        });
        parse(words).unwrap()
    }

    #[test]
    fn a_line_without_mistakes_means_what_it_always_meant() {
        let (args, left_out) = read("flush -vvH h --text --host --number -5 -v");
        assert_eq!((args.action.as_str(), args.host.as_deref()), ("flush", Some("h")));
        assert_eq!((args.text.as_deref(), args.number), (Some("--host"), Some(-5)));
        assert_eq!((args.verbose, left_out.beside_options), (3, true));
        assert_eq!((left_out.mistakes.len(), left_out.words.len()), (0, 0));
        for line in ["-H=h", "-Hh", "-H h", "--host=h", "--host h"] {
            assert_eq!(read(line).0.host.as_deref(), Some("h"), "{line}");
        }
        let (args, left_out) = read("--text EMPTY --host EMPTY --number= -H EMPTY");
        assert_eq!((args.text.as_deref(), args.host, args.number), (Some(""), None, None));
        assert_eq!(left_out.mistakes, [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_left_out_and_the_rest_stays() {
        for (line, mistakes, words, values) in [
            ("--number 300", 1, "", ""),
            ("--number 1 --number 2", 1, "", ""),
            ("--host -x", 1, "", ""),
            ("--host", 1, "", ""),
            ("--host -v", 1, "", ""),
            ("--hots h", 1, "", "h"),
            ("--hots=h", 1, "", "h"),
            ("--hots -v", 1, "", ""),
            ("-x", 1, "", ""),
            ("-vx", 1, "", ""),
            ("--verbose=3", 1, "", "3"),
            ("hello again", 0, "hello again", ""),
            ("-- --hello", 0, "--hello", ""),
            ("send flush", 0, "flush", ""),
        ] {
            let (args, left_out) = read(&format!("--text t {line}"));
            assert_eq!(args.text.as_deref(), Some("t"), "{line}");
            assert_eq!(left_out.mistakes.len(), mistakes, "{line}: {left_out:?}");
            assert_eq!(left_out.words.join(" "), words, "{line}");
            assert_eq!(left_out.values.join(" "), values, "{line}");
        }
        assert!(!read("hello").1.beside_options);
    }

    #[test]
    fn bytes_that_are_no_text_cost_nothing() {
        let broken = OsStr::from_bytes(b"--host=a\xffb").to_owned();
        let (args, left_out) = parse::<Args>([OsString::from("x"), broken]).unwrap();
        assert_eq!(args.host.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(left_out.mistakes, [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn every_line_is_read(words: Vec<String>) {
            let line = std::iter::once("x".to_owned()).chain(words).map(OsString::from);
            let read = parse::<Args>(line);
            proptest::prop_assert!(read.is_ok() || read.is_err_and(|error| !error.use_stderr()));
        }
    }
}
