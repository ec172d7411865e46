//! Reads `queuePath` from axigen.cfg; everything else in the file is passed over.
//!
//! Grammar: <https://www.axigen.com/documentation/axigen-cfg-definitions-p47120646>. Entries are `name = value`, names
//! ignore case, strings may be quoted, sets stand in `( )`, objects in `{ }`, comments start with `#` or stand in
//! `/* */`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::check_axigen_queue::facts::ConfigError;

/// Longest value the grammar allows.
const VALUE_BYTES: usize = 8192;

/// The value of `queuePath` in `Server { processing = { ... } }`, as it is written there.
pub(crate) fn queue_path(text: &[u8]) -> Result<Option<PathBuf>, ConfigError> {
    let mut tokens = Tokens { rest: text, line: 1 };
    let mut open: Vec<Bracket> = Vec::new();
    let mut name: Vec<u8> = Vec::new();
    let mut is_value = false;
    let mut found = None;
    while let Some(token) = tokens.next()? {
        match token {
            Token::Word(value) if is_value => {
                if name.eq_ignore_ascii_case(b"queuePath") && is_processing(&open) {
                    found = Some(checked(value, tokens.line)?);
                }
                is_value = false;
            }
            Token::Word(word) => name = word,
            Token::Equals => is_value = true,
            Token::Open(closed_by) => {
                open.push(Bracket { name: std::mem::take(&mut name), closed_by });
                is_value = false;
            }
            Token::Close(bracket) => match open.pop() {
                Some(last) if last.closed_by == bracket => is_value = false,
                _ => return Err(ConfigError::StrayBracket(tokens.line)),
            },
        }
    }
    if open.is_empty() { Ok(found) } else { Err(ConfigError::OpenBracket) }
}

struct Bracket {
    name: Vec<u8>,
    closed_by: u8,
}

fn is_processing(open: &[Bracket]) -> bool {
    match open {
        [server, processing] => {
            server.name.eq_ignore_ascii_case(b"server")
                && processing.name.eq_ignore_ascii_case(b"processing")
        }
        _ => false,
    }
}

fn checked(value: Vec<u8>, line: usize) -> Result<PathBuf, ConfigError> {
    if value.is_empty() || value.contains(&0) {
        return Err(ConfigError::BadPath(line));
    }
    Ok(OsString::from_vec(value).into())
}

enum Token {
    Word(Vec<u8>),
    Equals,
    Open(u8),
    Close(u8),
}

