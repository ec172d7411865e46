//! Event -> Message, within Pushover's limits and readable on a lock screen. Pure.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::event::{Event, NotificationType, ObjectState, prefix_and_text};
use super::image::ImageError;
use super::lines;
use super::rules::{PriorityMap, SoundMap, StateList, TtlMap};
use super::template::Template;
use crate::monitoring::duration::human;
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Gist;
use crate::pushover::lines::that_fit;
use crate::pushover::loudness::Priority;
use crate::pushover::text::{MESSAGE_CHARS, TITLE_CHARS, URL_CHARS, URL_TITLE_CHARS, clean, cut};

/// Characters of one message among others.
const LINE_CHARS: usize = 100;
/// Pushover rings this often at most, whatever `expire` says.
const RINGS: u32 = 50;
/// Notes on what needs no action leave the phone after a day, and no event is farther ahead.
const DAY_SECONDS: u64 = 86_400;
/// Other problems of a host that a recovery names.
const OPEN_SHOWN: usize = 4;

/// What the command line and the configuration decide about messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// The message as it is.
    pub(super) message: String,
    /// The title as it is.
    pub(super) title: String,
    /// How the title is made; empty for the usual one.
    pub(super) title_format: Template,
    /// How the message is made; empty for the usual one.
    pub(super) message_format: Template,
    /// Priorities.
    pub(super) priority: PriorityMap,
    /// Sounds.
    pub(super) sound: SoundMap,
    /// Times on the phone.
    pub(super) ttl: TtlMap,
    /// Problems that ring.
    pub(super) emergency: StateList,
    /// Seconds between rings.
    pub(super) retry: u32,
    /// Seconds until it gives up.
    pub(super) expire: u32,
    /// Symbols in the title.
    pub(super) emoji: bool,
    /// The monitoring instance.
    pub(super) instance: String,
    /// Base of links to Icinga Web.
    pub(super) web: String,
    /// Link.
    pub(super) url: String,
    /// Text of the link.
    pub(super) url_title: String,
    /// Devices.
    pub(super) device: String,
}

/// A message that is ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// Form fields as Pushover names them, none of them empty.
    pub(super) fields: Vec<(String, String)>,
    /// Stop the repeats of this tag first.
    pub(super) cancel: Option<String>,
    /// What somebody who runs it by hand should know.
    pub(super) remarks: Vec<Remark>,
}

/// What a message lacks of what was asked for.
#[derive(Debug)]
pub(super) enum Remark {
    /// A link that Pushover would refuse.
    LinkLeftOut {
        /// Characters that a link may have.
        limit: usize,
    },
    /// The emergency does not ring until it expires.
    RingsEndEarly {
        /// How often it rings.
        rings: u32,
        /// When that is over.
        seconds: u32,
        /// When it should have been.
        expire: u32,
    },
    /// An image that cannot be sent.
    ImageLeftOut { path: PathBuf, error: ImageError },
}

impl Message {
    /// How loud it is.
    #[must_use]
    pub(super) fn priority(&self) -> Priority {
        let field = self.fields.iter().find(|(key, _)| key == "priority");
        Priority(field.and_then(|(_, value)| value.parse().ok()).unwrap_or(0))
    }
}

/// The tag of an object's emergency messages: the same on every node with the same instance name.
#[must_use]
pub(super) fn tag(instance: &str, event: &Event) -> String {
    format!("ni-{}", fingerprint(&[instance, &event.host, &event.service], 16))
}

/// What an event says, in parts; nothing when it is about no host or service.
#[must_use]
pub(super) fn about(event: &Event) -> Option<Gist> {
    let is_object = !(event.host_shown.is_empty() && event.service_shown.is_empty());
    let first = lines::worth_a_push(event).into_iter().next().unwrap_or_default();
    is_object.then(|| Gist {
        host: one_line(&event.host_shown),
        service: one_line(&event.service_shown),
        state: event.state.map_or("", ObjectState::as_str).to_owned(),
        ends: event.kind == NotificationType::Recovery,
        text: cut(&one_line(&first), LINE_CHARS),
    })
}

