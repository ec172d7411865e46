//! Lines of a client, bounded, and answers to it.

use std::io::{self, ErrorKind, Read, Write};

/// Octets of a line, its end included: twice what a command may have (RFC 5321 section 4.5.3.1.4), and a text line.
const LINE_BYTES: usize = 1024;
const CHUNK: usize = 4096;

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineRead {
    /// A whole line, without its end.
    Line(Vec<u8>),
    /// More than a line may have; the rest of it follows.
    TooLong,
    /// The client is done.
    End,
}

/// A stream of lines.
#[derive(Debug)]
pub(super) struct Lines<S> {
    stream: S,
    received: Vec<u8>,
    next: usize,
}

impl<S: Read + Write> Lines<S> {
    pub(super) fn over(stream: S) -> Self {
        Self { stream, received: Vec::new(), next: 0 }
    }

    /// The next line. A line ends with LF; a CR before it is left out.
    ///
    /// # Errors
    /// That of the stream: silence, a reset.
    pub(super) fn hear(&mut self) -> io::Result<LineRead> {
        let mut line = Vec::new();
        loop {
            while let Some(byte) = self.received.get(self.next) {
                self.next += 1;
                if *byte == b'\n' {
                    if line.last() == Some(&b'\r') {
                        line.pop();
                    }
                    return Ok(LineRead::Line(line));
                }
                line.push(*byte);
                if line.len() == LINE_BYTES {
                    return Ok(LineRead::TooLong);
                }
            }
            if !self.fill()? {
                return Ok(LineRead::End);
            }
        }
    }

    /// Answers, in one or more lines.
    ///
    /// # Errors
    /// That of the stream.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes())?;
        self.stream.flush()
    }

    /// Whether the client said more than it was asked.
    pub(super) fn has_more(&self) -> bool {
        self.next < self.received.len()
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.received.resize(CHUNK, 0);
        self.next = 0;
        let result = loop {
            match self.stream.read(&mut self.received) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Of TLS, the end of the stream without a farewell.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break Ok(0),
                other => break other,
            }
        };
        self.received.truncate(*result.as_ref().unwrap_or(&0));
        result.map(|length| length > 0)
    }
}
