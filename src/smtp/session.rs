//! A lock-step conversation over any stream: no early talking, no pipelining, every reply kept.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::command::{Command, Stage};
use super::reply::{Parser, Reply, ReplyError};
use crate::stream::StreamError;

/// Bytes asked for at once.
const CHUNK: usize = 4096;

/// A conversation that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionError {
    /// Where it stopped.
    pub(crate) stage: Stage,
    /// Why.
    pub(crate) cause: Cause,
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The stream gives or takes no more bytes.
    Stream(StreamError),
    /// Nothing came for so long.
    SilentFor(Duration),
    /// What came is no reply.
    NotSmtp(ReplyError),
    /// The server spoke before it was asked (RFC 5321 section 3.1), or behind its answer to STARTTLS, where a
    /// man in the middle adds words (CVE-2011-0411).
    TalksEarly,
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = self.stage;
        match &self.cause {
            Cause::Stream(StreamError::Silent) => write!(f, "no {stage} in time"),
            Cause::SilentFor(waited) if waited.as_secs() > 0 => {
                write!(f, "no {stage} after {} s", waited.as_secs())
            }
            Cause::SilentFor(waited) => write!(f, "no {stage} after {} ms", waited.as_millis()),
            Cause::Stream(StreamError::Closed) => {
                write!(f, "connection closed instead of the {stage}")
            }
            Cause::Stream(StreamError::Broken(why)) => write!(f, "no {stage}: {why}"),
            Cause::Stream(StreamError::Alert(alert)) => {
                write!(f, "no {stage}: refused with {alert}")
            }
            Cause::NotSmtp(error) => write!(f, "{error} ({stage})"),
            Cause::TalksEarly => write!(f, "the server sent more than the {stage}"),
        }
    }
}

impl std::error::Error for SessionError {}

/// One SMTP conversation.
#[derive(Debug)]
pub(crate) struct Session<S> {
    stream: S,
    received: Vec<u8>,
    next: usize,
}

impl<S: Read + Write> Session<S> {
    /// A conversation that has not begun.
    #[must_use]
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, received: Vec::new(), next: 0 }
    }

    /// Waits for the whole greeting, of however many lines.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn greeting(&mut self) -> Result<Reply, SessionError> {
        self.reply(Stage::Greeting)
    }

    /// Says who we are.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn ehlo(&mut self, name: &str) -> Result<Reply, SessionError> {
        self.command(Command::Ehlo, &format!("EHLO {name}"))
    }

    /// Asks for TLS. After a 220 the stream belongs to TLS: take it with [`Self::into_stream`].
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn starttls(&mut self) -> Result<Reply, SessionError> {
        self.command(Command::Starttls, "STARTTLS")
    }

    /// Begins a mail from `sender`, empty for the null sender (RFC 5321 section 4.5.5).
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn mail(&mut self, sender: &str) -> Result<Reply, SessionError> {
        self.command(Command::Mail, &format!("MAIL FROM:<{sender}>"))
    }

    /// Names a recipient.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn rcpt(&mut self, recipient: &str) -> Result<Reply, SessionError> {
        self.command(Command::Rcpt, &format!("RCPT TO:<{recipient}>"))
    }

    /// Gives up the mail that has begun.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn reset(&mut self) -> Result<Reply, SessionError> {
        self.command(Command::Rset, "RSET")
    }

    /// Asks to send the content; go on with [`Self::content`] after a 354.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn data(&mut self) -> Result<Reply, SessionError> {
        self.command(Command::Data, "DATA")
    }

    /// Sends the content, lines ended by CRLF, with its dots doubled (RFC 5321 section 4.5.2), and the final dot.
    ///
    /// # Errors
    /// [`SessionError`] when no reply came.
    pub(crate) fn content(&mut self, content: &str) -> Result<Reply, SessionError> {
        let stage = Stage::Command(Command::FinalDot);
        if self.has_more() {
            return Err(SessionError { stage, cause: Cause::TalksEarly });
        }
        let mut stuffed = String::with_capacity(content.len() + 8);
        for line in content.lines() {
            if line.starts_with('.') {
                stuffed.push('.');
            }
            stuffed.push_str(line);
            stuffed.push_str("\r\n");
        }
        stuffed.push('.');
        self.send(&stuffed).map_err(|error| failed(stage, &error))?;
        self.reply(stage)
    }

    /// Takes leave and waits for the answer; what it says does not matter.
    pub(crate) fn quit(&mut self) {
        let _ = self.command(Command::Quit, "QUIT");
    }

    /// Sends one command as `line` and waits for its whole answer.
    ///
    /// # Errors
    /// [`SessionError`] when the server had already said more than it was asked, or no reply came.
    pub(crate) fn command(&mut self, command: Command, line: &str) -> Result<Reply, SessionError> {
        let stage = Stage::Command(command);
        if self.has_more() {
            return Err(SessionError { stage, cause: Cause::TalksEarly });
        }
        self.send(line).map_err(|error| failed(stage, &error))?;
        self.reply(stage)
    }

    /// Sends a line and does not wait, for the one test that breaks lock-step on purpose.
    ///
    /// # Errors
    /// When the stream takes no bytes.
    pub(crate) fn send(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.stream.flush()
    }

    /// Waits for one whole reply.
    ///
    /// # Errors
    /// [`SessionError`] when none came.
    pub(crate) fn reply(&mut self, stage: Stage) -> Result<Reply, SessionError> {
        let mut parser = Parser::default();
        loop {
            while let Some(byte) = self.received.get(self.next) {
                self.next += 1;
                match parser.push(*byte) {
                    Ok(Some(reply)) => return Ok(reply),
                    Ok(None) => {}
                    Err(error) => {
                        return Err(SessionError { stage, cause: Cause::NotSmtp(error) });
                    }
                }
            }
            self.fill(stage)?;
        }
    }

    /// The stream, for TLS to go on with.
    ///
    /// # Errors
    /// [`Cause::TalksEarly`] when the server said more than it was asked.
    pub(crate) fn into_stream(self) -> Result<S, SessionError> {
        if self.has_more() {
            let stage = Stage::Command(Command::Starttls);
            return Err(SessionError { stage, cause: Cause::TalksEarly });
        }
        Ok(self.stream)
    }

    /// The stream, to change how long it waits.
    pub(crate) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Whether bytes were received that belong to no answer yet.
    #[must_use]
    pub(crate) fn has_more(&self) -> bool {
        self.next < self.received.len()
    }

    fn fill(&mut self, stage: Stage) -> Result<(), SessionError> {
        self.received.resize(CHUNK, 0);
        self.next = 0;
        let result = loop {
            match self.stream.read(&mut self.received) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.received.truncate(*result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) => {
                let cause = Cause::Stream(StreamError::Closed);
                Err(SessionError { stage, cause })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(failed(stage, &error)),
        }
    }
}

