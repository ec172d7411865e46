//! Bytes of a server become a reply (RFC 5321 section 4.2); pure.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Bytes of one line. RFC 5321 section 4.5.3.1.5 allows 512 and servers exceed it.
const LINE_BYTES: usize = 2048;
/// Lines of one reply.
const LINES: usize = 256;
/// Bytes of one reply.
const REPLY_BYTES: usize = 64 * 1024;

/// Characters kept of the text of one reply.
const TEXT_CHARS: usize = 1000;

/// One whole reply, of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The text behind the code, one entry a line; foreign text as it came.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the server did what it was asked (RFC 5321 section 4.2.1, 2yz).
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.code < 300
    }

    /// 4yz: no for now.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz: no for good.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// Whether the server closes the connection after it (RFC 5321 section 3.8).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.code == 421
    }

    /// All its lines in one, 1000 characters at most; foreign text as it came.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.trim()).collect();
        lines.join(" ").trim().chars().take(TEXT_CHARS).collect()
    }

    /// "550 5.7.1 Infected: see our page", of several lines all.
    #[must_use]
    pub fn in_full(&self) -> String {
        format!("{} {}", self.code, self.text()).trim_end().to_owned()
    }

    /// Whether one of the lines names this EHLO keyword (RFC 5321 section 4.1.1.1); case does not matter.
    #[must_use]
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    /// Whether something on the way wrote over a keyword, as some firewalls do to STARTTLS: `XXXXXXXA`.
    #[must_use]
    pub fn has_masked_keyword(&self) -> bool {
        self.lines.iter().skip(1).map(|line| line.trim()).any(|word| {
            word.len() == "STARTTLS".len()
                && word.starts_with("XXXX")
                && word.bytes().all(|byte| byte.is_ascii_uppercase())
        })
    }

    /// The parameters behind an EHLO keyword: `PLAIN LOGIN` of `AUTH PLAIN LOGIN`. The first line greets and is no
    /// keyword; `AUTH=PLAIN` is an old way to write `AUTH PLAIN`.
    #[must_use]
    pub fn parameters(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let end = line.find([' ', '=']).unwrap_or(line.len());
            let (name, rest) = line.split_at_checked(end)?;
            let parameters = rest.strip_prefix([' ', '=']).unwrap_or(rest).trim();
            name.eq_ignore_ascii_case(keyword).then_some(parameters)
        })
    }
}

impl std::fmt::Display for Reply {
    /// "421 4.7.0 too many connections", of several lines the last.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.lines.last().map_or("", |line| line.trim());
        write!(f, "{}", format!("{} {text}", self.code).trim_end())
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Reply", 2)?;
        out.serialize_field("code", &self.code)?;
        out.serialize_field("text", &self.text())?;
        out.end()
    }
}

/// Why bytes are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line does not open with three digits and a space or hyphen.
    #[error("the answer is not SMTP")]
    NotAReply,
    /// The lines of one reply carry different codes.
    #[error("the reply changes its code from line to line")]
    MixedCodes,
    /// A line of more than 2048 bytes.
    #[error("the reply has a line of more than {LINE_BYTES} bytes")]
    LongLine,
    /// More than 256 lines or 64 KiB.
    #[error("the reply does not end: more than {LINES} lines or {REPLY_BYTES} bytes")]
    Endless,
}

/// The reply that a text begins with, if it is one.
#[must_use]
pub fn read(text: &str) -> Option<Reply> {
    let mut parser = Parser::default();
    text.bytes().chain(*b"\r\n").find_map(|byte| parser.push(byte).transpose())?.ok()
}

/// A reply that is still being received.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    code: Option<u16>,
    lines: Vec<String>,
    bytes: usize,
}

impl Parser {
    /// Takes the next byte; returns the reply when it was the last.
    ///
    /// # Errors
    /// [`ReplyError`]; nothing more can be read from this peer then.
    pub fn push(&mut self, byte: u8) -> Result<Option<Reply>, ReplyError> {
        self.bytes += 1;
        if self.bytes > REPLY_BYTES {
            return Err(ReplyError::Endless);
        }
        if byte != b'\n' {
            if self.line.len() >= LINE_BYTES {
                return Err(ReplyError::LongLine);
            }
            self.line.push(byte);
            return self.refuse_what_is_no_code();
        }
        let line = std::mem::take(&mut self.line);
        self.end_line(line.strip_suffix(b"\r").unwrap_or(&line))
    }