/// Composes the message for `event` that was received at `now` (Unix seconds).
#[must_use]
pub(super) fn compose(event: &Event, layout: &Layout, now: u64) -> Message {
    let mut message = Message::default();
    let priority = priority(event, layout);
    let mut put = |key: &str, value: String| {
        if !value.is_empty() {
            message.fields.push((key.to_owned(), value));
        }
    };
    put("message", cut(&body(event, layout), MESSAGE_CHARS));
    put("title", cut(&title(event, layout), TITLE_CHARS));
    put("timestamp", time(event, now).to_string());
    if priority.0 != 0 {
        put("priority", priority.0.to_string());
    }
    if priority.0 == 2 {
        put("retry", layout.retry.to_string());
        put("expire", layout.expire.to_string());
        put("tags", tag(&layout.instance, event));
    } else if let Some(seconds) = stay(event, layout) {
        put("ttl", seconds.to_string());
    }
    put("sound", layout.sound.of(event).map(|sound| sound.0.clone()).unwrap_or_default());
    // As people write a list; Pushover knows no device whose name begins with a blank.
    let clean_device = clean(&layout.device);
    let devices = clean_device.split(',').map(str::trim).filter(|device| !device.is_empty());
    put("device", devices.collect::<Vec<_>>().join(","));
    let link = link(event, layout);
    let fits = link.chars().count() <= URL_CHARS;
    if fits && !link.is_empty() {
        put("url", link);
        put("url_title", cut(&clean(&layout.url_title), URL_TITLE_CHARS));
    }
    if !fits {
        message.remarks.push(Remark::LinkLeftOut { limit: URL_CHARS });
    }
    if priority.0 == 2 && layout.expire > layout.retry.saturating_mul(RINGS) {
        let seconds = layout.retry.saturating_mul(RINGS);
        let remark = Remark::RingsEndEarly { rings: RINGS, seconds, expire: layout.expire };
        message.remarks.push(remark);
    }
    if event.kind.ends_alarm() && may_ring(layout) {
        message.cancel = Some(tag(&layout.instance, event));
    }
    message
}

/// When it happened, if that can be: a wrong time must not cost the message.
fn time(event: &Event, now: u64) -> u64 {
    let possible = 1..=now.saturating_add(DAY_SECONDS);
    event.time.filter(|time| possible.contains(time)).unwrap_or(now)
}

/// Whether emergencies are in use at all; without, there is nothing to cancel.
fn may_ring(layout: &Layout) -> bool {
    !layout.emergency.states.is_empty() || layout.priority.values().any(|priority| priority.0 == 2)
}

fn priority(event: &Event, layout: &Layout) -> Priority {
    let rings = |state| layout.emergency.states.contains(&state);
    if event.kind == NotificationType::Problem && event.state.is_some_and(rings) {
        return Priority(2);
    }
    let wanted = layout.priority.of(event).copied().unwrap_or_else(|| default_priority(event));
    // What ends an alarm must not start one.
    if event.kind.ends_alarm() { wanted.min(Priority(1)) } else { wanted }
}

fn default_priority(event: &Event) -> Priority {
    use ObjectState::{Critical, Down, Unreachable};
    Priority(match (&event.kind, event.state) {
        (NotificationType::Problem, Some(Critical | Down | Unreachable)) => 1,
        // No louder than its problem was.
        (NotificationType::Recovery, _) => event.past.priority.map_or(0, |told| told.0.min(0)),
        (NotificationType::Problem | NotificationType::Custom | NotificationType::Other(_), _) => 0,
        _ => -1,
    })
}

fn stay(event: &Event, layout: &Layout) -> Option<u64> {
    let wanted = layout.ttl.of(event).map(|stay| stay.0.as_secs());
    let by_default = || match event.kind {
        NotificationType::Problem
        | NotificationType::Recovery
        | NotificationType::Custom
        | NotificationType::Other(_) => None,
        _ => Some(DAY_SECONDS),
    };
    wanted.or_else(by_default).filter(|seconds| *seconds > 0)
}

fn title(event: &Event, layout: &Layout) -> String {
    if !layout.title.is_empty() {
        return one_line(&layout.title);
    }
    let (symbol, word) = headline(event);
    let symbol = if layout.emoji { symbol } else { "" };
    if !layout.title_format.is_empty() {
        let output = lines::all(event).into_iter().next().unwrap_or_default();
        return one_line(&layout.title_format.fill(event, symbol, &output));
    }
    // No core has named an object: the plugin's name stands for the service.
    let service = match event.service_shown.as_str() {
        "" if event.host.is_empty() => &plugin_name(&event.output),
        service => service,
    };
    let object = match (event.host_shown.as_str(), service) {
        (host, "") => host.to_owned(),
        ("", service) => service.to_owned(),
        (host, service) => format!("{host}: {service}"),
    };
    let parts = [symbol, &word, &one_line(&object)];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    // A plain message has the application's name as title, which Pushover adds.
    if word.is_empty() && object.is_empty() { String::new() } else { parts.join(" ") }
}

fn headline(event: &Event) -> (&'static str, String) {
    use ObjectState::{Critical, Down, Ok, Unknown, Unreachable, Up, Warning};
    let state = event.state.map_or("", ObjectState::as_str).to_owned();
    let symbol = match event.state {
        Some(Critical | Down | Unreachable) => "🔴",
        Some(Warning) => "🟡",
        Some(Unknown) => "🟣",
        Some(Ok | Up) => "🟢",
        None => "",
    };
    match &event.kind {
        NotificationType::Problem | NotificationType::Recovery => (symbol, state),
        NotificationType::Acknowledgement => ("✔", "ACK".to_owned()),
        NotificationType::DowntimeStart => ("🔧", "DOWNTIME".to_owned()),
        NotificationType::DowntimeEnd => ("🔧", "DOWNTIME END".to_owned()),
        NotificationType::FlappingStart => {
            ("〰", format!("FLAPPING {state}").trim_end().to_owned())
        }
        NotificationType::FlappingEnd => {
            ("〰", format!("FLAPPING END {state}").trim_end().to_owned())
        }
        NotificationType::Custom => ("💬", state),
        NotificationType::Other(_) if event.state.is_some() => (symbol, state),
        NotificationType::Other(word) => ("", one_line(word)),
    }
}

