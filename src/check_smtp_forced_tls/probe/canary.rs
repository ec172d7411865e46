//! Canary mails: what became of the last ones, whether anybody waits for them, and the next one.

use super::hand_over::{HandedOver, Submission};
use crate::canary::{CheckState, Followed, HalfError, Token};
use crate::check_smtp_forced_tls::facts::{
    Course, HandOver, Progress, SinkSeen, course, is_due, is_overdue,
};
use crate::check_smtp_forced_tls::target::{CanaryTarget, Target};
use crate::clock;
use crate::deadline::Deadline;
use crate::program::{Gathered, Run};
use crate::smtp::{Command, Session, Stage};
use crate::smtp_client::{Dialer, NoSession};

/// What the mail exchanger says in its greeting (`src/smtp_canary/talk.rs`).
const PRODUCT: &str = "smtp_canary";

/// Looks, and hands the next mail over if none is open.
pub(super) fn look(target: &CanaryTarget, whole: &Target, run: &Run, progress: &Progress) {
    let now = clock::unix_seconds(run.now);
    let look = Look { target, whole, run, progress, now };
    if let Err(error) = look.look() {
        look.note(|facts| facts.mails = Err(error));
    }
    if run.deadline.has_passed() {
        progress.note(|facts| facts.cut_short(run.out_of_time()));
    }
}

struct Look<'a> {
    target: &'a CanaryTarget,
    whole: &'a Target,
    run: &'a Run,
    progress: &'a Progress,
    now: u64,
}

impl Look<'_> {
    fn look(&self) -> Result<(), HalfError> {
        self.note(|facts| facts.looked_at = self.now);
        self.run.deadline.enter("reading the state of canary mails");
        let state = CheckState::open(&self.target.state)?;
        let turn = state.lock()?;
        let sink = self.sink(&self.run.deadline);
        self.note(|facts| facts.sink = Some(sink.clone()));
        if turn.is_some() {
            state.tidy(self.now);
        }
        let mut mails = state.mails()?;
        if turn.is_some() && matches!(sink, SinkSeen::Nobody(_)) {
            self.stop_the_clock(&state, &mut mails)?;
        }
        let is_due = is_due(&mails, self.now, self.target.age.as_secs());
        self.note(|facts| facts.mails = Ok(mails));
        if !is_due || sink != SinkSeen::Listens {
            return Ok(());
        }
        let handed_over = if turn.is_some() { self.next(&state) } else { HandOver::OtherRun };
        self.note(|facts| facts.handed_over = Some(handed_over));
        Ok(())
    }

    fn note(&self, note: impl FnOnce(&mut crate::check_smtp_forced_tls::facts::CanaryFacts)) {
        self.progress.note(|facts| {
            if let Some(canary) = &mut facts.canary {
                note(canary);
            }
        });
    }

    /// A mail that is open while nobody waits for it cannot come.
    fn stop_the_clock(&self, state: &CheckState, mails: &mut [Followed]) -> Result<(), HalfError> {
        let Some(newest) = mails.first_mut() else {
            return Ok(());
        };
        let is_open = matches!(course(newest), Course::Open)
            && !is_overdue(newest, self.now, self.target.age.as_secs());
        if let (true, Ok(canary)) = (is_open, &mut newest.canary) {
            canary.no_sink = Some(self.now);
            state.note(&newest.token, canary)?;
        }
        Ok(())
    }

    /// Whether our mail exchanger listens. It is asked nothing, so that it notes nothing.
    fn sink(&self, deadline: &Deadline) -> SinkSeen {
        let (host, port) = &self.target.sink;
        let caller = self.whole.caller.without_proxy();
        let dialer = Dialer::new(host, *port, &caller, deadline);
        let connected = dialer.addresses().and_then(|addresses| dialer.connect(&addresses));
        let mut connection = match connected {
            Ok(connected) => connected.connection,
            Err(NoSession::Unreached(unreached)) => return SinkSeen::Nobody(unreached),
            Err(error) => return SinkSeen::Unresolved(error),
        };
        deadline.enter(format!("waiting for smtp_canary at {host}:{port}"));
        connection.allow(dialer.patience.smtp);
        let mut session = Session::over(connection);
        // Said before the greeting: where TLS begins at once, only who talks in the clear is greeted soon.
        let _ = session.send("QUIT");
        match session.reply(Stage::Greeting) {
            Ok(greeting) if greeting.text().contains(PRODUCT) => {
                // Its farewell, so that it is not cut off.
                let _ = session.reply(Stage::Command(Command::Quit));
                SinkSeen::Listens
            }
            Ok(greeting) if greeting.code == 421 => SinkSeen::OutOfOrder(greeting),
            Ok(greeting) => SinkSeen::Other(greeting),
            Err(error) => SinkSeen::NoAnswer(error),
        }
    }

    /// Hands the next mail over. It is noted before, so that it is expected when it comes; one that was surely not taken
    /// is forgotten.
    fn next(&self, state: &CheckState) -> HandOver {
        let Some(token) = Token::new(self.now) else {
            return HandOver::NoToken;
        };
        let mut canary = crate::canary::Canary { verify: self.target.verify, ..Default::default() };
        if let Err(error) = state.note(&token, &canary) {
            return HandOver::NotNoted(error);
        }
        let submission = Submission {
            target: self.target,
            caller: &self.whole.caller,
            ca_file: self.whole.ca_file.as_deref(),
            run: self.run,
            token: &token,
        };
        match submission.hand_over() {
            HandedOver::Yes(reply) => {
                canary.accepted = Some(reply.text());
                match state.note(&token, &canary) {
                    Ok(()) => HandOver::Accepted(reply),
                    Err(error) => HandOver::NotNoted(error),
                }
            }
            HandedOver::No(why) => {
                // Should it stay, it is given up later all the same.
                let _ = state.forget(&token);
                why
            }
            HandedOver::Perhaps(why) => why,
        }
    }
}
