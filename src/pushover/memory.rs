//! What the drainers remember between runs: failures, blocks, the quota and the last success.
//!
//! Written by the holder of the lock only, atomically; its loss costs one request too many and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::not_accepted::{Culprit, Failure, NotAccepted, Rejection, Words};
use super::noted::written_as_text;
use super::reason::Reason;
use super::response::Quota;
use super::spool::{Name, Spool};

const FILE: &str = ".state.json";
/// No request for this long after an error in token or key: an IP that goes on asking is blocked
/// (<https://pushover.net/api>, "Being Friendly to our API").
pub(super) const BLOCK_SECONDS: u64 = 300;
/// A used-up quota is asked about once an hour: somebody may have bought more of it.
const QUOTA_SECONDS: u64 = 3600;

/// Messages rejected for themselves within that time that end in a pause for all.
const REJECTIONS: usize = 10;

/// Why no request is to be made for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) enum BlockCause {
    /// Pushover refused the last one.
    Refused(Words),
    /// Too many messages were rejected for themselves.
    Rejections,
    /// As an earlier run wrote it down.
    Noted(String),
}

impl fmt::Display for BlockCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => words.fmt(f),
            Self::Rejections => write!(
                f,
                "{REJECTIONS} messages were rejected within {BLOCK_SECONDS} s, see failed/"
            ),
            Self::Noted(text) => f.write_str(text),
        }
    }
}

written_as_text!(BlockCause);

/// A time in which no request is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    /// Begin, in Unix seconds.
    pub(crate) since: u64,
    /// End, in Unix seconds.
    pub(crate) until: u64,
    /// Why.
    #[serde(rename = "reason")]
    pub(crate) cause: BlockCause,
    /// Whether the monthly quota is the cause.
    #[serde(default)]
    pub(crate) quota: bool,
    /// Whose messages wait, for people to read; empty for all.
    #[serde(default)]
    pub(crate) whom: String,
}

impl Block {
    /// Whether it holds. A clock before its begin was set back, and ends it.
    #[must_use]
    pub(crate) fn holds(&self, now: u64) -> bool {
        (self.since..self.until).contains(&now)
    }
}

/// An answer about quota or credentials, kept so that nobody asks every minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inquiry {
    /// When it was asked, in Unix seconds.
    pub(crate) at: u64,
    /// What was wrong, or nothing.
    pub(crate) problem: Option<Rejection>,
}

impl Inquiry {
    /// Whether it is younger than an hour.
    #[must_use]
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        is_fresh(self.at, now)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_fresh(at: u64, now: u64) -> bool {
    (at..at.saturating_add(3600)).contains(&now)
}

/// A message that is done with, but whose file could not be taken out of the spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Leftover {
    /// Pushover has it.
    Delivered,
    /// Pushover will not have it.
    Rejected(Reason),
}

/// The memory of a spool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// When something was learnt here for the first time, in Unix seconds; 0 when that is not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) since: u64,
    /// Last message that Pushover accepted, in Unix seconds.
    pub(crate) last_success: Option<u64>,
    /// What the last temporary failure was.
    pub(crate) last_problem: Option<Failure>,
    /// No request between these two, in Unix milliseconds.
    pub(crate) silence: Option<(u64, u64)>,
    /// Blocks by the mark of a token, or of a token and a key.
    pub(crate) blocks: BTreeMap<String, Block>,
    /// When messages were rejected for themselves, in Unix seconds.
    pub(crate) rejections: Vec<u64>,
    /// When the last quota block ended or ends; messages from before do not grow too old by it.
    pub(crate) quota_wait_end: u64,
    /// Messages that are done with and still in the spool, by file name: they are not to be sent again.
    pub(crate) ended: BTreeMap<String, Leftover>,
    /// The quota as last told, and when, by the mark of the token.
    pub(crate) quotas: BTreeMap<String, (u64, Quota)>,
    /// `apps/limits.json` by the mark of the token.
    pub(crate) limits: BTreeMap<String, Inquiry>,
    /// `users/validate.json` by the mark of token and key.
    pub(crate) validated: BTreeMap<String, Inquiry>,
}

