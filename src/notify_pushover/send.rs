//! `send` and `cancel`: spool, then drain, then say what became of the message.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::{Action, Args};
use super::dispatch::Dispatch;
use super::event::{Event, ObjectState};
use super::explain;
use super::facts::{NoMessage, Unkept};
use super::image;
use super::input::{from_environment, from_stdin};
use super::message::{self, Message, Remark};
use super::settings;
use crate::program::{Delivery, Errand, LeftOut, Outcome};
use crate::pushover::access::Access;
use crate::pushover::addressee::{Addressee, is_like_a_secret};
use crate::pushover::drain::{Failed, Fate, Wait};
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Item;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};

/// A message for one recipient.
struct Outgoing {
    item: Item,
    /// What makes a repetition of it recognisable; empty when nothing does.
    key: String,
}

/// Sends one notification to every recipient, or cancels an object's emergency messages.
pub(super) fn send(args: &Args, access: Access, errand: &Errand) -> Outcome {
    let mut args = args.clone();
    for text in [&mut args.message, &mut args.output] {
        if text.as_deref() == Some("-") {
            errand.deadline.enter("reading standard input");
            *text = Some(from_stdin(&errand.deadline));
        }
    }
    let mut event = Event::new(&args, from_environment);
    let stray = stray_text(&args, &event, &errand.left_out);
    match (&stray, event.is_empty()) {
        (Some(_), true) => args.message.clone_from(&stray),
        (Some(text), false) => event.output.clone_from(text),
        (None, _) => {}
    }
    let limits = settings::limits(&args);
    let mut dispatch = Dispatch { access, limits, errand };
    let message = match message_for(&args, &event, &dispatch) {
        Ok(message) => message,
        Err(why) => {
            let text = explain::no_message(why, &errand.left_out);
            return Outcome::new(Delivery::Misconfigured, text);
        }
    };
    let all = outgoing(&message, &event, &dispatch);
    let mut outcome = if args.dry_run {
        show(&message, &dispatch.access)
    } else if args.no_spool {
        send_unspooled(all, &mut dispatch, &Unkept::NotWanted)
    } else {
        match dispatch.access.spool_to_keep() {
            Ok(spool) => send_spooled(all, &mut dispatch, &spool),
            Err(error) => send_unspooled(all, &mut dispatch, &Unkept::Spool(error)),
        }
    };
    let ignored = settings::mistakes(&args, &dispatch.access);
    for remark in explain::ignored(&ignored, &errand.left_out, stray.is_some()) {
        outcome.text = format!("{}; {remark}", outcome.text);
        outcome.details.push(remark);
    }
    outcome.details.extend(message.remarks.iter().map(explain::remark));
    outcome
}

/// What stands on the command line without a known option, where nothing else is to be told: a typing error must not cost
/// the alert. A word alone is more likely an action that is misspelt, and a secret is no text.
fn stray_text(args: &Args, event: &Event, left_out: &LeftOut) -> Option<String> {
    let is_told = args.message.is_some() || args.output.is_some() || !event.output.is_empty();
    if args.action != Action::Send || is_told || !left_out.beside_options {
        return None;
    }
    let LeftOut { words, values, .. } = left_out;
    let texts = if words.is_empty() { values } else { words };
    let is_secret = |text: &str| !text.contains(' ') && is_like_a_secret(text);
    let texts: Vec<&str> =
        texts.iter().map(|text| text.trim()).filter(|text| !is_secret(text)).collect();
    let text = texts.join(" ");
    (!text.is_empty()).then_some(text)
}

