//! `send` and `cancel`: spool, then drain, then say what became of the message.

use std::collections::HashMap;
use std::path::Path;

use super::args::{Action, Args};
use super::dispatch::Run;
use super::event::{Event, ObjectState};
use super::image;
use super::input::{from_environment, from_stdin};
use super::message::{self, Message};
use super::settings;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::access::Access;
use crate::pushover::addressee::Addressee;
use crate::pushover::drain::Fate;
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Item;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Name, Spool, Turn};

/// Sends one notification to every recipient, or cancels an object's emergency messages.
pub(super) fn send(args: &Args, access: Access, errand: &Errand) -> Outcome {
    let mut args = args.clone();
    for text in [&mut args.message, &mut args.output] {
        if text.as_deref() == Some("-") {
            errand.deadline.enter("reading standard input");
            *text = Some(from_stdin(&errand.deadline));
        }
    }
    let event = Event::new(&args, from_environment);
    let limits = settings::limits(&args);
    let mut run = Run { access, limits, errand };
    let message = match message_for(&args, &event, &run) {
        Ok(message) => message,
        Err(mistake) => return Outcome::new(Delivery::Misconfigured, mistake),
    };
    if args.dry_run {
        return show(&message, &run.access);
    }
    let items = items(&message, &event, &run);
    let mut outcome = if args.no_spool {
        send_unspooled(items, &mut run, "not kept, as no spool is wanted")
    } else {
        match Spool::open_or_create(&run.access.spool_dir, run.access.spool_group) {
            Ok(spool) => send_spooled(items, &mut run, &spool),
            Err(error) => send_unspooled(items, &mut run, &format!("not kept: {error}")),
        }
    };
    if let Some(mistake) = settings::mistake(&run.access) {
        outcome.text = format!("{}; {mistake}", outcome.text);
    }
    outcome.details.extend(message.warnings);
    outcome
}