/// `AXIGEN QUEUE` of `AXIGEN QUEUE CRITICAL - 143 messages`.
fn plugin_name(output: &str) -> String {
    let line = output.lines().next().unwrap_or_default();
    let (Some(state), text) = prefix_and_text(line) else {
        return String::new();
    };
    let prefix = line.strip_suffix(text).unwrap_or_default();
    let name = prefix.split(state.as_str()).next().unwrap_or_default();
    name.trim_matches([' ', '_', '-', ':']).to_owned()
}

fn body(event: &Event, layout: &Layout) -> String {
    if !layout.message.is_empty() {
        let text = clean(&layout.message);
        return if text.trim().is_empty() {
            "(no text)".to_owned()
        } else {
            text.trim().to_owned()
        };
    }
    if !layout.message_format.is_empty() {
        let symbol = if layout.emoji { headline(event).0 } else { "" };
        let text = clean(&layout.message_format.fill(
            event,
            symbol,
            &lines::worth_a_push(event).join("\n"),
        ));
        return if text.trim().is_empty() { "(no text)".to_owned() } else { text };
    }
    let tail: Vec<String> =
        [comment(event), facts(event), still_open(event)].into_iter().flatten().collect();
    let tail = tail.join("\n");
    // The comment and the facts stay, however long the output is.
    let tail = cut(&tail, MESSAGE_CHARS / 2);
    let room = MESSAGE_CHARS - tail.chars().count() - 1;
    let head = match that_fit(lines::worth_a_push(event), room).as_str() {
        "" => "(no output)".to_owned(),
        head => cut(head, room),
    };
    if tail.is_empty() { head } else { format!("{head}\n{tail}") }
}

fn comment(event: &Event) -> Option<String> {
    let (author, comment) = (one_line(&event.author), clean(&event.comment));
    match (author.is_empty(), comment.trim().is_empty()) {
        (_, true) if event.kind == NotificationType::Problem || author.is_empty() => None,
        (_, true) => Some(author),
        (true, false) => Some(comment.trim().to_owned()),
        (false, false) => Some(format!("{author}: {}", comment.trim())),
    }
}

/// `10.0.0.5 · was WARNING · 14m`.
fn facts(event: &Event) -> Option<String> {
    let mut facts = Vec::new();
    if !event.address.is_empty() && event.address != event.host_shown {
        facts.push(one_line(&event.address));
    }
    let now = event.state.map_or("", ObjectState::as_str);
    if !event.last_state.is_empty() && !event.last_state.eq_ignore_ascii_case(now) {
        facts.push(format!("was {}", one_line(&event.last_state)));
    }
    if let Some(seconds) = event.duration.filter(|seconds| *seconds > 0) {
        facts.push(human(std::time::Duration::from_secs(seconds)));
    }
    (!facts.is_empty()).then(|| facts.join(" · "))
}

/// `still open: DOWN, smtp CRITICAL and 2 more`, the worst first.
fn still_open(event: &Event) -> Option<String> {
    use ObjectState::{Critical, Down, Unreachable, Warning};
    let rank = |state: &str| match ObjectState::parse(state) {
        Some(Down | Unreachable) => 0,
        Some(Critical) => 1,
        Some(Warning) => 2,
        _ => 3,
    };
    let mut open: Vec<&(String, String)> = event.past.open.iter().collect();
    open.sort_by_key(|(_, state)| rank(state));
    let one = |(service, state): &&(String, String)| one_line(&format!("{service} {state}"));
    let mut text = open.iter().take(OPEN_SHOWN).map(one).collect::<Vec<_>>().join(", ");
    if open.len() > OPEN_SHOWN {
        text = format!("{text} and {} more", open.len() - OPEN_SHOWN);
    }
    (!open.is_empty()).then(|| format!("still open: {text}"))
}

fn link(event: &Event, layout: &Layout) -> String {
    if !layout.url.is_empty() {
        return clean(&layout.url).replace(['\n', ' '], "");
    }
    let base = layout.web.trim_end_matches('/');
    if base.is_empty() || event.host.is_empty() {
        return String::new();
    }
    let host = percent(&event.host);
    if event.service.is_empty() {
        format!("{base}/icingadb/host?name={host}")
    } else {
        format!("{base}/icingadb/service?name={}&host.name={host}", percent(&event.service))
    }
}

/// RFC 3986, section 2.3: everything but unreserved characters is encoded.
fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
