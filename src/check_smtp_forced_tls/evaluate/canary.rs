//! Does mail leave encrypted, or wait? Judged by the newest canary mail whose course says something.

#[cfg(test)]
mod tests;

use crate::canary::{Followed, MOST_OF_A_MAIL, Observed, Sight, is_ahead};
use crate::check_smtp_forced_tls::explain::{long, not_handed_over, sink_words, tls, when};
use crate::check_smtp_forced_tls::facts::{
    CanaryFacts, Course, HandOver, SinkSeen, course, first, is_overdue, since,
};
use crate::check_smtp_forced_tls::policy::Policy;
use crate::monitoring::{Metric, Report, State, Unit, Value};

/// Judges what became of canary mails.
pub(super) fn judge(facts: &CanaryFacts, policy: &Policy, report: &mut Report) {
    let mails = match &facts.mails {
        Ok(mails) => mails.as_slice(),
        Err(error) => {
            report.find(State::Unknown, error.to_string());
            report.advise("make the directories of --canary-state, and let this account read seen");
            &[]
        }
    };
    let judged = mails.iter().find(|mail| says_something(mail, facts, policy));
    if let Some(mail) = judged {
        mail_of(mail, facts, policy, report);
    }
    sink(facts, report);
    handed_over(facts, report);
    if judged.is_none() && facts.mails.is_ok() {
        no_proof_yet(mails.first(), facts, report);
    }
    measure(judged, mails, facts, report);
}

/// Whether a mail's course decides: the newest of those counts.
fn says_something(mail: &Followed, facts: &CanaryFacts, policy: &Policy) -> bool {
    if is_ahead(mail.token.made(), facts.looked_at) {
        return false;
    }
    match course(mail) {
        Course::NotHandedOver => false,
        Course::Open => {
            is_overdue(mail, facts.looked_at, facts.age)
                || (policy.verify && first(mail, Sight::WrongTaken, None).is_some())
        }
        Course::InTheClear(_)
        | Course::Proven { .. }
        | Course::NotProven(_)
        | Course::Unreadable(_) => true,
    }
}

fn mail_of(mail: &Followed, facts: &CanaryFacts, policy: &Policy, report: &mut Report) {
    wrong_certificate(mail, policy, report);
    match course(mail) {
        Course::InTheClear(seen) => {
            report.find(State::Critical, format!("handed over in the clear{}", at(seen)));
            report.advise("restore the rule that forces TLS for this domain and its partners");
        }
        Course::Proven { waited, came } => {
            let how = tls(came).map_or_else(|| "TLS".to_owned(), |(version, _)| version);
            let after =
                waited.map_or_else(String::new, |waited| format!(" after {}", long(waited)));
            let text = format!("waited without TLS, came with {how}{after}");
            proven(came.at, text, facts, report);
        }
        Course::NotProven(seen) => {
            report.find(
                State::Warning,
                format!("not proven: came encrypted without having been kept before{}", at(seen)),
            );
            report.advise("wait for the next canary mail; do not delete files in --canary-state");
        }
        Course::Unreadable(error) => {
            report.find(State::Unknown, format!("cannot tell how a canary mail came: {error}"));
            report.advise("check that file; the next canary mail decides");
        }
        Course::Open if is_overdue(mail, facts.looked_at, facts.age) => {
            overdue(mail, facts, report);
        }
        Course::Open | Course::NotHandedOver => {}
    }
}

fn at(seen: &Observed) -> String {
    seen.how.as_ref().map_or_else(
        |_| String::new(),
        |how| {
            let by = how.helo.as_ref().map_or_else(|| how.from.clone(), Clone::clone);
            format!(" at {} by {by}", when(how.at))
        },
    )
}

fn wrong_certificate(mail: &Followed, policy: &Policy, report: &mut Report) {
    let Some(seen) = first(mail, Sight::WrongTaken, None) else {
        return;
    };
    if policy.verify {
        report.find(State::Critical, format!("handed over under a wrong certificate{}", at(seen)));
        report.advise("make the rule verify certificates, or leave out --verify");
    } else {
        report.explain(1, format!("handed over under a wrong certificate{}", at(seen)));
    }
}

/// A proof holds as long as a mail may take.
fn proven(came: u64, text: String, facts: &CanaryFacts, report: &mut Report) {
    if is_ahead(came, facts.looked_at) {
        report.find(State::Unknown, "the last proof is from the future: the clock was set back");
        report.advise("set the clock of this host; the next canary mail decides");
        return;
    }
    let age = facts.looked_at.saturating_sub(came);
    if age > facts.age {
        report.find(
            State::Unknown,
            format!("last proof {} ago, older than {}", long(age), long(facts.age)),
        );
        report.advise("run this check more often than --canary-age, or raise that");
    } else {
        report.find(State::Ok, text);
    }
}