fn message_for(args: &Args, event: &Event, dispatch: &Dispatch<'_>) -> Result<Message, NoMessage> {
    let mut layout = settings::layout(args, &dispatch.access);
    if args.action == Action::Cancel {
        if event.host.is_empty() {
            return Err(NoMessage::NoHost);
        }
        let cancel = Some(message::tag(&layout.instance, event));
        return Ok(Message { cancel, ..Message::default() });
    }
    if event.is_empty() && layout.message.is_empty() {
        if args.message.is_none() && args.output.is_none() {
            return Err(NoMessage::Nothing);
        }
        "(no text)".clone_into(&mut layout.message);
    }
    let mut message = message::compose(event, &layout, dispatch.now());
    if let Some(path) = args.attach.as_deref().filter(|path| !path.is_empty()) {
        match image::fields(Path::new(path), &dispatch.errand.deadline) {
            Ok(fields) => message.fields.extend(fields),
            Err(error) => {
                message.remarks.push(Remark::ImageLeftOut { path: PathBuf::from(path), error });
            }
        }
    }
    Ok(message)
}

fn outgoing(message: &Message, event: &Event, dispatch: &Dispatch<'_>) -> Vec<Outgoing> {
    let object = fingerprint(&[&event.host, &event.service], 16);
    let state = event.state.map_or("", ObjectState::as_str);
    let time = event.time.map(|time| time.to_string()).unwrap_or_default();
    let parts = [&event.host, &event.service, event.kind.as_str(), state, &event.number, &time];
    let one = |addressee: &Addressee| Outgoing {
        item: Item {
            addressee: addressee.clone(),
            cancel: message.cancel.clone(),
            fields: message.fields.clone(),
            object: object.clone(),
            created: dispatch.now(),
            attempts: 0,
            next_try: 0,
            given_up: false,
            failure: None,
        },
        key: Item::repetition_key(addressee, parts).unwrap_or_default(),
    };
    dispatch.access.addressees.iter().map(one).collect()
}

fn send_spooled(all: Vec<Outgoing>, dispatch: &mut Dispatch<'_>, spool: &Spool) -> Outcome {
    let mut ours = Vec::new();
    let mut homeless = Vec::new();
    let mut trouble = None;
    dispatch.errand.deadline.enter("writing to the spool");
    for one in all {
        match put(&one, dispatch, spool) {
            Ok(name) => ours.push(name),
            Err(error) => {
                trouble = Some(error);
                homeless.push(one.item);
            }
        }
    }
    if let Some(error) = trouble {
        return send_homeless(&ours, homeless, dispatch, spool, error);
    }
    let hint = explain::hint(&dispatch.access.addressees);
    let kept = format!("kept in {}{hint}", spool.path().display());
    dispatch.errand.stands_at(Outcome::new(Delivery::Queued, kept));
    let fates = follow(&ours, dispatch, spool);
    let mut outcome = dispatch.sum_up(&fates, Some(spool));
    if fates.iter().any(Fate::waits) {
        outcome.text.push_str(&hint);
    }
    outcome
}

/// Puts a message into the spool, unless it stands there already.
fn put(one: &Outgoing, dispatch: &Dispatch<'_>, spool: &Spool) -> Result<Name, SpoolError> {
    let Outgoing { item, key } = one;
    let known = if key.is_empty() { None } else { spool.find_repetition(key, &item.object) };
    match known.filter(|name| !Memory::recall(spool).has_ended(name)) {
        Some(name) => Ok(name),
        None => spool.put(item, key, dispatch.errand.now),
    }
}

/// Some messages could not be put on disk: they are sent from memory, before those that are safe. For half of the time
/// they wait for their turn, then they go without it: nobody else will send them.
fn send_homeless(
    ours: &[Name],
    homeless: Vec<Item>,
    dispatch: &mut Dispatch<'_>,
    spool: &Spool,
    trouble: SpoolError,
) -> Outcome {
    let deadline = &dispatch.errand.deadline;
    let unkept = explain::unkept(&Unkept::Spool(trouble));
    dispatch.errand.stands_at(Outcome::new(Delivery::Lost, unkept.as_str()));
    deadline.enter("waiting for the process that sends");
    let lock = match spool.wait_for_turn(&[], deadline.until_half(), deadline) {
        Ok(Turn::Ours(lock)) => Some(lock),
        _ => None,
    };
    let mut fates = dispatch.send_unspooled(homeless, Some(spool), lock.as_ref());
    let drained = lock.as_ref().and_then(|_lock| dispatch.drain(spool, ours).ok());
    fates.extend(fates_of(ours, &drained.unwrap_or_default(), spool));
    let mut outcome = dispatch.sum_up(&fates, None);
    outcome.text = format!("{}; {unkept}", outcome.text);
    outcome
}

