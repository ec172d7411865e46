//! `send` and `cancel`: from the command line to messages, and what is to be said of them in the end.

use std::path::{Path, PathBuf};

use super::args::{Action, Args};
use super::deliver::{self, Outgoing};
use super::dispatch::Dispatch;
use super::event::{Event, ObjectState};
use super::explain;
use super::facts::{NoMessage, Unkept};
use super::image;
use super::input::{from_environment, from_stdin};
use super::message::{self, Message, Remark};
use super::open_problem;
use super::repetition::{self, Decision, Known, LastTold};
use super::settings;
use crate::program::{Delivery, Errand, LeftOut, Outcome, Unanswered};
use crate::pushover::access::Access;
use crate::pushover::addressee::{Addressee, is_like_a_secret};
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Item;
use crate::pushover::receipt::Alarm;
use crate::pushover::remarks::Remarks;

/// What the phone gets of a notification that tells nothing.
const WITHOUT_TEXT: &str = "a notification without text; set enable_environment_macros=1";

/// Sends one notification to every recipient, or cancels an object's emergency messages.
pub(super) fn send(args: &Args, errand: &Errand) -> Outcome {
    let mut args = args.clone();
    for text in [&mut args.message, &mut args.output] {
        if text.as_deref() == Some("-") {
            errand.deadline.enter("reading standard input");
            *text = Some(errand.input(|| from_stdin(&errand.deadline)));
        }
    }
    let access = match ready(&args, errand) {
        Ok(access) => access,
        Err(lost) => return lost,
    };
    let mut event = Event::new(&args, from_environment);
    let stray = stray_text(&args, &event, &errand.left_out);
    match (&stray, event.is_empty()) {
        (Some(_), true) => args.message.clone_from(&stray),
        (Some(text), false) => event.output.clone_from(text),
        (None, _) => {}
    }
    event.is_of_this_host(&own_name());
    let is_without_text = is_without_text(&args, &event);
    if is_without_text {
        WITHOUT_TEXT.clone_into(&mut event.output);
    }
    let limits = settings::limits(&args, &access);
    let mut dispatch = Dispatch { access, limits, errand };
    let mut told = None;
    if let Some(key) = key_of(&args, &event) {
        event.is_of_key(&key, &own_name());
        match look_back(&mut event, &key, &args, &mut dispatch) {
            Ok(tell) => told = tell.map(|told| (key, told)),
            Err(quiet) => return quiet,
        }
    }
    if let Ok(spool) = &dispatch.access.spool {
        open_problem::look_back(&mut event, &dispatch.access.addressees, spool, dispatch.now());
    }
    let message = match message_for(&args, &event, &dispatch) {
        Ok(message) => message,
        Err(why) => {
            let text = explain::no_message(why, &errand.left_out);
            return Outcome::new(Delivery::Misconfigured, text);
        }
    };
    let all = outgoing(&message, &event, &dispatch);
    if args.dry_run {
        return remark(
            &args,
            &message,
            stray.is_some(),
            show(&message, &dispatch.access),
            &dispatch,
        )
        .0;
    }
    let outcome = deliver_all(&args, all, (&event, &message), &mut dispatch);
    let is_told = !(args.no_spool || outcome.delivery == Delivery::Lost);
    if let (Some((key, told)), Ok(spool), true) = (told, &dispatch.access.spool, is_told) {
        told.keep(spool, &key);
    }
    let (outcome, texts) = remark(&args, &message, stray.is_some(), outcome, &dispatch);
    if let Ok(spool) = &dispatch.access.spool {
        if is_without_text || !texts.is_empty() {
            Remarks { at: dispatch.now(), texts, is_without_text }.keep(spool);
        } else {
            Remarks::forget(spool, outcome.delivery == Delivery::Accepted);
        }
    }
    outcome
}

/// Configuration and spool, as far as they answer. Before each is opened, which may hang, it is settled where a loss is
/// noted.
fn ready(args: &Args, errand: &Errand) -> Result<Access, Outcome> {
    let unanswered = if args.dry_run { None } else { errand.unanswered(&args.access.place()) };
    if let Some(Unanswered::Everything(hanging)) = unanswered {
        return Err(Outcome::new(Delivery::Lost, format!("nothing was sent or kept; {hanging}")));
    }
    let mut access = args.access.gather();
    if !args.dry_run {
        errand.losses_go_to(&access.spool_dir);
    }
    match unanswered {
        Some(Unanswered::Spool(earlier)) => {
            access.leave_spool_alone(earlier.map(|hanging| format!(": {hanging}")));
        }
        _ if args.no_spool || args.dry_run => access.open_spool(),
        _ => access.enter_spool(),
    }
    Ok(access)
}