/// It has not come in time.
fn overdue(mail: &Followed, facts: &CanaryFacts, report: &mut Report) {
    let waits = long(facts.looked_at.saturating_sub(since(mail)));
    let last = mail.seen.iter().filter_map(|seen| seen.how.as_ref().ok()).map(|how| how.at).max();
    let of_strangers = mail.seen.len() >= MOST_OF_A_MAIL;
    if of_strangers {
        report.find(
            State::Unknown,
            format!("too many strangers at smtp_canary: {} attempts for one mail", mail.seen.len()),
        );
        report.advise("let the firewall admit your own mail servers only to smtp_canary");
        return;
    }
    if is_refused_by_the_only_one(mail) {
        report.find(
            State::Unknown,
            format!("your server refuses the certificate of smtp_canary, mail waits for {waits}"),
        );
        report.advise("give smtp_canary a certificate that the rule accepts, see its man page");
        return;
    }
    let (text, advice) = match last {
        None => (
            format!("no attempt since {} ({waits}): rule, routing or queue", when(since(mail))),
            "look for the canary mail in the queue and the log of your server",
        ),
        Some(last) => (
            format!("no attempt since {}, mail has not come for {waits}", when(last)),
            "look for it in the queue of your server; raise --canary-age if it retries less often",
        ),
    };
    report.find(State::Critical, text);
    report.advise(advice);
}

/// Whether all that came was one server, and it kept the mail under the right certificate. With others among them nobody
/// knows whose doing that was.
fn is_refused_by_the_only_one(mail: &Followed) -> bool {
    let Some(refused) = first(mail, Sight::RightRefused, None) else {
        return false;
    };
    mail.seen.iter().all(|seen| seen.sighting.peer == refused.sighting.peer)
}

fn sink(facts: &CanaryFacts, report: &mut Report) {
    let Some(sink) = &facts.sink else {
        return;
    };
    let (text, advice) = match sink {
        SinkSeen::Listens => return,
        SinkSeen::Nobody(_) => (
            format!("smtp_canary does not listen: {}", sink_words(sink)),
            "systemctl enable --now smtp-canary.socket, or say where with --canary-host",
        ),
        SinkSeen::OutOfOrder(_) => (
            format!("smtp_canary {}", sink_words(sink)),
            "its log says why: journalctl -u 'smtp-canary@*'",
        ),
        SinkSeen::Other(_) | SinkSeen::NoAnswer(_) | SinkSeen::Unresolved(_) => (
            format!("no smtp_canary there: {}", sink_words(sink)),
            "say with --canary-host and --canary-port where smtp_canary listens",
        ),
    };
    report.find(State::Unknown, text);
    report.advise(advice);
}

fn handed_over(facts: &CanaryFacts, report: &mut Report) {
    let Some(handed_over) = &facts.handed_over else {
        return;
    };
    // Another run says what became of its mail.
    if matches!(handed_over, HandOver::OtherRun) {
        return;
    }
    if let Some(why) = not_handed_over(handed_over) {
        report.find(
            State::Unknown,
            format!("no canary mail handed over to {}:{}: {why}", facts.host, facts.port),
        );
        report.advise("let your server take mail from --sender to --canary from this host");
    }
}

fn no_proof_yet(newest: Option<&Followed>, facts: &CanaryFacts, report: &mut Report) {
    let is_told = report.state() == State::Unknown && !report.findings().is_empty();
    if is_told {
        return;
    }
    let text = match newest {
        Some(mail) if first(mail, Sight::Waited, None).is_some() => {
            "no proof yet: the canary mail waits, as it should without TLS"
        }
        Some(_) => "no proof yet: the canary mail is on its way",
        None if facts.handed_over.is_some() => "no proof yet: the first canary mail is on its way",
        None => "no proof yet",
    };
    report.find(State::Unknown, text);
    report.advise("wait for the next runs of this check");
}

/// Attempts of the server that handed the mail over, or of all that came.
fn attempts(mail: &Followed) -> u64 {
    let came = first(mail, Sight::Encrypted, None).or_else(|| first(mail, Sight::InTheClear, None));
    let counts =
        |seen: &&Observed| came.is_none_or(|came| came.sighting.peer == seen.sighting.peer);
    u64::try_from(mail.seen.iter().filter(counts).count()).unwrap_or(u64::MAX)
}

fn measure(
    judged: Option<&Followed>,
    mails: &[Followed],
    facts: &CanaryFacts,
    report: &mut Report,
) {
    let known = |value: Option<u64>| value.map_or(Value::Undetermined, Value::Uint);
    let proofs = mails.iter().filter_map(|mail| match course(mail) {
        Course::Proven { waited, came } if !is_ahead(came.at, facts.looked_at) => {
            Some((waited, facts.looked_at.saturating_sub(came.at)))
        }
        _ => None,
    });
    let (waited, age) =
        proofs.clone().next().map_or((None, None), |(waited, age)| (waited, Some(age)));
    let attempts = judged.map(attempts);
    report.measure(Metric::new("waited", known(waited), Unit::Seconds));
    report.measure(Metric::new("attempts", known(attempts), Unit::None));
    report.measure(Metric::new("age", known(age), Unit::Seconds));
}