fn send_unspooled(all: Vec<Outgoing>, dispatch: &mut Dispatch<'_>, why: &Unkept) -> Outcome {
    let unkept = explain::unkept(why);
    dispatch.errand.stands_at(Outcome::new(Delivery::Lost, unkept.as_str()));
    // One of earlier runs, or of others on this host: a token that was refused is not to be tried by each alert.
    let spool = dispatch.access.spool.clone().ok();
    let lock = spool.as_ref().and_then(|spool| spool.try_lock().ok()?);
    let items = all.into_iter().map(|one| one.item).collect();
    let fates = dispatch.send_unspooled(items, spool.as_ref(), lock.as_ref());
    let mut outcome = dispatch.sum_up(&fates, None);
    // Somebody wanted no spool and it was not needed: nothing to remark.
    let needed = !matches!(outcome.delivery, Delivery::Accepted | Delivery::Rejected);
    if needed || !matches!(why, Unkept::NotWanted) {
        outcome.text = format!("{}; {unkept}", outcome.text);
    }
    outcome
}

/// Drains, or waits until another process has dealt with our messages.
fn follow(ours: &[Name], dispatch: &mut Dispatch<'_>, spool: &Spool) -> Vec<Fate> {
    dispatch.errand.deadline.enter("waiting for the process that sends");
    let all = |wait: Wait| vec![Fate::Queued(wait); ours.len()];
    let deadline = &dispatch.errand.deadline;
    let fates = match spool.wait_for_turn(ours, deadline.remaining(), deadline) {
        Ok(Turn::Ours(_lock)) => match dispatch.drain(spool, ours) {
            Ok(fates) => fates,
            Err(error) => return all(Wait::Spool(error)),
        },
        Ok(Turn::Done) => HashMap::new(),
        Ok(Turn::TooLate) => return all(Wait::Turn),
        Err(error) => return all(Wait::Spool(error)),
    };
    fates_of(ours, &fates, spool)
}

fn fates_of(ours: &[Name], drained: &HashMap<Name, Fate>, spool: &Spool) -> Vec<Fate> {
    let fate =
        |name: &Name| drained.get(name).cloned().unwrap_or_else(|| fate_on_disk(name, spool));
    ours.iter().map(fate).collect()
}

/// Where another process has put our message.
fn fate_on_disk(name: &Name, spool: &Spool) -> Fate {
    if spool.is_waiting(name) {
        return Fate::Queued(Wait::NotKnown);
    }
    let reason = match spool.read_failed(name) {
        Ok(item) => item.failure,
        Err(error) if error.kind() == ErrorKind::NotFound => return Fate::Delivered,
        Err(_) => None,
    };
    Fate::Rejected(Failed { reason, stays: None })
}

fn show(message: &Message, access: &Access) -> Outcome {
    let names: Vec<String> = access.addressees.iter().map(Addressee::name).collect();
    let mut text = format!("dry run for {}", names.join(", "));
    if let Some(tag) = &message.cancel {
        text = format!("{text}; cancel {tag}");
    }
    let mut fields = message.fields.clone();
    for (_, value) in fields.iter_mut().filter(|(key, _)| key == "attachment_base64") {
        *value = format!("{} characters", value.len());
    }
    for (key, value) in &fields {
        text = format!("{text}; {key}: {}", value.replace('\n', " / "));
    }
    let mut outcome = Outcome::new(Delivery::Accepted, text);
    let lines = fields.iter().map(|(key, value)| format!("{key} = {value}"));
    outcome.details.extend(lines);
    outcome
}
