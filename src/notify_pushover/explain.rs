//! What became of the messages, in words. Pure.

mod receipts;

use std::path::Path;
use std::time::Duration;

use super::facts::{Invalid, NoMessage, Unkept, Validated, Waiting};
use super::message::Remark;
use super::repetition::Decision;
use super::rules::Mistake;
use crate::monitoring::clean::cut;
use crate::monitoring::duration::human;
use crate::program::{Delivery, LeftOut, Outcome};
use crate::pushover::addressee::{Addressee, is_like_a_secret};
use crate::pushover::drain::{Failed, Fate, Hold, Wait};
use crate::pushover::not_accepted::NotAccepted;
use crate::pushover::response::Quota;
use crate::pushover::spool::SpoolError;

pub(super) use receipts::{no_core, round};

/// Characters of a reason when it also has to be said where the alert is.
const REASON_CHARS: usize = 110;

/// The worst fate first, then how many were sent and how many wait. `kept` is the spool that the messages are in.
pub(super) fn fates(fates: &[Fate], kept: Option<&Path>, waiting: Option<&Waiting>) -> Outcome {
    let judged = fates.iter().map(|fate| judge(fate, kept));
    let worst = judged.reduce(|worst, other| if other.0 > worst.0 { other } else { worst });
    let (delivery, text) = worst.unwrap_or((Delivery::Accepted, String::new()));
    let sent = fates.iter().filter(|fate| matches!(fate, Fate::Delivered)).count();
    let mut text = match (delivery, sent) {
        (Delivery::Accepted, 1) => "sent".to_owned(),
        (Delivery::Accepted, sent) => format!("{sent} sent"),
        (_, 0) => text,
        (_, sent) => format!("{text}; {sent} sent"),
    };
    if let Some(Waiting { count, seconds }) = waiting {
        text = format!("{text}; {count} waiting, oldest {seconds} s");
    }
    Outcome::new(delivery, text)
}

fn judge(fate: &Fate, kept: Option<&Path>) -> (Delivery, String) {
    match fate {
        Fate::Delivered => (Delivery::Accepted, String::new()),
        Fate::Queued(wait) => (Delivery::Queued, waits_for(wait)),
        Fate::Lost(fate) => (Delivery::Lost, judge(fate, None).1),
        Fate::Held(obstacle) => {
            let reason = held_by(obstacle);
            let text = match kept {
                Some(spool) => {
                    let reason = cut(&reason, REASON_CHARS);
                    format!("{reason}; the alert is kept in {}", spool.display())
                }
                None => reason,
            };
            (Delivery::Misconfigured, text)
        }
        Fate::Leftover(error) => {
            (Delivery::Misconfigured, format!("{error}; it will not be sent again"))
        }
        Fate::Rejected(why) | Fate::GivenUp(why) => (Delivery::Rejected, failed(why)),
    }
}

fn waits_for(wait: &Wait) -> String {
    match wait {
        Wait::Failed(failure) | Wait::Silence(Some(failure)) => failure.to_string(),
        Wait::Silence(None) => "waiting after a recent failure".to_owned(),
        Wait::Quota(words) => words.to_string(),
        Wait::Blocked { seconds, cause } => format!("blocked for {seconds} s: {cause}"),
        Wait::Pause { seconds } => format!("next try in {seconds} s"),
        Wait::Time => "no time left in this run".to_owned(),
        Wait::Turn => "another process is sending".to_owned(),
        Wait::Spool(error) => error.to_string(),
        Wait::Vanished => "its file has vanished from the spool".to_owned(),
        Wait::NotKnown => "waits".to_owned(),
    }
}

fn held_by(obstacle: &Hold) -> String {
    match obstacle {
        Hold::Keys(error) => error.to_string(),
        Hold::Route(error) => error.to_string(),
        Hold::Unreadable(error) => format!("cannot read a message in the spool: {error}"),
    }
}

fn failed(Failed { reason, stays }: &Failed) -> String {
    let reason = reason.as_ref().map_or("see failed/ in the spool".to_owned(), ToString::to_string);
    match stays {
        Some(error) => format!("{reason}; {error}"),
        None => reason,
    }
}

/// The reason why a message is not kept, to stand behind what became of it.
pub(super) fn unkept(unkept: &Unkept) -> String {
    match unkept {
        Unkept::NotWanted => "not kept: --no-spool".to_owned(),
        Unkept::Spool(error) => format!("not kept: {}", unusable_spool(error)),
    }
}

/// What to run instead stands before the reason, since the line is cut at its end.
pub(super) fn unusable_spool(error: &SpoolError) -> String {
    match error.way_out() {
        Some(command) => format!("run: {command}; {error}"),
        None => error.to_string(),
    }
}

/// What the timer lacks to send a message that waits; empty when it lacks nothing.
pub(super) fn hint(addressees: &[Addressee]) -> String {
    let variables = addressees.first().map(Addressee::variables);
    match variables.unwrap_or_default().join(" and ") {
        none if none.is_empty() => none,
        variables => format!("; flush needs the same {variables}, or the credential"),
    }
}

