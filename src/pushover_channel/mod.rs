//! `pushover_channel`: the channel of Icinga Notifications that leads to Pushover.
//!
//! Its daemon never repeats what failed, and waits for each answer. So a notification is on disk before it is answered, and
//! a second thread sends it: spool, answer, drain.

mod args;
mod courier;
mod explain;
mod frames;
mod message;
mod notification;
mod protocol;
mod settings;
mod severity;
mod token;
mod voice;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

pub use args::Args;

use crate::clock::unix_seconds;
use crate::deadline::Deadline;
use crate::program::{Requests, answer};
use crate::pushover::access::{Access, AccessOptions};
use crate::pushover::addressee::{Addressee, Source, looks_like_key};
use crate::pushover::drain::{Drainer, Fate, Limits};
use crate::pushover::fingerprint::fingerprint;
use crate::pushover::item::Item;
use crate::pushover::losses;
use crate::pushover::memory::Memory;
use crate::pushover::spool::{Spool, SpoolError};
use crate::secret::Secret;
use courier::Courier;
use frames::{Frame, Frames};
use message::Composed;
use notification::Notification;
use protocol::{Level, Objection, ObjectionKind, Request};
use settings::WebForm;
use token::{Opinion, TOKEN_FILE};
use voice::Voice;

/// How the files of keys begin that came by the protocol. Whoever sends what waits needs them after a restart.
const USER_FILE: &str = ".user-";
/// Time to send a message that cannot be put on disk. The daemon waits meanwhile.
const UNKEPT_TIME: Duration = Duration::from_secs(15);
/// Characters of an address in the web form.
const ADDRESS_CHARS: usize = 255;

/// Answers the daemon until it closes our input or ends us.
pub fn run(args: &Args, mut requests: Requests, clock: fn() -> SystemTime) {
    let voice = Voice::default();
    let config = std::path::absolute(&args.config).unwrap_or_else(|_| args.config.clone());
    let options = AccessOptions::of(&config, Path::new(args::SPOOL_DIR));
    let courier = Courier::start(options.clone(), clock, voice.clone());
    let mut channel =
        Channel { config, options, clock, voice, courier: None, kind: own_name(), settings: None };
    match courier {
        Ok(courier) => channel.courier = Some(courier),
        Err(error) => {
            channel.voice.log(
                Level::Error,
                &format!("only the timer sends, since no thread could be started: {error}"),
            );
        }
    }
    let mut frames = Frames::default();
    while let Some(bytes) = requests.read() {
        frames.add(bytes);
        while let Some(frame) = frames.next() {
            channel.hear(frame);
        }
    }
    while let Some(frame) = frames.end() {
        channel.hear(frame);
    }
    if let Some(courier) = channel.courier {
        courier.stop();
    }
}

/// The name of our file, which the daemon takes for the type of the channel and of its addresses.
fn own_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// One channel of the daemon.
struct Channel {
    config: PathBuf,
    options: AccessOptions,
    clock: fn() -> SystemTime,
    voice: Voice,
    courier: Option<Courier>,
    kind: String,
    /// From the last `SetConfig` that was accepted.
    settings: Option<WebForm>,
}

impl Channel {
    fn hear(&mut self, frame: Frame) {
        let value = match frame {
            Frame::Whole(value) => value,
            Frame::Damaged { cause, is_jsonrpc } => {
                let form = if is_jsonrpc { protocol::Form::JsonRpc } else { self.voice.form() };
                let refusal = Err(Objection::new(ObjectionKind::Parse, cause));
                return answer(&protocol::answer(form, &protocol::nobody(form), &refusal));
            }
        };
        match protocol::read(value) {
            Ok(request) => self.answer(request),
            Err(protocol::NoRequest { form, id, refusal: Some(refusal) }) => {
                answer(&protocol::answer(form, &id, &Err(refusal)));
            }
            Err(protocol::NoRequest { refusal: None, .. }) => {}
        }
    }

    fn answer(&mut self, Request { form, id, method, params }: Request) {
        self.voice.hear(form);
        let result = match method.as_str() {
            "GetInfo" => Ok(settings::info()),
            "SetConfig" => self.configure(&params).map(|()| Value::Null),
            "SendNotification" => self.send(&params).map(|()| Value::Null),
            _ => Err(Objection::new(ObjectionKind::Method, "unknown method")),
        };
        match (id, result) {
            (Some(id), result) => answer(&protocol::answer(form, &id, &result)),
            (None, Err(refusal)) => self.voice.log(Level::Error, &refusal.message),
            (None, Ok(_)) => {}
        }
    }

    /// `SetConfig`. What is refused leaves the old settings as they are.
    fn configure(&mut self, params: &Value) -> Result<(), Objection> {
        let (settings, remarks) = WebForm::read(params)?;
        let mut unproven = None;
        if let Some(token) = &settings.token {
            match token::introduce(token, &self.options, (self.clock)(), &self.voice) {
                Opinion::Refused(why) => {
                    let message = format!("Pushover refuses the token: {why}");
                    return Err(Objection::new(ObjectionKind::Params, message));
                }
                Opinion::NotKnown => unproven = Some(token),
                Opinion::Good | Opinion::NoWay(_) | Opinion::NoSpool(_) => {}
            }
        }
        if let Some(courier) = &self.courier {
            courier.prove_later(unproven);
        }
        for remark in remarks {
            self.voice.log(Level::Warn, &remark);
        }
        self.settings = Some(settings);
        Ok(())
    }

