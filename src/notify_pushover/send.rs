//! Spool, then drain, then say what became of the message.

use std::collections::HashMap;

use super::args::{Action, Args, from_environment, from_stdin};
use super::event::Event;
use super::message::{self, Message};
use super::settings::Settings;
use crate::monitoring::render::cut;
use crate::program::{Delivery, Errand, Outcome};
use crate::pushover::drain::{Drainer, Fate};
use crate::pushover::item::Item;
use crate::pushover::spool::{Name, Spool, SpoolError, Turn};
use crate::pushover::state::Memory;
use crate::pushover::{fingerprint, unix_seconds};

/// Characters of a reason when it also has to be said where the alert is.
const REASON_CHARS: usize = 110;

/// Sends one notification to every recipient, or cancels an object's emergency messages.
pub(super) fn send(args: &Args, mut settings: Settings, errand: &Errand) -> Outcome {
    let mut args = args.clone();
    for text in [&mut args.message, &mut args.output] {
        if text.as_deref() == Some("-") {
            *text = Some(from_stdin());
        }
    }
    let event = Event::new(&args, from_environment);
    let layout = settings.layout(&args);
    let now = unix_seconds(errand.now);
    let message = if args.action == Action::Cancel {
        if event.host.is_empty() {
            return Outcome::new(
                Delivery::Misconfigured,
                "cancel needs --host-name, and --service-name for a service",
            );
        }
        Message {
            cancel: Some(message::tag(&layout.instance, &event)),
            ..Message::default()
        }
    } else if event.is_empty() && layout.message.is_empty() && args.message.is_none() {
        return Outcome::new(
            Delivery::Misconfigured,
            "nothing to send; give --message TEXT, or --type, --host-name and --output",
        );
    } else {
        let mut layout = layout;
        if event.is_empty() && layout.message.is_empty() {
            "(no text)".clone_into(&mut layout.message);
        }
        message::compose(&event, &layout, now)
    };
    if args.dry_run {
        return show(&message, &settings);
    }
    let items = items(&message, &event, &settings, now);
    let mut outcome = if args.no_spool {
        send_unspooled(
            items,
            &mut settings,
            errand,
            "not kept, no spool was wanted",
        )
    } else {
        match Spool::open_or_create(&settings.spool_dir) {
            Ok(spool) => send_spooled(items, &mut settings, errand, &spool),
            Err(error) => {
                let mut outcome = send_unspooled(items, &mut settings, errand, "not kept");
                outcome.text = format!("{}; {error}", outcome.text);
                outcome
            }
        }
    };
    outcome.details.extend(message.warnings);
    outcome
}

/// Sends what waits.
pub(super) fn flush(args: &Args, mut settings: Settings, errand: &Errand) -> Outcome {
    let spool = match Spool::open(&settings.spool_dir) {
        Ok(spool) => spool,
        Err(SpoolError::Missing(path)) => {
            return Outcome::new(
                Delivery::Accepted,
                format!("nothing waits, {} does not exist yet", path.display()),
            );
        }
        Err(error) => return Outcome::new(Delivery::Misconfigured, error.to_string()),
    };
    errand.stands_at(Outcome::new(Delivery::Queued, "some may still wait"));
    let turn = match spool.wait_for_turn(&[], &errand.deadline) {
        Ok(turn) => turn,
        Err(error) => return Outcome::new(Delivery::Misconfigured, error.to_string()),
    };
    let Turn::Ours(lock) = turn else {
        return Outcome::new(Delivery::Queued, "another process sends");
    };
    if args.retry_failed
        && let Err(error) = spool.revive(unix_seconds(errand.now))
    {
        return Outcome::new(Delivery::Misconfigured, error.to_string());
    }
    let fates = drain(&spool, &mut settings, errand, &[]);
    drop(lock);
    match fates {
        Ok(fates) => {
            let fates: Vec<Fate> = fates.into_values().collect();
            let mut outcome = sum_up(&fates, errand, Some(&spool));
            if fates.is_empty() {
                outcome = Outcome::new(Delivery::Accepted, "nothing waits");
            }
            outcome
        }
        Err(error) => Outcome::new(Delivery::Misconfigured, error.to_string()),
    }
}

