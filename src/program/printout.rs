//! What a worker hands to its run: an exit code and the text to print, with its length before it, so that what is torn is
//! none; a notifier's worker sends notes before that, in the same form.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// Most bytes of a printout; long output of a large census stays far below.
const MOST_BYTES: usize = 16 << 20;
/// One byte of exit code, four of length.
const HEAD_BYTES: usize = 5;
/// What stands in place of the exit code before a note.
const NOTE: u8 = 4;

/// What is to be printed, and the exit code of the run that prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printout {
    /// 0 to 3.
    pub(super) code: u8,
    pub(super) text: String,
}

/// What a run must know of an alert to go on without its worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Interim {
    /// What stood on standard input, which is gone now.
    Input(String),
    /// Where a loss is to be noted.
    Place(PathBuf),
    /// What is to be said if the worker says nothing more: the spool has answered.
    Standing(Outcome),
    /// Why the worker says nothing more: it has panicked.
    Broken(String),
}

/// What a worker says at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Interim(Interim),
    Printout(Printout),
}

/// These bytes are no printout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn;

impl Printout {
    /// As it goes through the pipe.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        frame(self.code, self.text.as_bytes())
    }
}

impl Interim {
    /// As it goes through the pipe; nothing where it cannot be written.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).map_or(Vec::new(), |bytes| frame(NOTE, &bytes))
    }
}

fn frame(code: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&[code], length.to_le_bytes().as_slice(), body].concat()
}

/// A printout as it comes in.
#[derive(Debug, Default)]
pub(super) struct Draft(Vec<u8>);

impl Draft {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next frame once it is whole; an error where no further byte would make it one.
    pub(super) fn take(&mut self) -> Option<Result<Said, Torn>> {
        let ([code, a, b, c, d], rest) = self.0.split_first_chunk::<HEAD_BYTES>()?;
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        // Behind a printout there is nothing.
        if *code > NOTE || length > MOST_BYTES || (*code < NOTE && rest.len() > length) {
            return Some(Err(Torn));
        }
        let (body, _) = rest.split_at_checked(length)?;
        let taken = if *code == NOTE {
            serde_json::from_slice(body).map(Said::Interim).map_err(|_| Torn)
        } else {
            let printout = |text: &str| Printout { code: *code, text: text.to_owned() };
            str::from_utf8(body).map(|text| Said::Printout(printout(text))).map_err(|_| Torn)
        };
        self.0.drain(..HEAD_BYTES + length);
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::outcome::Delivery;
    use super::*;

    fn read(bytes: &[u8]) -> Option<Result<Said, Torn>> {
        let mut draft = Draft::default();
        draft.push(bytes);
        draft.take()
    }

    proptest! {
        #[test]
        fn a_printout_is_read_as_it_was_written_and_torn_it_is_none(
            code in 0_u8..4, text in ".{0,200}", cut in any::<prop::sample::Index>(),
        ) {
            let printout = Printout { code, text };
            let bytes = printout.to_bytes();
            prop_assert_eq!(read(&bytes), Some(Ok(Said::Printout(printout))));
            let torn = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(read(torn), None);
        }

        #[test]
        fn no_bytes_make_it_panic_or_print_more_than_3(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(Ok(Said::Printout(printout))) = read(&bytes) {
                prop_assert!(printout.code <= 3);
            }
        }
    }

    #[test]
    fn notes_come_one_by_one_before_the_printout() {
        let notes = [
            Interim::Input("CRITICAL - it hurts".to_owned()),
            Interim::Place(PathBuf::from("/spool")),
            Interim::Standing(Outcome::new(Delivery::Queued, "kept in /spool")),
        ];
        let printout = Printout { code: 1, text: "kept".to_owned() };
        let mut bytes: Vec<u8> = notes.iter().flat_map(Interim::to_bytes).collect();
        bytes.extend(printout.to_bytes());
        let mut draft = Draft::default();
        let mut seen = Vec::new();
        for byte in bytes {
            draft.push(&[byte]);
            seen.extend(draft.take().map(Result::unwrap));
        }
        let expected = notes.map(Said::Interim).into_iter().chain([Said::Printout(printout)]);
        assert_eq!(seen, expected.collect::<Vec<_>>());
    }

    #[test]
    fn what_can_be_no_printout_is_said_at_once() {
        for (case, bytes) in [
            ("a code that is none", &b"\x05\x00\x00\x00\x00"[..]),
            ("too long", b"\x00\xff\xff\xff\xff"),
            ("not text", b"\x00\x01\x00\x00\x00\xff"),
            ("more than it says", b"\x00\x01\x00\x00\x00OK"),
            ("a note that is none", b"\x04\x01\x00\x00\x00{"),
        ] {
            assert_eq!(read(bytes), Some(Err(Torn)), "{case}");
        }
    }
}
