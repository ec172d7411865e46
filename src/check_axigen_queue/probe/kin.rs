//! Which files beside the messages belong to one, and which stand there unexplained.
//!
//! The vendor documents a status file beside each message (<https://www.axigen.com/documentation/queue-management-p45253814>),
//! and not how that message's own file is named. So a file that is named like either, S or M and hexadecimal digits, in
//! any spelling or with an ending, belongs to the counted message of the same digits in its directory. One that belongs to
//! none may be a message in a layout that nobody here knows.

/// Ids kept of one directory, 8 bytes each. A larger one is judged by its numbers alone.
const MOST_IDS: usize = 512 * 1024;

/// Digits in the name of a message.
const MOST_DIGITS: u32 = 16;

/// The digits of a name, as a number. More of them are no message's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(Option<u64>);

/// Reads the id in a name that looks like a message's: `S5F4E`, `M5f4e`, `s5F4E`, `S5F4E.sts`.
pub(crate) fn id(name: &[u8]) -> Option<Id> {
    let [b'S' | b's' | b'M' | b'm', digits @ ..] = name else { return None };
    let mut id = 0_u64;
    let mut count = 0;
    for byte in digits {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            b'a'..=b'f' => byte - b'a' + 10,
            // An ending begins with a dot, a dash or the like; with another letter it is a word.
            _ if byte.is_ascii_alphanumeric() => return None,
            _ => break,
        };
        id = id << 4 | u64::from(digit);
        count += 1;
    }
    (count > 0).then_some(Id((count <= MOST_DIGITS).then_some(id)))
}

/// Messages and files named like them, of one directory, in the order they are met.
#[derive(Debug, Default)]
pub(crate) struct Kin {
    messages: Ids,
    others: Ids,
}

impl Kin {
    /// A counted message.
    pub(crate) fn message(&mut self, name: &[u8]) {
        if let Some(id) = id(name) {
            self.messages.add(id);
        }
    }

    /// Another file; whether it is named like a message, and matters.
    pub(crate) fn other(&mut self, name: &[u8]) -> bool {
        let Some(id) = id(name) else { return false };
        self.others.add(id);
        true
    }

    /// How many of the others belong to no message. Forgets the directory.
    pub(crate) fn unexplained(&mut self) -> u64 {
        // Each message has its one sibling: what a settled queue looks like, told without sorting.
        let count = if self.others.is_like(&self.messages) {
            0
        } else if self.messages.is_whole() && self.others.is_whole() {
            self.messages.sort();
            self.others.count_missing_in(&self.messages)
        } else {
            self.others.count.saturating_sub(self.messages.count)
        };
        self.messages.forget();
        self.others.forget();
        count
    }

    /// Whether a file that is named like a message belongs to one. Only when all messages are known and sorted.
    pub(crate) fn has(&self, id: Id) -> bool {
        self.messages.has(id)
    }

    /// Makes [`Self::has`] usable. Nothing can be said of a directory that is too large.
    pub(crate) fn settle(&mut self) -> bool {
        self.messages.sort();
        self.messages.is_whole()
    }
}

/// Ids of one kind.
#[derive(Debug, Default)]
struct Ids {
    kept: Vec<Id>,
    count: u64,
    /// The same whatever the order.
    sum: u64,
}

impl Ids {
    fn add(&mut self, id: Id) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(mixed(id));
        if self.kept.len() < MOST_IDS {
            self.kept.push(id);
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.count, self.sum) == (other.count, other.sum)
    }

    fn is_whole(&self) -> bool {
        u64::try_from(self.kept.len()).is_ok_and(|kept| kept == self.count)
    }

    fn sort(&mut self) {
        self.kept.sort_unstable();
    }

    fn has(&self, id: Id) -> bool {
        id.0.is_some() && self.kept.binary_search(&id).is_ok()
    }

    fn count_missing_in(&self, messages: &Self) -> u64 {
        self.kept.iter().map(|id| u64::from(!messages.has(*id))).sum()
    }

    /// Keeps the memory.
    fn forget(&mut self) {
        self.kept.clear();
        (self.count, self.sum) = (0, 0);
    }
}