struct Tokens<'a> {
    rest: &'a [u8],
    line: usize,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<Token>, ConfigError> {
        loop {
            let token = match self.rest {
                [] => return Ok(None),
                [b'#', ..] => {
                    self.take_while(|b| b != b'\n');
                    continue;
                }
                [b'/', b'*', ..] => {
                    self.skip_comment()?;
                    continue;
                }
                [b'=', ..] => Token::Equals,
                [b'{', ..] => Token::Open(b'}'),
                [b'(', ..] => Token::Open(b')'),
                [bracket @ (b'}' | b')'), ..] => Token::Close(*bracket),
                [b'"', ..] => return self.string().map(Some),
                [byte, ..] if byte.is_ascii_whitespace() || *byte == b',' || *byte == b';' => {
                    self.advance();
                    continue;
                }
                _ => return self.word().map(Some),
            };
            self.advance();
            return Ok(Some(token));
        }
    }

    fn advance(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.line += usize::from(*first == b'\n');
        self.rest = rest;
        Some(*first)
    }

    fn take_while(&mut self, mut wanted: impl FnMut(u8) -> bool) -> Vec<u8> {
        let mut taken = Vec::new();
        while let Some(byte) = self.rest.first().copied().filter(|byte| wanted(*byte)) {
            taken.push(byte);
            self.advance();
        }
        taken
    }

    fn skip_comment(&mut self) -> Result<(), ConfigError> {
        let start = self.line;
        while !self.rest.starts_with(b"*/") {
            self.advance().ok_or(ConfigError::OpenComment(start))?;
        }
        self.advance();
        self.advance();
        Ok(())
    }

    fn word(&mut self) -> Result<Token, ConfigError> {
        self.bounded(|tokens| {
            tokens.take_while(|b| !b.is_ascii_whitespace() && !b"={}()\"#,;".contains(&b))
        })
    }

    fn string(&mut self) -> Result<Token, ConfigError> {
        let start = self.line;
        self.advance();
        let mut escaped = false;
        let mut value = self.take_while(|b| {
            let goes_on = (b != b'"' || escaped) && b != b'\n';
            escaped = b == b'\\';
            goes_on
        });
        if self.advance() != Some(b'"') {
            return Err(ConfigError::OpenString(start));
        }
        // Only a quote can be escaped: other backslashes are part of Windows paths.
        let backslashes: Vec<usize> = value
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair == b"\\\"")
            .map(|(at, _)| at)
            .rev()
            .collect();
        for at in backslashes {
            value.remove(at);
        }
        self.bounded(|_| value)
    }

    fn bounded(&mut self, read: impl FnOnce(&mut Self) -> Vec<u8>) -> Result<Token, ConfigError> {
        let value = read(self);
        if value.len() > VALUE_BYTES {
            Err(ConfigError::LongValue(self.line))
        } else {
            Ok(Token::Word(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> Result<Option<PathBuf>, ConfigError> {
        queue_path(text.as_bytes())
    }

    #[test]
    fn queue_path_is_found_where_axigen_keeps_it() {
        let plain = "# Axigen\nserver = {\n  services = (smtp imap)\n  processing = {\n    queueEntryCount = 64\n    \
                     queuePath = \"queue\"\n  }\n}\n";
        for (text, value) in [
            (plain, "queue"),
            ("Server { processing { queuePath = /data/queue } }", "/data/queue"),
            ("SERVER{PROCESSING={QUEUEPATH=\"/a b/#q\"}}", "/a b/#q"),
            (r#"server={processing={queuePath="/a\"b"}}"#, "/a\"b"),
            (r#"server={processing={queuePath="C:\axigen\queue"}}"#, r"C:\axigen\queue"),
            ("server={/* queuePath = \"old\" } */ processing={queuePath=\"new\"}}", "new"),
            ("server={processing={x = (1 {queuePath=\"inner\"} 2) queuePath=\"outer\"}}", "outer"),
        ] {
            assert_eq!(path(text), Ok(Some(value.into())), "{text}");
        }
    }

    #[test]
    fn other_places_are_passed_over() {
        for text in [
            "",
            "queuePath = \"top\"",
            "server = { queuePath = \"x\" }",
            "server = { processing = { # queuePath = \"x\"\n } }",
            "server = { other = { queuePath = \"x\" } }",
            "server = { processing = { note = queuePath } }",
        ] {
            assert_eq!(path(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn broken_files_are_named_by_line() {
        let long = format!("a = \"{}\"", "x".repeat(9000));
        for (text, error) in [
            ("server = {\n processing = {", ConfigError::OpenBracket),
            ("server = {\n a = \"x\n}", ConfigError::OpenString(2)),
            ("server = {\n/* x }", ConfigError::OpenComment(2)),
            ("server = {\n)", ConfigError::StrayBracket(2)),
            ("}", ConfigError::StrayBracket(1)),
            (long.as_str(), ConfigError::LongValue(1)),
            ("server={processing={\nqueuePath = \"a\0b\"}}", ConfigError::BadPath(2)),
            ("server={processing={queuePath = \"\"}}", ConfigError::BadPath(1)),
        ] {
            assert_eq!(path(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = queue_path(&text);
        }

        #[test]
        fn no_brackets_and_quotes_panic(text in "[{}()\"\\\\#=/* \na]{0,60}") {
            let _ = path(&text);
        }
    }
}
