//! What a worker hands to its run: an exit code and the text to print, with its length before it, so that what is torn is
//! none.

/// Most bytes of a printout; long output of a large census stays far below.
const MOST_BYTES: usize = 16 << 20;
/// One byte of exit code, four of length.
const HEAD_BYTES: usize = 5;

/// What is to be printed, and the exit code of the run that prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printout {
    /// 0 to 3.
    pub(super) code: u8,
    pub(super) text: String,
}

/// These bytes are no printout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn;

impl Printout {
    /// As it goes through the pipe.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        [&[self.code], length.to_le_bytes().as_slice(), self.text.as_bytes()].concat()
    }
}

/// A printout as it comes in.
#[derive(Debug, Default)]
pub(super) struct Draft(Vec<u8>);

impl Draft {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The printout once it is whole; an error where no further byte would make it one.
    pub(super) fn finished(&self) -> Option<Result<Printout, Torn>> {
        let ([code, a, b, c, d], text) = self.0.split_first_chunk::<HEAD_BYTES>()?;
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if *code > 3 || length > MOST_BYTES || text.len() > length {
            return Some(Err(Torn));
        }
        if text.len() < length {
            return None;
        }
        let text = str::from_utf8(text).map_err(|_| Torn);
        Some(text.map(|text| Printout { code: *code, text: text.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Option<Result<Printout, Torn>> {
        let mut draft = Draft::default();
        draft.push(bytes);
        draft.finished()
    }

    proptest! {
        #[test]
        fn an_printout_is_read_as_it_was_written_and_torn_it_is_none(
            code in 0_u8..4, text in ".{0,200}", cut in any::<prop::sample::Index>(),
        ) {
            let printout = Printout { code, text };
            let bytes = printout.to_bytes();
            prop_assert_eq!(read(&bytes), Some(Ok(printout)));
            let torn = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(read(torn), None);
        }

        #[test]
        fn no_bytes_make_it_panic_or_printout_more_than_3(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(Ok(printout)) = read(&bytes) {
                prop_assert!(printout.code <= 3);
            }
        }
    }

    #[test]
    fn what_can_be_no_printout_is_said_at_once() {
        for (case, bytes) in [
            ("a code that is none", &b"\x04\x00\x00\x00\x00"[..]),
            ("too long", b"\x00\xff\xff\xff\xff"),
            ("not text", b"\x00\x01\x00\x00\x00\xff"),
            ("more than it says", b"\x00\x01\x00\x00\x00OK"),
        ] {
            assert_eq!(read(bytes), Some(Err(Torn)), "{case}");
        }
    }
}