    /// Whether a reply has begun.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.bytes > 0
    }

    /// Binary junk is refused at its first byte, or a peer that never sends a line end would cost the whole time.
    fn refuse_what_is_no_code(&self) -> Result<Option<Reply>, ReplyError> {
        let valid = match (self.line.len(), self.line.last()) {
            (1, Some(byte)) => (b'2'..=b'5').contains(byte),
            (2 | 3, Some(byte)) => byte.is_ascii_digit(),
            (4, Some(byte)) => matches!(byte, b' ' | b'-' | b'\r'),
            _ => true,
        };
        if valid { Ok(None) } else { Err(ReplyError::NotAReply) }
    }

    fn end_line(&mut self, line: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let (digits, rest) = line.split_at_checked(3).ok_or(ReplyError::NotAReply)?;
        let code = digits
            .iter()
            .try_fold(0, |code, digit| {
                digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0'))
            })
            .ok_or(ReplyError::NotAReply)?;
        if *self.code.get_or_insert(code) != code {
            return Err(ReplyError::MixedCodes);
        }
        if self.lines.len() >= LINES {
            return Err(ReplyError::Endless);
        }
        let (more, text) = match rest {
            [b'-', text @ ..] => (true, text),
            [b' ', text @ ..] => (false, text),
            [] => (false, rest),
            _ => return Err(ReplyError::NotAReply),
        };
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        if more {
            return Ok(None);
        }
        let lines = std::mem::take(&mut self.lines);
        *self = Self::default();
        Ok(Some(Reply { code, lines }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let mut parser = Parser::default();
        for byte in bytes {
            if let Some(reply) = parser.push(*byte)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    #[test]
    fn replies_are_read_whole_whatever_their_code() {
        for (bytes, code, lines) in [
            (&b"220 ready\r\n"[..], 220, &["ready"][..]),
            (b"220\r\n", 220, &[""]),
            (b"220 \n", 220, &[""]),
            (b"299 unheard of\r\n", 299, &["unheard of"]),
            (b"220-teaser\r\n220 mail.example\r\n", 220, &["teaser", "mail.example"]),
            (b"250-a\r\n250-b\n250 c\r\n", 250, &["a", "b", "c"]),
            (b"421 caf\xe9\r\n", 421, &["caf\u{fffd}"]),
        ] {
            let reply = parse(bytes).unwrap().unwrap();
            assert_eq!(
                (reply.code, reply.lines),
                (code, lines.iter().map(ToString::to_string).collect())
            );
        }
        assert_eq!(parse(b"220-more\r\n220"), Ok(None), "unfinished");
    }

    #[test]
    fn what_is_no_reply_is_refused_at_once() {
        let endless = b"220-x\r\n".repeat(300);
        let long = [b"220 ", "x".repeat(3000).as_bytes()].concat();
        for (case, bytes, error) in [
            ("a TLS alert", &b"\x15\x03"[..], ReplyError::NotAReply),
            ("another protocol", b"* OK IMAP", ReplyError::NotAReply),
            ("a code above 599", b"6", ReplyError::NotAReply),
            ("no separator", b"220x", ReplyError::NotAReply),
            ("a bare line", b"22\r\n", ReplyError::NotAReply),
            ("two codes", b"250-a\r\n550 b\r\n", ReplyError::MixedCodes),
            ("no end of lines", &endless, ReplyError::Endless),
            ("no end of line", &long, ReplyError::LongLine),
        ] {
            assert_eq!(parse(bytes), Err(error), "{case}");
        }
    }

    #[test]
    fn the_text_has_all_lines_and_an_end() {
        let reply = parse(b"550-5.7.1 Infected \r\n550  see our page\r\n").unwrap().unwrap();
        assert_eq!(reply.in_full(), "550 5.7.1 Infected see our page");
        assert_eq!(reply.to_string(), "550 see our page");
        assert_eq!(parse(b"250 \r\n").unwrap().unwrap().in_full(), "250");
        let long = Reply { code: 550, lines: vec!["x".repeat(2000)] };
        assert_eq!(long.text().len(), 1000);
    }

    #[test]
    fn keywords_are_read_as_servers_write_them() {
        let ehlo =
            parse(b"250-mail STARTTLS\r\n250-AUTH=LOGIN\r\n250-size 1000\r\n250 starttls\r\n")
                .unwrap()
                .unwrap();
        assert!(ehlo.has_keyword("STARTTLS"));
        assert_eq!(ehlo.parameters("AUTH"), Some("LOGIN"));
        assert_eq!(ehlo.parameters("SIZE"), Some("1000"));
        let greeting_only = parse(b"250 mail STARTTLS\r\n").unwrap().unwrap();
        assert!(!greeting_only.has_keyword("STARTTLS"));
    }

    #[test]
    fn a_text_is_read_as_the_reply_it_is() {
        let reply = read("421 Too many concurrent connections").unwrap();
        assert_eq!(reply.to_string(), "421 Too many concurrent connections");
        assert_eq!(read("220-a\r\n220 b\r\nmore").unwrap().lines, ["a", "b"]);
        for text in ["", "* OK IMAP", "220-a"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_the_memory_is_bounded(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut parser = Parser::default();
            for byte in bytes {
                if parser.push(byte).is_err() {
                    break;
                }
                prop_assert!(parser.line.len() <= LINE_BYTES && parser.lines.len() <= LINES);
            }
        }
    }
}