/// Why nothing is sent; the mistake on the command line that is the likely cause comes first.
pub(super) fn no_message(why: NoMessage, left_out: &LeftOut) -> String {
    match (why, left_out.mistakes.first(), left_out.words.first()) {
        (_, Some(mistake), _) => mistake.clone(),
        (NoMessage::Nothing, None, Some(word)) => {
            let word = harmless(word);
            format!("'{word}' is not an action; to send it, write --message '{word}'")
        }
        (NoMessage::Nothing, None, None) => {
            "nothing to send; give --message TEXT, or --type, --host-name and --output".to_owned()
        }
        (NoMessage::NoHost, None, _) => {
            "cancel needs --host-name, and --service-name for a service".to_owned()
        }
    }
}

/// Why nothing is told of a key.
pub(super) fn quiet(key: &str, decision: &Decision) -> String {
    let human = |seconds: &u64| human(Duration::from_secs(*seconds));
    let key = harmless(key);
    match decision {
        Decision::Quiet { state, seconds, told } => {
            let (state, since, told) = (state.as_str(), human(seconds), human(told));
            format!("nothing new for {key}: {state} for {since}, last notification {told} ago")
        }
        Decision::Well | Decision::Tell { .. } => format!("nothing new for {key}: still OK"),
    }
}

/// The first mistake on the command line, for actions that send no alert.
pub(super) fn refusal(left_out: &LeftOut) -> Option<String> {
    let unexpected = |word: &String| {
        format!("unexpected argument '{}'; --help lists the options", harmless(word))
    };
    let mistake = left_out.mistakes.first().cloned();
    mistake.or_else(|| left_out.words.first().map(unexpected))
}

/// What an alert was sent without. `told` is whether words without an option are its text.
pub(super) fn ignored(
    rules: &[(&'static str, Mistake)],
    left_out: &LeftOut,
    told: bool,
) -> Vec<String> {
    let rule = |(option, Mistake { part, error }): &(&str, Mistake)| match *option {
        "" => format!("emergency '{}' in the configuration ignored: {error}", harmless(part)),
        option => format!("{option} '{}' ignored: {error}", harmless(part)),
    };
    let mut remarks: Vec<String> = rules.iter().map(rule).collect();
    let mistake = |mistake: &String| {
        let words: Vec<&str> = mistake.split(' ').map(harmless).collect();
        format!("ignored: {}", words.join(" "))
    };
    remarks.extend(left_out.mistakes.iter().map(mistake));
    match left_out.words.first() {
        _ if told => remarks.push("its text was given without --message".to_owned()),
        Some(word) => remarks.push(format!("ignored: unexpected argument '{}'", harmless(word))),
        None => {}
    }
    remarks
}

/// A word of somebody's, unless it could be a token or key.
fn harmless(word: &str) -> &str {
    if is_like_a_secret(word) { "..." } else { word }
}

/// Something that somebody who runs it by hand should know.
pub(super) fn remark(remark: &Remark) -> String {
    match remark {
        Remark::LinkLeftOut { limit } => {
            format!("the link is longer than {limit} characters and was left out")
        }
        Remark::RingsEndEarly { rings, seconds, expire } => {
            format!("Pushover stops after {rings} rings: {seconds} s, not {expire} s")
        }
        Remark::ImageLeftOut { path, error } => {
            format!("{} was left out: {error}", path.display())
        }
    }
}

/// What Pushover thinks of token and recipients, the worst first.
pub(super) fn validated(all: &[Validated], asked: usize, quota: Option<Quota>) -> Outcome {
    let mut outcome = Outcome::new(Delivery::Accepted, String::new());
    for Validated { name, result } in all {
        let (delivery, text) = match result {
            Ok(()) => (Delivery::Accepted, format!("{name}: valid")),
            Err(Invalid::Keys(error)) => (Delivery::Misconfigured, error.to_string()),
            Err(Invalid::Refused(refusal)) => refused(name, refusal),
        };
        if delivery > outcome.delivery {
            outcome.delivery = delivery;
            outcome.text.clone_from(&text);
        }
        outcome.details.push(text);
    }
    if outcome.delivery == Delivery::Accepted {
        let recipients = if asked == 1 { "recipient" } else { "recipients" };
        outcome.text = format!("token and {asked} {recipients} are valid");
        if let Some(Quota { remaining, limit, .. }) = quota {
            outcome.text = format!("{}, {remaining} of {limit} messages left", outcome.text);
        }
    }
    outcome
}

fn refused(name: &str, refusal: &NotAccepted) -> (Delivery, String) {
    match refusal {
        NotAccepted::Rejected { words, .. } => (Delivery::Rejected, format!("{name}: {words}")),
        NotAccepted::NoDevice(info) => (Delivery::Rejected, format!("{name}: {info}")),
        NotAccepted::QuotaUsedUp { words, .. } => {
            (Delivery::Misconfigured, format!("{name}: not validated, {words}"))
        }
        NotAccepted::Temporary { failure, .. } => {
            (Delivery::Misconfigured, format!("{name}: not validated, {failure}"))
        }
    }
}