fn items(message: &Message, event: &Event, settings: &Settings, now: u64) -> Vec<(Item, String)> {
    let object = fingerprint(&[&event.host, &event.service], 16);
    let item = |address: &crate::pushover::item::Address| {
        let state = event.state.map_or("", super::event::ObjectState::as_str);
        let time = event.time.map(|time| time.to_string()).unwrap_or_default();
        let kind = format!("{:?}", event.kind);
        let parts = [
            event.host.as_str(),
            &event.service,
            &kind,
            state,
            &event.number,
            &time,
        ];
        let key = Item::repetition_key(address, parts).unwrap_or_default();
        let item = Item {
            address: address.clone(),
            cancel: message.cancel.clone(),
            fields: message.fields.clone(),
            object: object.clone(),
            created: now,
            attempts: 0,
            next_try: 0,
            failure: None,
        };
        (item, key)
    };
    settings.addresses.iter().map(item).collect()
}

fn send_spooled(
    items: Vec<(Item, String)>,
    settings: &mut Settings,
    errand: &Errand,
    spool: &Spool,
) -> Outcome {
    let mut ours = Vec::new();
    let mut homeless = Vec::new();
    let mut trouble = None;
    errand.deadline.enter("writing to the spool");
    for (item, key) in items {
        let known = if key.is_empty() {
            None
        } else {
            spool.find_repetition(&key, &item.object)
        };
        match known.map_or_else(|| spool.put(&item, &key, errand.now), Ok) {
            Ok(name) => ours.push(name),
            Err(error) => {
                trouble = Some(error.to_string());
                homeless.push((item, key));
            }
        }
    }
    let kept = format!("kept in {}", spool.path().display());
    if homeless.is_empty() {
        errand.stands_at(Outcome::new(Delivery::Queued, kept));
    }
    let mut fates = if ours.is_empty() {
        Vec::new()
    } else {
        follow(&ours, settings, errand, spool)
    };
    let mut note = String::new();
    if let Some(trouble) = trouble {
        let lock = spool.wait_for_turn(&[], &errand.deadline);
        fates.extend(unspooled(homeless, settings, errand));
        drop(lock);
        note = format!("; not kept: {trouble}");
    }
    let mut outcome = sum_up(&fates, errand, Some(spool));
    outcome.text.push_str(&note);
    outcome
}

/// Drains, or waits until another process has dealt with our messages.
fn follow(ours: &[Name], settings: &mut Settings, errand: &Errand, spool: &Spool) -> Vec<Fate> {
    errand.deadline.enter("waiting for the process that sends");
    let fates = match spool.wait_for_turn(ours, &errand.deadline) {
        Ok(Turn::Ours(lock)) => {
            let fates = drain(spool, settings, errand, ours);
            drop(lock);
            match fates {
                Ok(fates) => fates,
                Err(error) => return vec![Fate::Queued(error.to_string()); ours.len()],
            }
        }
        Ok(Turn::Done) => HashMap::new(),
        Ok(Turn::TooLate) => {
            return vec![Fate::Queued("another process sends".to_owned()); ours.len()];
        }
        Err(error) => return vec![Fate::Queued(error.to_string()); ours.len()],
    };
    let fate = |name: &Name| {
        fates
            .get(name)
            .cloned()
            .unwrap_or_else(|| fate_on_disk(name, spool))
    };
    ours.iter().map(fate).collect()
}