impl Memory {
    /// Reads it. Whatever is wrong with the file, nothing is remembered then.
    #[must_use]
    pub(crate) fn recall(spool: &Spool) -> Self {
        spool
            .read_note(FILE)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Writes it, without what is over.
    pub(crate) fn keep(&mut self, spool: &Spool, now: u64) {
        if self.since == 0 {
            self.since = now;
        }
        self.blocks.retain(|_, block| block.holds(now));
        self.quotas.retain(|_, (at, _)| is_fresh(*at, now));
        self.limits.retain(|_, inquiry| inquiry.is_fresh(now));
        self.validated.retain(|_, inquiry| inquiry.is_fresh(now));
        if let Ok(bytes) = serde_json::to_vec(self) {
            let _ = spool.write_note(FILE, &bytes);
        }
    }

    /// What holds a message with these keys back now.
    #[must_use]
    pub(crate) fn block_of(&self, keys: &Keys, now: u64) -> Option<&Block> {
        let marks = [keys.token_mark(), keys.user_mark()];
        marks.iter().find_map(|mark| self.holding(mark, now))
    }

    fn holding(&self, mark: &str, now: u64) -> Option<&Block> {
        self.blocks.get(mark).filter(|block| block.holds(now))
    }

    /// Notes that Pushover has accepted a message.
    pub(crate) fn note_success(&mut self, now: u64) {
        self.last_success = Some(now);
        self.last_problem = None;
        self.silence = None;
    }

    /// Blocks what must not be asked again after this refusal: who does is taken for an attacker. `whom` has no name
    /// when nobody in particular was asked about.
    pub(crate) fn note_refusal(
        &mut self,
        refusal: &NotAccepted,
        keys: &Keys,
        whom: &str,
        now: u64,
    ) {
        match refusal {
            NotAccepted::Rejected { culprit: Culprit::Token, words } => {
                self.block(keys.token_mark(), BlockCause::Refused(words.clone()), "", now);
            }
            NotAccepted::Rejected { culprit: Culprit::User, words } => {
                self.block(keys.user_mark(), BlockCause::Refused(words.clone()), whom, now);
            }
            NotAccepted::QuotaUsedUp { reset, words } => {
                self.block_for_quota(keys.token_mark(), words, *reset, now);
            }
            NotAccepted::Rejected { culprit: Culprit::Message, .. }
            | NotAccepted::NoDevice(_)
            | NotAccepted::Temporary { .. } => {}
        }
    }

    /// Notes that token, or token and key, were found good: what stood against them is over, unless the answer says that
    /// nothing is left of the quota.
    pub(crate) fn note_good(&mut self, keys: &Keys, quota: Option<Quota>, now: u64) {
        if let Some(quota) = quota {
            self.quotas.insert(keys.token_mark(), (now, quota));
        }
        if quota.is_none_or(|quota| quota.remaining > 0) {
            self.blocks.remove(&keys.token_mark());
            self.blocks.remove(&keys.user_mark());
        }
    }

    /// Notes that a message was rejected for itself. Many of them look like an attack to Pushover, so they end in a
    /// pause, too.
    pub(crate) fn note_rejection(&mut self, mark: String, now: u64) {
        let recent = now.saturating_sub(BLOCK_SECONDS)..=now;
        self.rejections.retain(|at| recent.contains(at));
        self.rejections.push(now);
        if self.rejections.len() >= REJECTIONS {
            self.rejections.clear();
            self.block(mark, BlockCause::Rejections, "", now);
        }
    }

    fn block(&mut self, mark: String, cause: BlockCause, whom: &str, now: u64) {
        let until = now + BLOCK_SECONDS;
        let block = Block { since: now, until, cause, quota: false, whom: whom.to_owned() };
        self.blocks.insert(mark, block);
    }

    /// Blocks a token until its quota starts again, or is to be asked about.
    fn block_for_quota(&mut self, mark: String, words: &Words, reset: Option<u64>, now: u64) {
        let hour = now + QUOTA_SECONDS;
        let until = reset.filter(|reset| *reset > now).map_or(hour, |reset| reset.min(hour));
        self.quota_wait_end = until;
        let cause = BlockCause::Refused(words.clone());
        let block = Block { since: now, until, cause, quota: true, whom: String::new() };
        self.blocks.insert(mark, block);
    }

    /// The quota of the token with this mark, if it was told within an hour.
    #[must_use]
    pub(crate) fn quota(&self, token: &str, now: u64) -> Option<Quota> {
        let told = self.quotas.get(token).filter(|(at, _)| is_fresh(*at, now));
        told.map(|(_, quota)| *quota)
    }

    /// Notes that a message is done with whose file stays.
    pub(crate) fn leave(&mut self, name: &Name, leftover: Leftover) {
        self.ended.insert(name.as_str().to_owned(), leftover);
    }

    /// Whether the message is done with, though its file is there.
    #[must_use]
    pub(crate) fn has_ended(&self, name: &Name) -> bool {
        self.ended.contains_key(name.as_str())
    }

    /// Forgets the ends of messages whose files are gone.
    pub(crate) fn forget_all_but(&mut self, names: &[Name]) {
        self.ended.retain(|ended, _| names.iter().any(|name| name.as_str() == ended));
    }

    /// Milliseconds until the next request may be made. A clock before the failure was set back, and ends the silence.
    #[must_use]
    pub(crate) fn silence_left(&self, now: u64) -> u64 {
        match self.silence {
            Some((since, until)) if (since..until).contains(&now) => until - now,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_by_time_and_when_the_clock_is_set_back() {
        let mut memory = Memory::default();
        memory.block("m".to_owned(), BlockCause::Rejections, "alice", 1000);
        for (now, holds) in
            [(999, false), (1000, true), (1299, true), (1300, false), (9_999_999, false)]
        {
            assert_eq!(memory.holding("m", now).is_some(), holds, "{now}");
        }
        assert!(memory.holding("other", 1000).is_none());
    }

    #[test]
    fn the_file_of_the_first_version_is_read_and_written_alike() {
        let text = concat!(
            r#"{"last_success":5,"last_problem":"no answer in time","silence":[1,2],"blocks":{"m":{"since":1,"#,
            r#""until":301,"reason":"token is invalid (400)","quota":false,"whom":""}},"rejections":[],"#,
            r#""quota_wait_end":0,"ended":{"a":"delivered","b":{"rejected":"bad (400)"}},"quotas":{},"limits":{},"#,
            r#""validated":{"k":{"at":1,"problem":"user is invalid (400)"},"l":{"at":1,"problem":null}}}"#,
        );
        let memory: Memory = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&memory).unwrap(), text);
        assert_eq!(memory.last_problem.unwrap().to_string(), "no answer in time");
        assert_eq!(memory.blocks["m"].cause.to_string(), "token is invalid (400)");
        assert_eq!(memory.ended["a"], Leftover::Delivered);
        assert_eq!(memory.ended["b"], Leftover::Rejected(Reason::Noted("bad (400)".to_owned())));
        assert_eq!(memory.validated["l"].problem, None);
        let problem = memory.validated["k"].problem.as_ref().unwrap();
        assert_eq!(problem.to_string(), "user is invalid (400)");
    }

    #[test]
    fn ten_rejections_in_five_minutes_end_in_a_pause() {
        let mut memory = Memory::default();
        for at in 0..9 {
            memory.note_rejection("m".to_owned(), 1000 + at);
        }
        assert!(memory.holding("m", 1008).is_none());
        memory.note_rejection("m".to_owned(), 1500);
        assert!(memory.holding("m", 1500).is_none(), "the others are long ago");
        for _ in 0..9 {
            memory.note_rejection("m".to_owned(), 1500);
        }
        assert!(memory.holding("m", 1500).is_some());
    }

    #[test]
    fn a_quota_block_lasts_to_the_reset_but_no_longer_than_an_hour() {
        for (reset, until) in
            [(Some(5000), 4600), (Some(3000), 3000), (None, 4600), (Some(1), 4600)]
        {
            let mut memory = Memory::default();
            memory.block_for_quota("m".to_owned(), &Words::new(429, "", ""), reset, 1000);
            assert_eq!(memory.blocks["m"].until, until);
        }
    }

    #[test]
    fn silence_counts_down_and_ends_when_the_clock_is_set_back() {
        let memory = Memory { silence: Some((1000, 6000)), ..Memory::default() };
        for (now, left) in [(999, 0), (1000, 5000), (5999, 1), (6000, 0)] {
            assert_eq!(memory.silence_left(now), left, "{now}");
        }
    }
}
