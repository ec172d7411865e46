//! The conversation with Axigen's CLI: it greets and shows a prompt, answers GET VERSION and shows the prompt again.
//!
//! As axigen/automation-tools, lib/cli2.py, has it: lines end with CRLF, an answer with `+OK: ...` or `-ERR: ...`, and
//! the prompt behind it, `<login> `, with no line end at all.

use std::io::{ErrorKind, Read, Write};

use crate::check_axigen_version::facts::{Awaited, NoVersion, ServerVersion};
use crate::check_axigen_version::release::{NotARelease, Release};
use crate::stream::StreamError;

/// The only thing ever sent.
const GET_VERSION: &[u8] = b"GET VERSION\r\n";

/// Bytes read before a prompt; a greeting and an answer have a few lines.
const MOST_BYTES: usize = 64 * 1024;

/// Characters kept of a line that somebody else wrote.
const MOST_CHARS: usize = 120;

/// Waits for the prompt, asks, and reads the answer. `enter` is told what is waited for.
pub(super) fn ask(
    stream: &mut (impl Read + Write),
    enter: impl Fn(Awaited),
) -> Result<ServerVersion, NoVersion> {
    enter(Awaited::Prompt);
    hear(stream, Awaited::Prompt)?;
    enter(Awaited::Version);
    let sent = stream.write_all(GET_VERSION).and_then(|()| stream.flush());
    sent.map_err(|error| NoVersion::NoWord(Awaited::Version, (&error).into()))?;
    read(&hear(stream, Awaited::Version)?)
}

