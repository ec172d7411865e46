//! Whether Pushover knows a token: a wrong one is to be told to whoever typed it, not to the next alert.

use std::time::{Duration, SystemTime};

use super::explain;
use super::protocol::Level;
use super::voice::Voice;
use crate::clock::unix_seconds;
use crate::deadline::Deadline;
use crate::pushover::access::AccessOptions;
use crate::pushover::client::{Api, Route, RouteError};
use crate::pushover::drain::SILENCE;
use crate::pushover::keys::Keys;
use crate::pushover::memory::{Inquiry, Memory};
use crate::pushover::not_accepted::{Culprit, NotAccepted, Rejection};
use crate::pushover::response::Response;
use crate::pushover::spool::{Spool, SpoolError, Turn};
use crate::secret::Secret;

/// The daemon waits for the answer, and so do the notifications behind it.
const TIME: Duration = Duration::from_secs(5);

/// What Pushover thinks of a token.
#[derive(Debug)]
pub(super) enum Opinion {
    /// It knows it.
    Good,
    /// It does not.
    Refused(Rejection),
    /// It was not asked, or gave no answer.
    NotKnown,
    /// There is no way to it.
    NoWay(RouteError),
    /// There is no spool, so that nobody knows whether it may be asked.
    NoSpool(SpoolError),
}

/// How the files of tokens begin that came by the protocol.
pub(super) const TOKEN_FILE: &str = ".token-";

/// Asks whether a token is good. What waits for another one is sent with it then: that may have been wrong.
pub(super) fn introduce(
    token: &Secret,
    options: &AccessOptions,
    now: SystemTime,
    voice: &Voice,
) -> Opinion {
    let mut access = options.enter();
    let opinion = match access.spool_to_keep() {
        Ok(spool) => match ask(token, &spool, &access.route, now) {
            Opinion::Good => match spool.replace_secrets(TOKEN_FILE, token) {
                Ok(()) => Opinion::Good,
                Err(error) => Opinion::NoSpool(error),
            },
            opinion => opinion,
        },
        Err(error) => Opinion::NoSpool(error),
    };
    match &opinion {
        Opinion::NoSpool(error) => voice.say(&explain::no_spool(error)),
        Opinion::NoWay(error) => voice.log(Level::Error, &error.to_string()),
        Opinion::Good | Opinion::Refused(_) | Opinion::NotKnown => {}
    }
    opinion
}

/// Asks for the quota, which is free of charge, unless the answer is known or another process is asking.
fn ask(token: &Secret, spool: &Spool, route: &Route, now: SystemTime) -> Opinion {
    let deadline = Deadline::after(TIME);
    let Ok(Turn::Ours(_lock)) = spool.wait_for_turn(&[], &deadline) else {
        return Opinion::NotKnown;
    };
    let now = unix_seconds(now);
    let mut memory = Memory::recall(spool);
    let keys = Keys { user: token.clone(), token: token.clone() };
    let mark = keys.token_mark();
    let known = memory.limits.get(&mark).filter(|known| known.is_fresh(now));
    if let Some(problem) = known.and_then(|known| known.problem.clone()) {
        return Opinion::Refused(problem);
    }
    let silent = memory.silence_left(now.saturating_mul(1000)) > 0;
    if silent || memory.block_of(&keys, now).is_some_and(|block| !block.quota) {
        return Opinion::NotKnown;
    }
    let api = match Api::new(route) {
        Ok(api) => api,
        Err(error) => return Opinion::NoWay(error),
    };
    let response = api.limits(token, deadline.remaining());
    api.close();
    let opinion = learn(response, &keys, &mut memory, now);
    if let Opinion::Refused(problem) = &opinion {
        memory.limits.insert(mark, Inquiry { at: now, problem: Some(problem.clone()) });
    }
    memory.keep(spool, now);
    opinion
}

fn learn(response: Response, keys: &Keys, memory: &mut Memory, now: u64) -> Opinion {
    let Err(refusal) = response.result else {
        memory.note_good(keys, response.quota, now);
        return Opinion::Good;
    };
    memory.note_refusal(&refusal, keys, "", now);
    match refusal {
        NotAccepted::Rejected { culprit: Culprit::Token, words } => {
            Opinion::Refused(Rejection::Said(words))
        }
        NotAccepted::Temporary { .. } => {
            let begin = now.saturating_mul(1000);
            let silence = u64::try_from((TIME + SILENCE).as_millis()).unwrap_or(u64::MAX);
            memory.silence = Some((begin, begin.saturating_add(silence)));
            Opinion::NotKnown
        }
        _ => Opinion::NotKnown,
    }
}