/// Keeps and sends them. What is told of a problem is remembered for its recovery.
fn deliver_all(
    args: &Args,
    all: Vec<Outgoing>,
    (event, message): (&Event, &Message),
    dispatch: &mut Dispatch<'_>,
) -> Outcome {
    if args.no_spool {
        return deliver::unspooled(all, dispatch, &Unkept::NotWanted);
    }
    match dispatch.access.spool_to_keep() {
        Ok(spool) => {
            let whom = &dispatch.access.addressees;
            open_problem::note(event, message.priority(), whom, &spool, dispatch.now());
            deliver::spooled(all, dispatch, &spool)
        }
        Err(error) => deliver::unspooled(all, dispatch, &Unkept::Spool(error)),
    }
}

/// What the message lacks, behind what became of it.
fn remark(
    args: &Args,
    message: &Message,
    told: bool,
    mut outcome: Outcome,
    dispatch: &Dispatch<'_>,
) -> (Outcome, Vec<String>) {
    let rules = settings::mistakes(args, &dispatch.access);
    let mut remarks = explain::ignored(&rules, &dispatch.errand.left_out, told);
    for remark in &remarks {
        outcome.text = format!("{}; {remark}", outcome.text);
    }
    remarks.extend(message.remarks.iter().map(explain::remark));
    outcome.details.extend(remarks.iter().cloned());
    (outcome, remarks)
}

/// Whether it is the notification of a core that tells nothing: Nagios hands the text over in the environment, unless
/// `enable_environment_macros` is off.
fn is_without_text(args: &Args, event: &Event) -> bool {
    let texts = [
        &args.host_address,
        &args.host_state,
        &args.service_state,
        &args.author,
        &args.timestamp,
        &args.last_state,
        &args.duration,
        &args.notification_number,
        &args.icingaweb_url,
    ];
    let is_notification = args.priority.is_some()
        || args.emergency.is_some()
        || args.access.recipient.iter().any(|name| !name.is_empty())
        || texts.into_iter().flatten().any(|text| !text.is_empty());
    args.action == Action::Send
        && event.is_empty()
        && args.message.is_none()
        && args.output.is_none()
        && is_notification
}

/// The key under which something is told. An empty text is one: a check that was not run says nothing.
fn key_of(args: &Args, event: &Event) -> Option<String> {
    let is_text = args.output.is_some() || args.message.is_some() || !event.output.is_empty();
    let key = args.key.clone().filter(|key| !key.is_empty());
    key.filter(|_| is_text && args.action == Action::Send)
}

/// Whether the state of a key is to be told, and what is to be remembered then; or what to say when it is not. Without a
/// spool nothing is known, and all that is not well is told.
fn look_back(
    event: &mut Event,
    key: &str,
    args: &Args,
    dispatch: &mut Dispatch<'_>,
) -> Result<Option<LastTold>, Outcome> {
    let spool = match (args.no_spool, args.dry_run) {
        (true, _) => None,
        (false, true) => dispatch.access.spool.clone().ok(),
        (false, false) => dispatch.access.spool_to_keep().ok(),
    };
    let known = spool.map_or(Known::Nothing, |spool| Known::recall(&spool, key));
    let state = event.state.unwrap_or(ObjectState::Unknown);
    match repetition::decide(&known, state, dispatch.now(), args.repeat) {
        Decision::Tell { kind, before, seconds, told } => {
            event.kind = kind;
            event.last_state = before;
            event.duration = seconds;
            Ok(Some(told))
        }
        quiet => Err(Outcome::new(Delivery::Accepted, explain::quiet(key, &quiet))),
    }
}

/// The name of this host as people say it: without its domain, which is the same for all of them.
fn own_name() -> String {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
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
    let mut layout = settings::layout(args, dispatch.access.config.as_ref().ok());
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
    // What is sent by hand is about nothing, and so in nobody's order.
    let is_object = !(event.host.is_empty() && event.service.is_empty());
    let object = is_object.then(|| fingerprint(&[&event.host, &event.service], 16));
    let object = object.unwrap_or_default();
    let about = message::about(event);
    let alarm = alarm_of(message, event, dispatch);
    let one = |addressee: &Addressee| {
        let item = Item {
            addressee: addressee.clone(),
            cancel: message.cancel.clone(),
            fields: message.fields.clone(),
            object: object.clone(),
            created: dispatch.now(),
            attempts: 0,
            next_try: 0,
            given_up: false,
            failure: None,
            about: about.clone(),
            alarm: alarm.clone(),
        };
        let key = item.repetition_key(&event.host, &event.number).unwrap_or_default();
        Outgoing { item, key }
    };
    dispatch.access.addressees.iter().map(one).collect()
}

/// What an emergency rings for, where a core is to be told of its acknowledgement.
fn alarm_of(message: &Message, event: &Event, dispatch: &Dispatch<'_>) -> Option<Alarm> {
    let config = dispatch.access.config.as_ref().ok()?;
    config.acknowledge.as_ref()?.access().ok()?;
    let rings = message.priority().0 == 2;
    let now = dispatch.now();
    (rings && !event.host.is_empty()).then(|| Alarm {
        host: event.host.clone(),
        service: event.service.clone(),
        // No core tells of what is to come.
        at: event.time.map_or(now, |time| time.min(now)),
    })
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