    /// `SendNotification`: on disk, then answered. Whatever is wrong with the recipient, the alert is kept.
    fn send(&self, params: &Value) -> Result<(), Objection> {
        let notification = Notification::read(params, &self.kind).ok_or_else(|| {
            Objection::new(ObjectionKind::Params, "SendNotification needs an object of parameters")
        })?;
        let mut access = self.options.enter();
        let instance = access.config.as_ref().ok().and_then(|config| config.instance.clone());
        let settings = self.settings.clone().unwrap_or_default();
        let composed = message::compose(
            &notification,
            &settings,
            &instance.unwrap_or_default(),
            unix_seconds((self.clock)()),
        );
        // Who has no address here is the configuration's default recipient, if there is one.
        let nobody = [String::new()];
        let addresses = match notification.addresses.as_slice() {
            [] => &nobody,
            addresses => addresses,
        };
        let mut problems = Vec::new();
        for address in addresses {
            let letter = Letter { notification: &notification, composed: &composed, address };
            problems.extend(self.deliver(&letter, settings.token.as_ref(), &mut access));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let whom: String = notification.contact.chars().take(60).collect();
        Err(Objection::new(ObjectionKind::Internal, format!("{whom}: {}", problems.join("; "))))
    }

    /// What the daemon is to know of one message, if it is not on its way.
    fn deliver(
        &self,
        letter: &Letter<'_>,
        token: Option<&Secret>,
        access: &mut Access,
    ) -> Option<String> {
        let kept = access.spool_to_keep().and_then(|spool| self.keep(letter, token, &spool));
        match kept {
            Ok(addressee) => {
                let lacking = access.keyring.find(&addressee).err()?;
                Some(format!("kept, not sent: {lacking}"))
            }
            Err(error) => {
                self.voice.say(&explain::no_spool(&error));
                self.send_unkept(letter, token, access)
            }
        }
    }

    fn keep(
        &self,
        letter: &Letter<'_>,
        token: Option<&Secret>,
        spool: &Spool,
    ) -> Result<Addressee, SpoolError> {
        let file =
            |start: &str, secret: &Secret| spool.keep_secret(&file_of(start, secret), secret);
        let addressee = self.addressee(letter.address, token, file)?;
        let now = (self.clock)();
        let name = spool.put(&letter.item(&addressee, unix_seconds(now)), "", now)?;
        if let Some(courier) = &self.courier {
            courier.ring(name);
        }
        Ok(addressee)
    }

    /// Sends what cannot be put on disk, while the daemon waits.
    fn send_unkept(
        &self,
        letter: &Letter<'_>,
        token: Option<&Secret>,
        access: &mut Access,
    ) -> Option<String> {
        let keyring = &mut access.keyring;
        let file = |start: &str, secret: &Secret| {
            let path = PathBuf::from(file_of(start, secret));
            keyring.know_file(&path, secret);
            Ok::<_, std::convert::Infallible>(path)
        };
        let Ok(addressee) = self.addressee(letter.address, token, file);
        let now = (self.clock)();
        let mut item = letter.item(&addressee, unix_seconds(now));
        let deadline = Deadline::after(UNKEPT_TIME);
        let memory = access.spool.as_ref().map(Memory::recall).unwrap_or_default();
        let (route, keyring) = (&access.route, &mut access.keyring);
        let mut drainer = Drainer::new(route, keyring, memory, &deadline, now, Limits::default());
        let fate = drainer.send_unspooled(&mut item);
        drainer.close();
        if matches!(fate, Fate::Delivered) {
            return None;
        }
        // Where nothing takes the note, the answer has said it.
        let _ = losses::note(&access.spool_dir, unix_seconds(now));
        Some(explain::fate(&fate).text)
    }

    /// Who is at an address, which is a user key or a name of the configuration. `file` tells where a secret stands that
    /// came by the protocol.
    fn addressee<E>(
        &self,
        address: &str,
        token: Option<&Secret>,
        mut file: impl FnMut(&str, &Secret) -> Result<PathBuf, E>,
    ) -> Result<Addressee, E> {
        let token = match token {
            Some(token) => Source::File(file(TOKEN_FILE, token)?),
            None => Source::Configured,
        };
        let (user, recipient) = if looks_like_key(address) {
            (Source::File(file(USER_FILE, &Secret::new(address))?), String::new())
        } else {
            (Source::Configured, address.chars().take(ADDRESS_CHARS).collect())
        };
        Ok(Addressee { config: self.config.clone(), token, user, recipient })
    }
}

/// One notification on its way to one address.
struct Letter<'a> {
    notification: &'a Notification,
    composed: &'a Composed,
    address: &'a str,
}

impl Letter<'_> {
    fn item(&self, addressee: &Addressee, now: u64) -> Item {
        Item {
            addressee: addressee.clone(),
            cancel: self.composed.cancel.clone(),
            fields: self.composed.fields.clone(),
            object: fingerprint(&[&self.notification.host, &self.notification.service], 16),
            created: now,
            attempts: 0,
            next_try: 0,
            given_up: false,
            failure: None,
            about: message::about(self.notification),
            alarm: None,
        }
    }
}

/// The name of the file in the spool in which a secret stands.
fn file_of(start: &str, secret: &Secret) -> String {
    format!("{start}{}", fingerprint(&[secret.expose()], 12))
}
