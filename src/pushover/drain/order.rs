//! Which message is next: the loudest first, but nothing overtakes what is older and about the same object. Pure.
//!
//! A problem and its recovery that both wait become one quiet note, and too many messages for one recipient become a digest:
//! in the hour in which everything fails a phone that rings 200 times tells less than one that rings once.

use std::collections::BTreeMap;

use super::super::addressee::Addressee;
use super::super::item::{Gist, Item};
use super::super::spool::Name;

/// The priority that rings until somebody acknowledges.
const EMERGENCY: i8 = 2;

/// What has to be known of a waiting message to choose the next one; its text stays on disk.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) addressee: Addressee,
    pub(super) priority: i8,
    /// Seconds since 1970.
    pub(super) created: u64,
    /// Of an event about a host or service; what was sent by hand is about nothing.
    pub(super) about: Option<Gist>,
    object: String,
    /// Whether it can only be sent as it is.
    alone: bool,
    /// Whether it is of no use in a digest, but may be told to be over.
    apart: bool,
}

impl Entry {
    pub(super) fn of(item: &Item) -> Self {
        let priority = item.field("priority").and_then(|text| text.parse().ok()).unwrap_or(0);
        // For some devices only, or with an image.
        let apart = ["device", "attachment_base64"].iter().any(|key| item.field(key).is_some());
        // A mere cancellation, done with, by hand, or written by an older version.
        let alone = item.fields.is_empty() || item.failure.is_some() || item.about.is_none();
        Self {
            addressee: item.addressee.clone(),
            priority,
            created: item.created,
            about: item.about.clone(),
            object: item.object.clone(),
            alone,
            apart,
        }
    }

    /// Whether it rings until somebody acknowledges.
    pub(super) fn rings(&self) -> bool {
        self.priority >= EMERGENCY
    }

    fn ends(&self) -> bool {
        self.about.as_ref().is_some_and(|about| about.ends)
    }
}

/// What is to be sent next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A message as it is.
    One(Name),
    /// A problem that is over, with all that was said of it; the last one is its end.
    Late(Vec<Name>),
    /// Several in one.
    Digest(Vec<Name>),
}

impl Choice {
    pub(super) fn names(&self) -> &[Name] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Late(names) | Self::Digest(names) => names,
        }
    }
}

/// What waits for one recipient about one object, oldest first.
struct Chain<'a> {
    links: Vec<(&'a Name, &'a Entry)>,
}

impl Chain<'_> {
    fn loudness(&self) -> i8 {
        self.links.iter().map(|(_, entry)| entry.priority).max().unwrap_or(0)
    }

    /// A problem, and behind it its end.
    fn is_over(&self) -> bool {
        let ends = self.links.last().is_some_and(|(_, entry)| entry.ends());
        let begins = self.links.iter().any(|(_, entry)| !entry.ends());
        ends && begins && !self.links.iter().any(|(_, entry)| entry.alone)
    }

    fn rings(&self) -> bool {
        self.loudness() >= EMERGENCY && !self.is_over()
    }

    fn names(&self) -> impl Iterator<Item = Name> {
        self.links.iter().map(|(name, _)| (*name).clone())
    }

    fn next(&self) -> Option<Choice> {
        if self.is_over() {
            return Some(Choice::Late(self.names().collect()));
        }
        self.links.first().map(|(name, _)| Choice::One((*name).clone()))
    }
}

/// Chooses among those that `may` be sent now. More than `digest` messages for one recipient become one; 0 is never.
pub(super) fn choose(
    line: &BTreeMap<Name, Entry>,
    may: impl Fn(&Name, &Entry) -> bool,
    digest: usize,
) -> Option<Choice> {
    let chains = chains(line, may);
    // Among those that are as loud the first is the oldest.
    let loudest = chains
        .iter()
        .rev()
        .max_by_key(|chain| if chain.is_over() { i8::MIN } else { chain.loudness() })?;
    if loudest.rings() || digest == 0 {
        return loudest.next();
    }
    let whom = loudest.links.first().map(|(_, entry)| &entry.addressee);
    let joined = chains.iter().filter(|chain| {
        let fits = |(_, entry): &(&Name, &Entry)| {
            !(entry.alone || entry.apart) && Some(&entry.addressee) == whom
        };
        !chain.rings() && chain.links.iter().all(fits)
    });
    let mut names: Vec<Name> = joined.flat_map(Chain::names).collect();
    if names.len() <= digest {
        return loudest.next();
    }
    names.sort();
    Some(Choice::Digest(names))
}