/// Spreads an id over 64 bits, so that sums of different ids differ (`SplitMix64`).
fn mixed(id: Id) -> u64 {
    let id = id.0.unwrap_or(u64::MAX);
    let id = (id ^ (id >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let id = (id ^ (id >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    id ^ (id >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_like_those_of_messages_have_an_id_in_any_spelling() {
        for (name, expected) in [
            ("S5F4E", 0x5F4E),
            ("s5f4e", 0x5F4E),
            ("M5F4E", 0x5F4E),
            ("m5F4e", 0x5F4E),
            ("S5F4E.sts", 0x5F4E),
            ("M5F4E-1", 0x5F4E),
            ("S5F\n4E", 0x5F),
            ("SFFFFFFFFFFFFFFFF", u64::MAX),
        ] {
            assert_eq!(id(name.as_bytes()), Some(Id(Some(expected))), "{name:?}");
        }
        assert_eq!(id(b"S5\xff"), Some(Id(Some(5))));
        assert_eq!(id(b"SFFFFFFFFFFFFFFFF0"), Some(Id(None)));
        for name in
            ["", "S", "M", "S.sts", "SPOOL", "Sales", "MG", "S5FZ", "5F4E", "Q5F4E", "index"]
        {
            assert_eq!(id(name.as_bytes()), None, "{name:?}");
        }
    }

    fn unexplained(messages: &[&str], others: &[&str]) -> u64 {
        let mut kin = Kin::default();
        for name in messages {
            kin.message(name.as_bytes());
        }
        for name in others {
            kin.other(name.as_bytes());
        }
        kin.unexplained()
    }

    #[test]
    fn a_file_belongs_to_the_message_of_the_same_digits() {
        for (messages, others, count) in [
            (&["S1", "S2"][..], &["M2", "M1"][..], 0),
            (&["S1", "S2"], &["M1", "M1.tmp", "index", "Sales"], 0),
            (&["SA"], &["Ma", "sA", "M0A"], 0),
            (&["S1", "S2"], &[], 0),
            (&["S1"], &["M2"], 1),
            (&["S1", "S4"], &["M2", "M3"], 2),
            (&[], &["M1", "M2", "s3"], 3),
            (&[], &["SFFFFFFFFFFFFFFFF0"], 1),
        ] {
            assert_eq!(unexplained(messages, others), count, "{messages:?} {others:?}");
        }
    }

    #[test]
    fn a_directory_is_forgotten_before_the_next() {
        let mut kin = Kin::default();
        kin.message(b"S1");
        assert_eq!(kin.unexplained(), 0);
        kin.other(b"M1");
        assert_eq!(kin.unexplained(), 1);
    }

    #[test]
    fn a_directory_too_large_to_remember_is_judged_by_its_numbers() {
        let mut kin = Kin::default();
        for number in 0..=MOST_IDS {
            kin.message(format!("S{number:X}").as_bytes());
            kin.other(format!("M{:X}", number + 1).as_bytes());
        }
        for number in 0..10 {
            kin.other(format!("M{number:X}.old").as_bytes());
        }
        assert_eq!(kin.unexplained(), 10);
        assert!(kin.messages.kept.capacity() <= 2 * MOST_IDS);
    }

    proptest! {
        #[test]
        fn no_order_and_no_bytes_change_what_is_explained(
            messages in prop::collection::hash_set(any::<u16>(), 0..40),
            others in prop::collection::vec(any::<u16>(), 0..40),
            bytes in prop::collection::vec(any::<u8>(), 0..24),
        ) {
            let _ = id(&bytes);
            let missing = others.iter().filter(|id| !messages.contains(id)).count();
            let names = |letter: char, ids: Vec<u16>| -> Vec<String> {
                ids.into_iter().map(|id| format!("{letter}{id:X}")).collect()
            };
            let (messages, others) = (names('S', messages.into_iter().collect()), names('M', others));
            let of = |names: &[String]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
            let mut kin = Kin::default();
            for name in &of(&messages) {
                kin.message(name);
            }
            for name in of(&others).iter().rev() {
                kin.other(name);
            }
            prop_assert_eq!(kin.unexplained(), u64::try_from(missing).unwrap());
        }
    }
}
