//! One run's way to the API: its one connection, the silence after a failure, and what was learnt from the answers.

use std::time::{Duration, SystemTime};

use super::super::client::{Api, Route, RouteError};
use super::super::keys::Keyring;
use super::super::memory::Memory;
use super::super::not_accepted::Failure;
use super::super::response::Response;
use super::super::spool::Spool;
use super::fate::Wait;
use crate::clock::unix_seconds;
use crate::deadline::Deadline;

/// Silence after a failed request, which Pushover asks for (<https://pushover.net/api#friendly>).
pub(crate) const SILENCE: Duration = Duration::from_secs(5);
/// No wish of a server keeps a message longer than this.
pub(crate) const LONGEST_WISH: Duration = Duration::from_secs(300);
/// Failed requests per run. A second try saves an alert from a dropped connection; a third would wait for ten seconds
/// of the twenty that a core leaves us, and the timer comes anyway.
const TRIES: u32 = 2;

/// One run's way to the API.
pub(super) struct Transport<'a> {
    route: &'a Route,
    pub(super) keyring: &'a mut Keyring,
    pub(super) memory: Memory,
    deadline: &'a Deadline,
    /// When to have done, since the start; what is under way keeps its time.
    end: Duration,
    started: SystemTime,
    api: Option<Api>,
    failures: u32,
    /// The longest time Pushover took to accept something in this run.
    slowest: Duration,
}

impl<'a> Transport<'a> {
    /// No connection is made yet. `started` is the wall clock when `deadline` began.
    pub(super) fn new(
        route: &'a Route,
        keyring: &'a mut Keyring,
        memory: Memory,
        deadline: &'a Deadline,
        started: SystemTime,
    ) -> Self {
        let (api, failures, slowest) = (None, 0, Duration::ZERO);
        let end = Duration::MAX;
        Self { route, keyring, memory, deadline, end, started, api, failures, slowest }
    }

    /// Begins nothing new after this time.
    pub(super) fn leave_after(&mut self, time: Duration) {
        self.end = self.end.min(self.deadline.elapsed() + time);
    }

    fn remaining(&self) -> Duration {
        self.deadline.remaining().min(self.end.saturating_sub(self.deadline.elapsed()))
    }

    /// Leaves what was learnt to later runs. The caller holds the lock of `spool`.
    pub(super) fn keep_memory(&mut self, spool: &Spool) {
        self.memory.keep(spool, self.seconds());
    }

    /// Ends the connection.
    pub(super) fn close(self) {
        if let Some(api) = self.api {
            api.close();
        }
    }

    pub(super) fn has_time(&self) -> bool {
        !(self.deadline.has_passed() || self.remaining().is_zero())
    }

    /// What stands against any request now.
    pub(super) fn objection(&self) -> Option<Wait> {
        // Cut off in the middle it might arrive, and would be sent again.
        if self.remaining() < self.slowest {
            return Some(Wait::Time);
        }
        (self.failures >= TRIES).then(|| self.last_failure())
    }

    /// Waits until Pushover may be asked again.
    pub(super) fn wait_for_silence(&self) -> Result<(), Wait> {
        loop {
            let left = self.silence_left();
            if left.is_zero() {
                return Ok(());
            }
            if left >= self.remaining() {
                return Err(self.last_failure());
            }
            self.deadline.enter("waiting for a second try");
            // Pushover wants to be left alone; there is nothing to wait for but the clock.
            std::thread::park_timeout(left);
        }
    }

    /// Whether another try in this run has a chance.
    pub(super) fn may_retry(&self) -> bool {
        self.failures < TRIES && self.silence_left() < self.remaining()
    }

    /// Makes a request, and learns how long Pushover takes at present.
    pub(super) fn ask(
        &mut self,
        stage: &'static str,
        request: impl FnOnce(&Api, Duration) -> Response,
    ) -> Result<Response, RouteError> {
        let deadline = self.deadline;
        let api = match &mut self.api {
            Some(api) => api,
            none => {
                deadline.enter("setting up TLS");
                none.insert(Api::new(self.route)?)
            }
        };
        deadline.enter(stage);
        let begun = deadline.elapsed();
        let response = request(api, deadline.remaining());
        if response.result.is_ok() {
            let taken = deadline.elapsed().saturating_sub(begun);
            self.slowest = self.slowest.max(taken);
        }
        Ok(response)
    }

    /// Nobody asks for a while after a failure. Returns for how many milliseconds.
    pub(super) fn note_failure(&mut self, failure: Failure, wish: Option<Duration>) -> u64 {
        self.failures += 1;
        self.memory.last_problem = Some(failure);
        let silence = milliseconds(wish.unwrap_or_default().clamp(SILENCE, LONGEST_WISH));
        let now = self.milliseconds();
        self.memory.silence = Some((now, now.saturating_add(silence)));
        silence
    }

    pub(super) fn seconds(&self) -> u64 {
        unix_seconds(self.now())
    }

    pub(super) fn milliseconds(&self) -> u64 {
        milliseconds(self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    fn now(&self) -> SystemTime {
        self.started + self.deadline.elapsed()
    }

    fn silence_left(&self) -> Duration {
        Duration::from_millis(self.memory.silence_left(self.milliseconds()))
    }

    fn last_failure(&self) -> Wait {
        Wait::Silence(self.memory.last_problem.clone())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