/// Where another process has put our message.
fn fate_on_disk(name: &Name, spool: &Spool) -> Fate {
    if spool.is_waiting(name) {
        return Fate::Queued("waits".to_owned());
    }
    match spool.read_failed(name) {
        Ok(item) => Fate::Rejected(
            item.failure
                .unwrap_or_else(|| "see failed/ in the spool".to_owned()),
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Fate::Delivered,
        Err(_) => Fate::Rejected("see failed/ in the spool".to_owned()),
    }
}

fn drain(
    spool: &Spool,
    settings: &mut Settings,
    errand: &Errand,
    urgent: &[Name],
) -> Result<HashMap<Name, Fate>, SpoolError> {
    let memory = Memory::recall(spool);
    let Settings {
        route,
        keyring,
        limits,
        ..
    } = settings;
    Drainer::new(
        route,
        keyring,
        memory,
        &errand.deadline,
        errand.now,
        *limits,
    )
    .drain(spool, urgent)
}

fn send_unspooled(
    items: Vec<(Item, String)>,
    settings: &mut Settings,
    errand: &Errand,
    lost: &str,
) -> Outcome {
    errand.stands_at(Outcome::new(Delivery::Queued, lost));
    let fates = unspooled(items, settings, errand);
    let mut outcome = sum_up(&fates, errand, None);
    if matches!(outcome.delivery, Delivery::Queued | Delivery::Misconfigured) {
        outcome.text = format!("{}; {lost}", outcome.text);
    }
    outcome
}

fn unspooled(items: Vec<(Item, String)>, settings: &mut Settings, errand: &Errand) -> Vec<Fate> {
    let Settings {
        route,
        keyring,
        limits,
        ..
    } = settings;
    let mut drainer = Drainer::new(
        route,
        keyring,
        Memory::default(),
        &errand.deadline,
        errand.now,
        *limits,
    );
    items
        .into_iter()
        .map(|(mut item, _)| drainer.send_unspooled(&mut item))
        .collect()
}

/// The worst fate first, and how many wait.
fn sum_up(fates: &[Fate], errand: &Errand, spool: Option<&Spool>) -> Outcome {
    let kept = |reason: &str| match spool {
        Some(spool) => format!(
            "{}; the alert is kept in {}",
            cut(reason, REASON_CHARS),
            spool.path().display()
        ),
        None => reason.to_owned(),
    };
    let (delivery, text) = fates
        .iter()
        .map(|fate| match fate {
            Fate::Delivered => (Delivery::Accepted, String::new()),
            Fate::Queued(reason) => (Delivery::Queued, reason.clone()),
            Fate::Kept(reason) => (Delivery::Misconfigured, kept(reason)),
            Fate::Rejected(reason) => (Delivery::Rejected, reason.clone()),
        })
        .max_by_key(|(delivery, _)| *delivery)
        .unwrap_or((Delivery::Accepted, String::new()));
    let sent = fates
        .iter()
        .filter(|fate| **fate == Fate::Delivered)
        .count();
    let mut text = match (delivery, sent) {
        (Delivery::Accepted, 1) => "sent".to_owned(),
        (Delivery::Accepted, sent) => format!("{sent} sent"),
        (_, 0) => text,
        (_, sent) => format!("{text}; {sent} sent"),
    };
    if let Some(waiting) = spool.and_then(|spool| waiting(spool, errand)) {
        text = format!("{text}; {waiting}");
    }
    Outcome::new(delivery, text)
}

fn waiting(spool: &Spool, errand: &Errand) -> Option<String> {
    let names = spool.waiting().ok()?;
    let oldest = names.first()?;
    let age = unix_seconds(errand.now).saturating_sub(oldest.seconds());
    Some(format!("{} waiting, oldest {age} s", names.len()))
}

fn show(message: &Message, settings: &Settings) -> Outcome {
    let names: Vec<String> = settings
        .addresses
        .iter()
        .map(crate::pushover::item::Address::name)
        .collect();
    let mut text = format!("dry run for {}", names.join(", "));
    if let Some(tag) = &message.cancel {
        text = format!("{text}; cancel {tag}");
    }
    for (key, value) in &message.fields {
        text = format!("{text}; {key}: {}", value.replace('\n', " / "));
    }
    let mut outcome = Outcome::new(Delivery::Accepted, text);
    outcome.details.extend(
        message
            .fields
            .iter()
            .map(|(key, value)| format!("{key} = {value}")),
    );
    outcome.details.extend(message.warnings.clone());
    outcome
}