fn failed(stage: Stage, error: &io::Error) -> SessionError {
    SessionError { stage, cause: Cause::Stream(error.into()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A peer whose bytes are known beforehand, given out in pieces of the given sizes.
    struct Recorded {
        pieces: Vec<Vec<u8>>,
        sent: Vec<u8>,
    }

    impl Recorded {
        fn new(bytes: &[u8], cuts: &[usize]) -> Self {
            let mut pieces = Vec::new();
            let mut rest = bytes;
            for cut in cuts {
                let (piece, more) = rest.split_at((*cut).clamp(1, CHUNK).min(rest.len()));
                pieces.push(piece.to_vec());
                rest = more;
            }
            pieces.extend(rest.chunks(CHUNK).map(<[u8]>::to_vec));
            pieces.retain(|piece| !piece.is_empty());
            pieces.reverse();
            Self { pieces, sent: Vec::new() }
        }
    }

    impl Read for Recorded {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.pieces.pop() else {
                return Ok(0);
            };
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    impl Write for Recorded {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.sent.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn commands_go_out_one_by_one() {
        let mut session = Session::over(Recorded::new(b"220 hi\r\n", &[]));
        assert_eq!(session.greeting().unwrap().code, 220);
        assert_eq!(
            session.ehlo("client.example"),
            Err(SessionError {
                stage: Stage::Command(Command::Ehlo),
                cause: Cause::Stream(StreamError::Closed)
            })
        );
        assert_eq!(session.stream.sent, b"EHLO client.example\r\n");
    }

    #[test]
    fn dots_are_doubled_and_the_last_one_stands_alone() {
        let mut session = Session::over(Recorded::new(b"250 queued\r\n", &[]));
        assert_eq!(session.content("a\r\n.b\r\n..").unwrap().code, 250);
        assert_eq!(session.stream.sent, b"a\r\n..b\r\n...\r\n.\r\n");
    }

    #[test]
    fn words_behind_an_answer_are_noticed_and_never_taken_for_the_next_one() {
        let mut session = Session::over(Recorded::new(b"220 hi\r\n250 hello\r\n", &[]));
        session.greeting().unwrap();
        assert_eq!(
            session.ehlo("x"),
            Err(SessionError { stage: Stage::Command(Command::Ehlo), cause: Cause::TalksEarly })
        );
        let mut session = Session::over(Recorded::new(b"220 go\r\n250 injected\r\n", &[]));
        session.reply(Stage::Command(Command::Starttls)).unwrap();
        assert!(session.into_stream().is_err());
    }

    #[test]
    fn a_gigabyte_of_banner_ends_at_the_bound() {
        struct Flood;
        impl Read for Flood {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                for (byte, line) in buffer.iter_mut().zip(b"220-more\r\n".iter().cycle()) {
                    *byte = *line;
                }
                Ok(buffer.len() / 10 * 10)
            }
        }
        impl Write for Flood {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(
            Session::over(Flood).greeting(),
            Err(SessionError {
                stage: Stage::Greeting,
                cause: Cause::NotSmtp(ReplyError::Endless)
            })
        );
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_replies(
            lines in prop::collection::vec(("[2-5][0-9]{2}", "[- ]", "[ -~]{0,40}"), 1..12),
            junk in prop::collection::vec(any::<u8>(), 0..20),
            cuts in prop::collection::vec(1_usize..30, 0..40),
        ) {
            let mut bytes: Vec<u8> = lines
                .iter()
                .flat_map(|(code, separator, text)| format!("{code}{separator}{text}\r\n").into_bytes())
                .collect();
            bytes.extend(junk);
            let replies = |cuts: &[usize]| {
                let mut session = Session::over(Recorded::new(&bytes, cuts));
                let mut replies = Vec::new();
                loop {
                    replies.push(session.reply(Stage::Greeting));
                    if replies.last().is_some_and(Result::is_err) {
                        return replies;
                    }
                }
            };
            prop_assert_eq!(replies(&cuts), replies(&[]));
        }
    }
}