/// Everything up to a prompt.
fn hear(stream: &mut impl Read, awaited: Awaited) -> Result<Vec<u8>, NoVersion> {
    let mut heard = Vec::new();
    let mut chunk = [0; 4096];
    while !ends_in_prompt(&heard) {
        if heard.len() > MOST_BYTES {
            return Err(NoVersion::TooLong(awaited));
        }
        let end = match stream.read(&mut chunk) {
            Ok(0) => StreamError::Closed,
            Ok(count) => {
                heard.extend_from_slice(chunk.get(..count).unwrap_or_default());
                continue;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => (&error).into(),
        };
        return Err(match first_line(&heard) {
            Some(line) => NoVersion::NoPrompt(awaited, line),
            None => NoVersion::NoWord(awaited, end),
        });
    }
    Ok(heard)
}

/// Whether the last line is a prompt, as `<login> ` or `<#> `. Its blank may still be under way; it is no part of the
/// answer then.
fn ends_in_prompt(heard: &[u8]) -> bool {
    let last = heard.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let last = last.trim_ascii();
    let name = last.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    name.is_some_and(|name| {
        let name = name.strip_suffix(b"#").unwrap_or(name);
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    })
}

/// The version in a whole answer.
fn read(answer: &[u8]) -> Result<ServerVersion, NoVersion> {
    let text = String::from_utf8_lossy(answer);
    let lines = || text.lines().map(str::trim);
    if let Some(error) = lines().find(|line| line.starts_with("-ERR")) {
        return Err(NoVersion::Refused(shortened(error)));
    }
    let first = first_line(answer).unwrap_or_default();
    if !lines().any(|line| line.starts_with("+OK")) {
        return Err(NoVersion::NoPrompt(Awaited::Version, first));
    }
    match release(&first) {
        Ok(release) => Ok(ServerVersion { release, text: first }),
        Err(NotARelease) => Err(NoVersion::NoRelease(first)),
    }
}

/// The release in `10.6.30|Linux|x86_64`. A build behind it, as in `10.5.0-4370c946`, makes it no other release.
fn release(line: &str) -> Result<Release, NotARelease> {
    let number = line.split('|').next().unwrap_or_default();
    let number = number.split_whitespace().next().unwrap_or_default();
    number.split('-').next().unwrap_or_default().parse()
}

/// The first line that is not empty.
fn first_line(heard: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(heard);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(shortened)
}

fn shortened(line: &str) -> String {
    line.chars().take(MOST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;

    use super::*;

    const GREETING: &str = "Welcome to Axigen's CLI\r\n<login> ";
    const ANSWER: &str = "10.6.30|Linux|x86_64\r\n+OK: command successful\r\n<login> ";

    /// A server that says these, one after each thing it is told but the first, in pieces of a size.
    struct Server {
        says: Vec<Vec<u8>>,
        piece: usize,
        told: Vec<u8>,
    }

    impl Server {
        fn new(greeting: &[u8], answer: &[u8], piece: usize) -> Self {
            Self { says: vec![answer.to_vec(), greeting.to_vec()], piece, told: Vec::new() }
        }

        fn ask(mut self) -> (Result<ServerVersion, NoVersion>, String) {
            let asked = ask(&mut self, |_| {});
            (asked, String::from_utf8(self.told).unwrap())
        }
    }

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(now) = self.says.last_mut() else { return Ok(0) };
            let count = self.piece.min(buffer.len()).min(now.len());
            buffer[..count].copy_from_slice(&now[..count]);
            now.drain(..count);
            Ok(count)
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert_eq!(self.says.len(), 2, "it is asked once");
            self.says.pop();
            self.told.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_version_is_asked_for_after_the_prompt_and_nothing_else_is_said() {
        for piece in [1, 2, 7, 4096] {
            let server = Server::new(GREETING.as_bytes(), ANSWER.as_bytes(), piece);
            let (asked, told) = server.ask();
            let version = asked.unwrap();
            assert_eq!(version.release.to_string(), "10.6.30");
            assert_eq!(version.text, "10.6.30|Linux|x86_64");
            assert_eq!(told, "GET VERSION\r\n");
        }
    }

    #[test]
    fn releases_are_found_in_what_is_said_about_them() {
        for (line, found) in [
            ("10.3.3.67|Linux|x86_64", Ok("10.3.3.67")),
            ("10.5.0-4370c946|Windows|x86_64", Ok("10.5.0")),
            ("8.0.0 beta|FreeBSD|i386", Ok("8.0.0")),
            ("7.4.2", Ok("7.4.2")),
            ("Axigen 10.6.30", Err(NotARelease)),
            ("10.6.30rc1|Linux|x86_64", Err(NotARelease)),
            ("|Linux|x86_64", Err(NotARelease)),
            ("", Err(NotARelease)),
        ] {
            let release = release(line).map(|release| release.to_string());
            assert_eq!(release, found.map(ToOwned::to_owned), "{line}");
        }
    }

    #[test]
    fn prompts_are_told_from_other_text() {
        for prompt in
            ["<login> ", "<login>", "hi\r\n<#> ", "<> ", "<queue#> ", "a\n<domain-accounts#> "]
        {
            assert!(ends_in_prompt(prompt.as_bytes()), "{prompt:?}");
        }
        for text in
            ["", "<login", "login> ", "<a@b.example> ", "x <login> ", "<login> \r\n", "<a b> "]
        {
            assert!(!ends_in_prompt(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let asked = |answer: &[u8]| Server::new(GREETING.as_bytes(), answer, 4096).ask().0;
        let prompted = |line: &str| asked(format!("{line}\r\n<login> ").as_bytes());
        assert_eq!(
            prompted("-ERR: command not allowed"),
            Err(NoVersion::Refused("-ERR: command not allowed".to_owned()))
        );
        assert_eq!(prompted("hello\r\n+OK: fine"), Err(NoVersion::NoRelease("hello".to_owned())));
        assert_eq!(
            prompted("10.6.30|Linux|x86_64"),
            Err(NoVersion::NoPrompt(Awaited::Version, "10.6.30|Linux|x86_64".to_owned()))
        );
        assert_eq!(asked(b""), Err(NoVersion::NoWord(Awaited::Version, StreamError::Closed)));
        assert_eq!(asked(&vec![b'x'; 2 * MOST_BYTES]), Err(NoVersion::TooLong(Awaited::Version)));
        let (asked, told) = Server::new(b"SSH-2.0-OpenSSH_9.2\r\n", b"", 4096).ask();
        let heard = "SSH-2.0-OpenSSH_9.2".to_owned();
        assert_eq!((asked, told.as_str()), (Err(NoVersion::NoPrompt(Awaited::Prompt, heard)), ""));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_pieces_change_nothing(
            greeting in prop::collection::vec(any::<u8>(), 0..60),
            answer in "[0-9.|a-z<>#+OK:ERR \r\n-]{0,60}",
            piece in 1..9_usize,
        ) {
            // A prompt is recognised as soon as it is there, so that only what does not hold one before its end is the
            // same in any pieces.
            prop_assume!((0..greeting.len()).all(|end| !ends_in_prompt(&greeting[..end])));
            prop_assume!((0..answer.len()).all(|end| !ends_in_prompt(&answer.as_bytes()[..end])));
            let whole = Server::new(&greeting, answer.as_bytes(), 4096).ask();
            prop_assert_eq!(whole, Server::new(&greeting, answer.as_bytes(), piece).ask());
            let prompted = [&greeting[..], b"\r\n<login> "].concat();
            let _ = Server::new(&prompted, answer.as_bytes(), piece).ask();
        }
    }
}