/// The chains in the order of their oldest messages.
fn chains<'a>(
    line: &'a BTreeMap<Name, Entry>,
    may: impl Fn(&Name, &Entry) -> bool,
) -> Vec<Chain<'a>> {
    let mut places: BTreeMap<(&Addressee, &str), usize> = BTreeMap::new();
    let mut chains: Vec<Chain<'a>> = Vec::new();
    for (name, entry) in line.iter().filter(|(name, entry)| may(name, entry)) {
        // What was sent by hand is about nothing, and so in nobody's order.
        let key = (!entry.object.is_empty()).then_some((&entry.addressee, entry.object.as_str()));
        let place = key.and_then(|key| places.get(&key).copied());
        if let Some(chain) = place.and_then(|place| chains.get_mut(place)) {
            chain.links.push((name, entry));
        } else {
            places.extend(key.map(|key| (key, chains.len())));
            chains.push(Chain { links: vec![(name, entry)] });
        }
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::super::super::addressee::Source;
    use super::*;

    fn name(number: usize) -> Name {
        Name::parse(&format!("{number:020}-1-0123456789abcdef.json")).unwrap()
    }

    /// Waiting messages, one for each word: `alice:queue:1` or, for the end of a problem, `alice:queue:0!`, or `-` for a
    /// message by hand.
    fn line(words: &str) -> BTreeMap<Name, Entry> {
        let entry = |word: &str| {
            let mut parts = word.trim_end_matches('!').split(':');
            let [whom, object, priority] = std::array::from_fn(|_| parts.next().unwrap());
            let addressee = Addressee {
                config: "c".into(),
                token: Source::Configured,
                user: Source::Configured,
                recipient: whom.to_owned(),
            };
            let about = (object != "-").then(|| Gist {
                host: "h".to_owned(),
                service: object.to_owned(),
                state: "CRITICAL".to_owned(),
                ends: word.ends_with('!'),
                text: String::new(),
            });
            Entry {
                addressee,
                priority: priority.parse().unwrap(),
                created: 1,
                alone: about.is_none(),
                apart: false,
                object: if object == "-" { String::new() } else { object.to_owned() },
                about,
            }
        };
        words.split(' ').enumerate().map(|(number, word)| (name(number), entry(word))).collect()
    }

    /// The order in which all of it is sent: numbers, joined by `+` where they are sent together.
    fn order(words: &str, digest: usize) -> String {
        let mut line = line(words);
        let mut sent = Vec::new();
        while let Some(choice) = choose(&line, |_, _| true, digest) {
            let number = |name: &Name| {
                let digits = name.as_str().split('-').next().unwrap().trim_start_matches('0');
                if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
            };
            let numbers: Vec<String> = choice.names().iter().map(number).collect();
            sent.push(numbers.join("+"));
            for name in choice.names() {
                line.remove(name).unwrap();
            }
        }
        sent.join(" ")
    }

    #[test]
    fn the_loudest_is_first_and_what_is_about_one_object_stays_in_order() {
        for (words, expected) in [
            ("a:x:0 a:y:0 a:z:0", "0 1 2"),
            ("a:x:0 a:y:1 a:z:2", "2 1 0"),
            ("a:x:-1 a:y:0 a:x:2", "0 2 1"),
            ("a:-:0 a:-:0 a:-:2", "2 0 1"),
            ("a:x:1 b:x:2", "1 0"),
            // The order of one recipient is no other's.
            ("a:x:0 b:x:2 a:x:1", "1 0 2"),
        ] {
            assert_eq!(order(words, 0), expected, "{words}");
        }
    }

    #[test]
    fn what_is_over_is_one_quiet_note_and_never_rings() {
        for (words, expected) in [
            ("a:x:2 a:x:0!", "0+1"),
            ("a:x:2 a:x:0! a:y:0", "2 0+1"),
            ("a:x:2 a:y:1 a:x:0!", "1 0+2"),
            ("a:x:1 a:x:2 a:x:0!", "0+1+2"),
            // It has begun again.
            ("a:x:2 a:x:0! a:x:2", "0 1 2"),
            // The problem was told before.
            ("a:x:0!", "0"),
            ("a:x:2 b:x:0!", "0 1"),
        ] {
            assert_eq!(order(words, 0), expected, "{words}");
        }
    }

    #[test]
    fn too_many_for_one_recipient_are_one_message_and_emergencies_stay_single() {
        for (words, expected) in [
            ("a:x:0 a:y:0 a:z:1", "2 0 1"),
            ("a:x:0 a:y:0 a:z:1 a:w:0", "0+1+2+3"),
            ("a:x:0 a:y:0 a:z:2 a:w:0 a:v:0", "2 0+1+3+4"),
            ("a:x:0 a:y:0 b:z:0 b:w:0", "0 1 2 3"),
            ("a:x:0 a:y:0 b:z:0 a:w:0 a:v:1", "0+1+3+4 2"),
            ("a:x:0 a:-:0 a:y:0 a:w:0 a:v:0", "0+2+3+4 1"),
            ("a:x:2 a:x:0! a:y:0 a:z:0", "0+1+2+3"),
        ] {
            assert_eq!(order(words, 3), expected, "{words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn each_is_sent_once_and_in_the_order_of_its_object(
            all in proptest::collection::vec((0..3_usize, 0..3_usize, -2..=2_i8, proptest::bool::ANY), 1..40),
            digest in 0..6_usize,
        ) {
            let word = |(whom, object, priority, ends): &(usize, usize, i8, bool)| {
                format!("{whom}:{object}:{priority}{}", if *ends { "!" } else { "" })
            };
            let words: Vec<String> = all.iter().map(word).collect();
            let sent = order(&words.join(" "), digest);
            let numbers: Vec<usize> = sent.split([' ', '+']).map(|n| n.parse().unwrap()).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            proptest::prop_assert_eq!(sorted, (0..all.len()).collect::<Vec<_>>());
            for (at, number) in numbers.iter().enumerate() {
                for later in &numbers[at + 1..] {
                    let same = all[*number].0 == all[*later].0 && all[*number].1 == all[*later].1;
                    proptest::prop_assert!(!same || number < later, "{}: {}", words.join(" "), sent);
                }
            }
        }
    }
}
