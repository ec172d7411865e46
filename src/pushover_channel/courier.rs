//! The second thread: it sends what waits in the spool, as long as the process lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::explain;
use super::protocol::Level;
use super::token::{self, Opinion};
use super::voice::Voice;
use crate::deadline::Deadline;
use crate::pushover::access::AccessOptions;
use crate::pushover::drain::{Drainer, Fate, Limits};
use crate::pushover::memory::Memory;
use crate::pushover::spool::Name;
use crate::secret::Secret;

/// Time for one drain; what is left waits for the next, which follows at once.
const DRAIN_TIME: Duration = Duration::from_secs(60);
/// How soon to look again when something waits. The drain itself keeps the pauses that Pushover wants.
const SOON: Duration = Duration::from_secs(5);
/// How soon to look when nothing waits: another process may have left something.
const LATER: Duration = Duration::from_secs(60);
/// What is under way at the end gets this long: five seconds after it asked, the daemon kills.
const LAST_WAIT: Duration = Duration::from_secs(4);

/// Sends what waits.
pub(super) struct Courier {
    bell: Option<mpsc::Sender<Name>>,
    done: Receiver<()>,
    under_way: Arc<Mutex<Option<Arc<Deadline>>>>,
    unproven: Arc<Mutex<Option<Secret>>>,
}

/// What the thread works with.
struct Round {
    options: AccessOptions,
    clock: fn() -> SystemTime,
    voice: Voice,
    under_way: Arc<Mutex<Option<Arc<Deadline>>>>,
    /// A token that Pushover could not be asked about yet.
    unproven: Arc<Mutex<Option<Secret>>>,
    /// What the log has been told and is still so.
    told: BTreeSet<String>,
}

impl Courier {
    /// Starts it.
    ///
    /// # Errors
    /// The system's error when there is no thread to have.
    pub(super) fn start(
        options: AccessOptions,
        clock: fn() -> SystemTime,
        voice: Voice,
    ) -> std::io::Result<Self> {
        let (bell, rung) = mpsc::channel();
        let (end, done) = mpsc::channel();
        let under_way = Arc::new(Mutex::new(None));
        let unproven = Arc::new(Mutex::new(None));
        let mut round = Round {
            options,
            clock,
            voice,
            under_way: under_way.clone(),
            unproven: unproven.clone(),
            told: BTreeSet::new(),
        };
        std::thread::Builder::new().name("courier".to_owned()).spawn(move || {
            round.serve(&rung);
            let _ = end.send(());
        })?;
        Ok(Self { bell: Some(bell), done, under_way, unproven })
    }

    /// Says that a message was put into the spool.
    pub(super) fn ring(&self, name: Name) {
        if let Some(bell) = &self.bell {
            let _ = bell.send(name);
        }
    }

    /// Has Pushover asked about a token as soon as it can be, or about none.
    pub(super) fn prove_later(&self, token: Option<&Secret>) {
        *self.unproven.lock().unwrap_or_else(PoisonError::into_inner) = token.cloned();
    }

    /// Lets it finish the request that is under way, if that ends in time: cut off, it might have arrived, and would be sent
    /// again.
    pub(super) fn stop(mut self) {
        self.bell = None;
        if let Some(deadline) = &*self.under_way.lock().unwrap_or_else(PoisonError::into_inner) {
            deadline.bring_forward();
        }
        let _ = self.done.recv_timeout(LAST_WAIT);
    }
}

impl Round {
    fn serve(&mut self, rung: &Receiver<Name>) {
        let mut fresh = Vec::new();
        loop {
            // What a killed process left waits since before the first ring.
            let waits = self.prove() | self.drain(&fresh);
            fresh.clear();
            match rung.recv_timeout(if waits { SOON } else { LATER }) {
                Ok(name) => fresh.push(name),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            fresh.extend(rung.try_iter());
        }
    }

    /// Asks about the token that could not be asked about before, and tells whether that is still so.
    fn prove(&self) -> bool {
        let unproven = || self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(token) = unproven().clone() else { return false };
        let opinion = token::introduce(&token, &self.options, (self.clock)(), &self.voice);
        if let Opinion::Refused(why) = &opinion {
            self.voice.log(Level::Error, &format!("Pushover refuses the token: {why}"));
        }
        if matches!(opinion, Opinion::NotKnown) {
            return true;
        }
        // Another one may have come meanwhile.
        unproven().take_if(|known| *known == token);
        false
    }

    /// Sends what is due, and tells whether something waits.
    fn drain(&mut self, fresh: &[Name]) -> bool {
        // Anew each time: somebody may have mended the configuration.
        let mut access = self.options.enter();
        // Soon again: the configuration that names it may just be written.
        let Ok(spool) = access.spool.clone() else { return true };
        // Another process that sends has them in line.
        let Ok(Some(_lock)) = spool.try_lock() else { return true };
        let deadline = Arc::new(Deadline::after(DRAIN_TIME));
        self.note(Some(deadline.clone()));
        let limits = Limits { digest: access.digest(), ..Limits::default() };
        let mut drainer = Drainer::new(
            &access.route,
            &mut access.keyring,
            Memory::recall(&spool),
            &deadline,
            (self.clock)(),
            limits,
        );
        let fates = drainer.drain(&spool, fresh);
        drainer.close();
        self.note(None);
        match fates {
            Ok(fates) => self.tell(&fates),
            Err(error) => {
                self.voice.say(&explain::no_spool(&error));
                true
            }
        }
    }

    fn note(&self, deadline: Option<Arc<Deadline>>) {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    /// Tells the log what became of the messages, once as long as it stays so.
    fn tell(&mut self, fates: &BTreeMap<Name, Fate>) -> bool {
        let mut still = BTreeSet::new();
        for fate in fates.values() {
            let words = explain::fate(fate);
            if fate.waits() {
                still.insert(words.text.clone());
            }
            if !self.told.contains(&words.text) {
                self.voice.say(&words);
            }
        }
        self.told = still;
        fates.values().any(Fate::waits)
    }
}
