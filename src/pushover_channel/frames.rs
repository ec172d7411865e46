//! JSON objects one after another, without lengths and perhaps without anything between them. Pure.
//!
//! What is damaged costs itself alone: whoever writes JSON ends a line behind each object and has no line end in a text,
//! so that the next line is a new beginning.

use serde_json::{Deserializer, Value};

/// Bytes of one object. A notification with a text of a mebibyte fits several times.
const OBJECT_BYTES: usize = 4 << 20;

/// What came in.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// One value.
    Whole(Value),
    /// Bytes that are none.
    Damaged {
        /// What is wrong.
        cause: String,
        /// Whether its writer speaks JSON-RPC 2.0, as far as that can be seen.
        is_jsonrpc: bool,
    },
}

/// Bytes as they come in, cut into values.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Whether the rest of the line belongs to what was damaged.
    skips: bool,
    /// Whether a value may have ended since the last look: a long text is not to be read from its beginning with each piece.
    may_end: bool,
}

impl Frames {
    /// Adds what was read.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.may_end |= bytes.iter().any(|byte| matches!(byte, b'}' | b']' | b'\n'));
    }

    /// The next value; `None` until more was read.
    pub(super) fn next(&mut self) -> Option<Frame> {
        if self.skips && !self.skip_line() {
            return None;
        }
        let blanks = self.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.bytes.drain(..blanks);
        let first = *self.bytes.first()?;
        if !matches!(first, b'{' | b'[') {
            return Some(self.give_up(0, "not a JSON object".to_owned()));
        }
        if !self.may_end && self.bytes.len() <= OBJECT_BYTES {
            return None;
        }
        let mut values = Deserializer::from_slice(&self.bytes).into_iter::<Value>();
        match values.next()? {
            Ok(value) => {
                let end = values.byte_offset().min(self.bytes.len());
                self.bytes.drain(..end);
                Some(Frame::Whole(value))
            }
            Err(error) if error.is_eof() && self.bytes.len() <= OBJECT_BYTES => {
                self.may_end = false;
                None
            }
            Err(error) if error.is_eof() => {
                let end = self.bytes.len();
                Some(self.give_up(end, format!("more than {OBJECT_BYTES} bytes")))
            }
            Err(error) => {
                let at = self.position(error.line(), error.column());
                Some(self.give_up(at, format!("not JSON: {error}")))
            }
        }
    }

    /// What is left when no more will come.
    pub(super) fn end(&mut self) -> Option<Frame> {
        let frame = self.next();
        let rest = !self.skips && self.bytes.iter().any(|byte| !byte.is_ascii_whitespace());
        frame
            .or_else(|| rest.then(|| self.give_up(0, "the input ends within an object".to_owned())))
    }

    /// Drops what is damaged up to `at`, where that showed: behind the line, or before an object that begins a line there.
    fn give_up(&mut self, at: usize, cause: String) -> Frame {
        let end = at.min(self.bytes.len());
        let (before, behind) = self.bytes.split_at(end);
        let is_jsonrpc = before.windows(9).any(|bytes| bytes == b"\"jsonrpc\"");
        let line = before.iter().rposition(|byte| *byte == b'\n');
        let blank = |start: usize| before.iter().skip(start).all(u8::is_ascii_whitespace);
        self.skips = !(behind.first() == Some(&b'{') && line.is_some_and(blank));
        self.bytes.drain(..end);
        Frame::Damaged { cause, is_jsonrpc }
    }

    /// Whether the end of the line was there.
    fn skip_line(&mut self) -> bool {
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        self.skips = end.is_none();
        self.bytes.drain(..end.unwrap_or(self.bytes.len()));
        end.is_some()
    }

    /// The byte before which a line and column, counted from 1, end.
    fn position(&self, line: usize, column: usize) -> usize {
        let lines = self.bytes.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
        (before + column).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Values and damages of a text, each as text; damages as `!`, with a `2` behind those of JSON-RPC 2.0.
    fn frames(chunks: &[&[u8]]) -> String {
        let mut frames = Frames::default();
        let mut seen = Vec::new();
        let mut note = |frame: Frame| match frame {
            Frame::Whole(value) => seen.push(value.to_string()),
            Frame::Damaged { is_jsonrpc, .. } => {
                seen.push(if is_jsonrpc { "!2" } else { "!" }.to_owned());
            }
        };
        for chunk in chunks {
            frames.add(chunk);
            while let Some(frame) = frames.next() {
                note(frame);
            }
        }
        while let Some(frame) = frames.end() {
            note(frame);
        }
        seen.join(" ")
    }

    #[test]
    fn values_stand_one_behind_the_other() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"b\":2}\n", r#"{"a":1} {"b":2}"#),
            ("{\"a\":1}{\"b\":2}", r#"{"a":1} {"b":2}"#),
            (" \r\n\t{ \"a\" :\n1 } [1]", r#"{"a":1} [1]"#),
            (r#"{"a":"}{\"\\"}{"b":2}"#, r#"{"a":"}{\"\\"} {"b":2}"#),
            ("", ""),
        ] {
            assert_eq!(frames(&[text.as_bytes()]), expected, "{text}");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(frames(&bytes), expected, "byte by byte: {text}");
        }
    }

    #[test]
    fn what_is_damaged_costs_itself_alone() {
        for (text, expected) in [
            ("{\"a\": bad}\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("nonsense {\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("12\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("{\"a\":1}}\n{\"b\":2}\n", r#"{"a":1} ! {"b":2}"#),
            // Half an object, in the middle of a text, of a key, behind a value.
            ("{\"method\":\"Send\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("{\"meth\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("{\"a\":{\"c\":1}\n{\"b\":2}\n", r#"! {"b":2}"#),
            ("{\"jsonrpc\":\"2.0\",\"a\":1\n {\"b\":2}\n", r#"!2 {"b":2}"#),
            ("{\"a\":1}\n{\"b\":", r#"{"a":1} !"#),
            ("{\"a\":1e999}\n{\"b\":2}", r#"! {"b":2}"#),
            ("{\"a\":\"\\ud800\"}\n{\"b\":2}", r#"! {"b":2}"#),
        ] {
            assert_eq!(frames(&[text.as_bytes()]), expected, "{text}");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(frames(&bytes), expected, "byte by byte: {text}");
        }
        assert_eq!(frames(&[b"{\"a\":\"\xff\"}\n{\"b\":2}"]), r#"! {"b":2}"#);
        let deep = format!("{}\n{{\"b\":2}}", "[".repeat(5000));
        assert_eq!(frames(&[deep.as_bytes()]), r#"! {"b":2}"#);
    }

    #[test]
    fn an_object_without_end_is_given_up() {
        let mut all = Frames::default();
        let text = "x".repeat(1 << 20);
        all.add(format!("{{\"a\":\"{text}\"}}").as_bytes());
        assert_eq!(all.next(), Some(Frame::Whole(json!({ "a": text }))));
        all.add(b"{\"a\":\"");
        for _ in 0..4 {
            assert_eq!(all.next(), None);
            all.add(text.as_bytes());
        }
        assert!(matches!(all.next(), Some(Frame::Damaged { .. })));
        assert!(all.bytes.is_empty());
        all.add(b"xx\"}\n{\"b\":2}\n");
        assert_eq!(all.next(), Some(Frame::Whole(json!({ "b": 2 }))));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it_and_none_stay(bytes: Vec<u8>, cut: usize) {
            let (left, right) = bytes.split_at(cut % (bytes.len() + 1));
            proptest::prop_assert_eq!(frames(&[&bytes]), frames(&[left, right]));
        }
    }
}
