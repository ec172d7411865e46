//! Options that take one of a few words: completions offer them, and the option's own parser goes on reading what is typed.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

/// A parser whose words are known beforehand.
#[derive(Clone, Debug)]
pub struct Offered<P> {
    parser: P,
    words: Vec<&'static str>,
}

/// Reads as `parser` does, and offers these words. Help names them in its own sentence, so the option hides them there.
pub fn offered<P: TypedValueParser>(
    words: impl IntoIterator<Item = &'static str>,
    parser: P,
) -> Offered<P> {
    Offered { parser, words: words.into_iter().collect() }
}

impl<P: TypedValueParser> TypedValueParser for Offered<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}