fn message_for(args: &Args, event: &Event, run: &Run<'_>) -> Result<Message, &'static str> {
    let mut layout = settings::layout(args, &run.access);
    if args.action == Action::Cancel {
        if event.host.is_empty() {
            return Err("cancel needs --host-name, and --service-name for a service");
        }
        let cancel = Some(message::tag(&layout.instance, event));
        return Ok(Message { cancel, ..Message::default() });
    }
    if event.is_empty() && layout.message.is_empty() {
        if args.message.is_none() && args.output.is_none() {
            return Err(
                "nothing to send; give --message TEXT, or --type, --host-name and --output",
            );
        }
        "(no text)".clone_into(&mut layout.message);
    }
    let mut message = message::compose(event, &layout, run.now());
    if let Some(path) = args.attach.as_deref().filter(|path| !path.is_empty()) {
        match image::fields(Path::new(path)) {
            Ok(fields) => message.fields.extend(fields),
            Err(problem) => message.warnings.push(problem),
        }
    }
    Ok(message)
}

/// One item a recipient, with the key of its repetition or an empty one.
fn items(message: &Message, event: &Event, run: &Run<'_>) -> Vec<(Item, String)> {
    let object = fingerprint(&[&event.host, &event.service], 16);
    let state = event.state.map_or("", ObjectState::as_str);
    let time = event.time.map(|time| time.to_string()).unwrap_or_default();
    let kind = format!("{:?}", event.kind);
    let parts = [event.host.as_str(), &event.service, &kind, state, &event.number, &time];
    let item = |addressee: &Addressee| {
        let item = Item {
            addressee: addressee.clone(),
            cancel: message.cancel.clone(),
            fields: message.fields.clone(),
            object: object.clone(),
            created: run.now(),
            attempts: 0,
            next_try: 0,
            given_up: false,
            failure: None,
        };
        (item, Item::repetition_key(addressee, parts).unwrap_or_default())
    };
    run.access.addressees.iter().map(item).collect()
}

fn send_spooled(items: Vec<(Item, String)>, run: &mut Run<'_>, spool: &Spool) -> Outcome {
    let mut ours = Vec::new();
    let mut homeless = Vec::new();
    let mut trouble = None;
    run.errand.deadline.enter("writing to the spool");
    for (item, key) in items {
        let known = if key.is_empty() {
            None
        } else {
            let found = spool.find_repetition(&key, &item.object);
            found.filter(|name| !Memory::recall(spool).has_ended(name))
        };
        match known.map_or_else(|| spool.put(&item, &key, run.errand.now), Ok) {
            Ok(name) => ours.push(name),
            Err(error) => {
                trouble = Some(error.to_string());
                homeless.push((item, key));
            }
        }
    }
    let Some(trouble) = trouble else {
        let hint = hint(&run.access.addressees);
        let kept = format!("kept in {}{hint}", spool.path().display());
        run.errand.stands_at(Outcome::new(Delivery::Queued, kept));
        let fates = follow(&ours, run, spool);
        let mut outcome = run.sum_up(&fates, Some(spool));
        if fates.iter().any(Fate::waits) {
            outcome.text.push_str(&hint);
        }
        return outcome;
    };
    let mut fates = if ours.is_empty() { Vec::new() } else { follow(&ours, run, spool) };
    let lock = match spool.wait_for_turn(&[], &run.errand.deadline) {
        Ok(Turn::Ours(lock)) => Some(lock),
        _ => None,
    };
    fates.extend(run.send_unspooled(
        homeless.into_iter().map(|(item, _)| item).collect(),
        Some(spool),
        lock.as_ref(),
    ));
    let mut outcome = run.sum_up(&fates, None);
    outcome.text = format!("{}; not kept: {trouble}", outcome.text);
    outcome
}

/// What the timer lacks to send a message that waits.
fn hint(addressees: &[Addressee]) -> String {
    let variables = addressees.first().map(Addressee::variables);
    match variables.unwrap_or_default().join(" and ") {
        none if none.is_empty() => none,
        variables => format!("; flush needs the same {variables}, or credential"),
    }
}

fn send_unspooled(items: Vec<(Item, String)>, run: &mut Run<'_>, lost: &str) -> Outcome {
    run.errand.stands_at(Outcome::new(Delivery::Queued, lost));
    // One of earlier runs, or of others on this host: a token that was refused is not to be tried by each alert.
    let spool = Spool::open(&run.access.spool_dir).ok();
    let lock = spool.as_ref().and_then(|spool| spool.try_lock().ok()?);
    let fates = run.send_unspooled(
        items.into_iter().map(|(item, _)| item).collect(),
        spool.as_ref(),
        lock.as_ref(),
    );
    let mut outcome = run.sum_up(&fates, None);
    // Somebody wanted no spool and it was not needed: nothing to remark.
    let delivered = matches!(outcome.delivery, Delivery::Accepted | Delivery::Rejected);
    if !(delivered && lost.starts_with("not kept, as")) {
        outcome.text = format!("{}; {lost}", outcome.text);
    }
    outcome
}

/// Drains, or waits until another process has dealt with our messages.
fn follow(ours: &[Name], run: &mut Run<'_>, spool: &Spool) -> Vec<Fate> {
    run.errand.deadline.enter("waiting for the process that sends");
    let all = |reason: String| vec![Fate::Queued(reason); ours.len()];
    let fates = match spool.wait_for_turn(ours, &run.errand.deadline) {
        Ok(Turn::Ours(_lock)) => match run.drain(spool, ours) {
            Ok(fates) => fates,
            Err(error) => return all(error.to_string()),
        },
        Ok(Turn::Done) => HashMap::new(),
        Ok(Turn::TooLate) => return all("another process sends".to_owned()),
        Err(error) => return all(error.to_string()),
    };
    let fate = |name: &Name| fates.get(name).cloned().unwrap_or_else(|| fate_on_disk(name, spool));
    ours.iter().map(fate).collect()
}

/// Where another process has put our message.
fn fate_on_disk(name: &Name, spool: &Spool) -> Fate {
    if spool.is_waiting(name) {
        return Fate::Queued("waits".to_owned());
    }
    let unknown = || "see failed/ in the spool".to_owned();
    match spool.read_failed(name) {
        Ok(item) => Fate::Rejected(item.failure.unwrap_or_else(unknown)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Fate::Delivered,
        Err(_) => Fate::Rejected(unknown()),
    }
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
    outcome.details.extend(lines.chain(message.warnings.clone()));
    outcome
}
