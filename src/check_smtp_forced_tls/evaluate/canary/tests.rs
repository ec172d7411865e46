use super::*;
use crate::canary::{Canary, Circumstances, HalfError, Peer, Sighting, TlsUsed, Token};
use crate::smtp::Reply;
use crate::smtp_client::Unreached;

/// The time of every look.
const NOW: u64 = 1_795_507_200;
/// Two hours.
const AGE: u64 = 7200;

const POLICY: Policy = Policy {
    allow_temporary: false,
    require_valid: false,
    verify: false,
    on_timeout: State::Unknown,
};

fn peer(address: &str) -> Peer {
    Peer { address: address.parse().unwrap(), helo: Some("mail.own.example".to_owned()) }
}

/// A mail made so many seconds ago, and what our own server did, so many seconds ago.
fn mail(made: u64, seen: &[(Sight, u64)]) -> Followed {
    mail_of_peers(
        made,
        &seen.iter().map(|(sight, ago)| (*sight, *ago, "192.0.2.1")).collect::<Vec<_>>(),
    )
}

fn mail_of_peers(made: u64, seen: &[(Sight, u64, &str)]) -> Followed {
    let token = Token::new(NOW - made).unwrap();
    let seen = seen
        .iter()
        .map(|(sight, ago, address)| Observed {
            sighting: Sighting::new(&token, *sight, &peer(address)),
            how: Ok(Circumstances {
                at: NOW - ago,
                from: (*address).to_owned(),
                helo: Some("mail.own.example".to_owned()),
                tls: matches!(sight, Sight::Encrypted | Sight::WrongTaken)
                    .then_some(TlsUsed { version: 0x0304, suite: 0x1301 }),
            }),
        })
        .collect();
    let canary = Canary { accepted: Some("2.0.0 queued".to_owned()), ..Canary::default() };
    Followed { token, canary: Ok(canary), seen }
}

fn facts(mails: Vec<Followed>) -> CanaryFacts {
    CanaryFacts {
        domain: "canary.example".to_owned(),
        host: "mail.own.example".to_owned(),
        port: 25,
        looked_at: NOW,
        age: AGE,
        sink: Some(SinkSeen::Listens),
        mails: Ok(mails),
        handed_over: None,
    }
}

fn report(facts: &CanaryFacts, verify: bool) -> Report {
    let mut report = Report::new();
    judge(facts, &Policy { verify, ..POLICY }, &mut report);
    report
}

#[track_caller]
fn judged(case: &str, facts: &CanaryFacts, verify: bool, state: State, headline: &str) {
    let report = report(facts, verify);
    assert!(report.headline().starts_with(headline), "{case}: {}", report.headline());
    assert_eq!(report.state(), state, "{case}: {}", report.headline());
    assert_eq!(report.next_step().is_some(), state != State::Ok, "{case}: advice");
}

/// The mail that proves it.
fn proven() -> Followed {
    mail(1800, &[(Sight::Waited, 1790), (Sight::Encrypted, 1488)])
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn the_newest_mail_that_says_something_decides() {
    use Sight::{Encrypted, InTheClear, RightRefused, Waited, WrongRefused, WrongTaken};
    let in_the_clear = "handed over in the clear at 2026-11-24 07:";
    let ok = "waited without TLS, came with TLS 1.3 after 5m 2s";
    let cases: Vec<(&str, Vec<Followed>, bool, State, &str)> = vec![
        ("proven", vec![proven()], false, State::Ok, ok),
        ("a new one is open", vec![mail(60, &[]), proven()], false, State::Ok, ok),
        ("a new one waits", vec![mail(60, &[(Waited, 50)]), proven()], false, State::Ok, ok),
        (
            "in the clear, though a later mail is open",
            vec![mail(60, &[]), mail(1800, &[(InTheClear, 1790)]), proven()],
            false,
            State::Critical,
            in_the_clear,
        ),
        (
            "in the clear after it had waited",
            vec![mail(1800, &[(Waited, 1790), (InTheClear, 1789)])],
            false,
            State::Critical,
            in_the_clear,
        ),
        (
            "in the clear and encrypted",
            vec![mail(1800, &[(Waited, 1790), (Encrypted, 1700), (InTheClear, 1600)])],
            false,
            State::Critical,
            in_the_clear,
        ),
        (
            "in the clear before the time is over",
            vec![mail(60, &[(InTheClear, 50)]), proven()],
            false,
            State::Critical,
            in_the_clear,
        ),
        ("mended since", vec![proven(), mail(5400, &[(InTheClear, 5390)])], false, State::Ok, ok),
        (
            "under a wrong certificate",
            vec![mail(60, &[(Waited, 50), (WrongTaken, 40)]), proven()],
            true,
            State::Critical,
            "handed over under a wrong certificate at ",
        ),
        (
            "under a wrong certificate, which nobody minds",
            vec![mail(1800, &[(Waited, 1790), (WrongTaken, 1600), (Encrypted, 1488)])],
            false,
            State::Ok,
            ok,
        ),
        (
            "verified",
            vec![mail(1800, &[(Waited, 1790), (WrongRefused, 1600), (Encrypted, 1488)])],
            true,
            State::Ok,
            ok,
        ),
        (
            "no attempt at all",
            vec![mail(AGE + 1, &[]), proven()],
            false,
            State::Critical,
            "no attempt since 2026-11-24 05:59 UTC (2h): rule, routing or queue",
        ),
        (
            "no attempt, and a new one is open",
            vec![mail(60, &[]), mail(AGE + 3600, &[]), proven()],
            false,
            State::Critical,
            "no attempt since 2026-11-24 05:00 UTC (3h): rule, routing or queue",
        ),
        (
            "it waits and does not come",
            vec![mail(AGE + 60, &[(Waited, AGE + 50)])],
            false,
            State::Critical,
            "no attempt since 2026-11-24 05:59 UTC, mail has not come for 2h 1m",
        ),
        (
            "our certificate is refused",
            vec![mail(AGE + 60, &[(Waited, AGE + 50), (RightRefused, 100)])],
            false,
            State::Unknown,
            "your server refuses the certificate of smtp_canary, mail waits for 2h 1m",
        ),
        (
            "not proven",
            vec![mail(1800, &[(Encrypted, 1488)]), proven()],
            false,
            State::Warning,
            "not proven: came encrypted without having been kept before at ",
        ),
        (
            "the first is open",
            vec![mail(60, &[])],
            false,
            State::Unknown,
            "no proof yet: the canary mail is on its way",
        ),
        (
            "the first waits",
            vec![mail(60, &[(Waited, 50)])],
            false,
            State::Unknown,
            "no proof yet: the canary mail waits, as it should without TLS",
        ),
        ("none yet", vec![], false, State::Unknown, "no proof yet"),
        (
            "an old proof",
            vec![mail(60, &[]), mail(9000, &[(Waited, 8990), (Encrypted, 8000)])],
            false,
            State::Unknown,
            "last proof 2h 13m ago, older than 2h",
        ),
    ];
    for (case, mails, verify, state, headline) in cases {
        judged(case, &facts(mails), verify, state, headline);
    }
}

#[test]
fn what_another_server_did_proves_nothing() {
    use Sight::{Encrypted, RightRefused, Waited, WrongRefused};
    let (own, other) = ("192.0.2.1", "192.0.2.9");
    let stranger = mail_of_peers(1800, &[(Waited, 1790, other), (Encrypted, 1488, own)]);
    judged("another waited", &facts(vec![stranger]), false, State::Warning, "not proven");
    let mut strict = mail_of_peers(
        1800,
        &[(Waited, 1790, own), (WrongRefused, 1700, other), (Encrypted, 1488, own)],
    );
    strict.canary = Ok(Canary { verify: true, ..strict.canary.unwrap() });
    judged("another refused", &facts(vec![strict]), true, State::Warning, "not proven");
    let knocks = mail_of_peers(
        AGE + 60,
        &[(Waited, AGE + 50, own), (Waited, 90, other), (RightRefused, 80, other)],
    );
    judged("another looks", &facts(vec![knocks]), false, State::Critical, "no attempt since ");
    let knocks: Vec<String> = (0..100).map(|n| format!("192.0.2.{n}")).collect();
    let knocks: Vec<(Sight, u64, &str)> =
        knocks.iter().map(|address| (Waited, 90, address.as_str())).collect();
    let crowd = mail_of_peers(AGE + 60, &knocks);
    judged("a crowd", &facts(vec![crowd]), false, State::Unknown, "too many strangers at smtp");
}

#[test]
fn a_clock_that_was_set_back_and_files_that_are_lost_prove_nothing() {
    use Sight::{Encrypted, InTheClear, Waited};
    let ahead = {
        let mut facts = facts(vec![proven()]);
        facts.looked_at = NOW - 3600;
        facts
    };
    judged("token from the future", &ahead, false, State::Unknown, "no proof yet");
    let ahead = {
        let mut facts = facts(vec![mail(1800, &[(Waited, 1790), (Encrypted, 0)])]);
        facts.looked_at = NOW - 1000;
        facts
    };
    judged("proof from the future", &ahead, false, State::Unknown, "the last proof is from the");
    let lost = || HalfError {
        path: "/state/seen/x".into(),
        why: std::io::Error::from_raw_os_error(5).into(),
    };
    for (sight, state, headline) in [
        (Encrypted, State::Unknown, "cannot tell how a canary mail came: /state/seen/x: "),
        (InTheClear, State::Critical, "handed over in the clear"),
        (Waited, State::Ok, "waited without TLS, came with TLS 1.3"),
    ] {
        let mut mail = mail(1800, &[(Waited, 1790), (sight, 1488), (Encrypted, 1400)]);
        for seen in mail.seen.iter_mut().filter(|seen| seen.sighting.sight == sight) {
            seen.how = Err(lost());
        }
        if sight == Encrypted {
            mail.seen.pop();
        }
        judged("lost content", &facts(vec![mail]), false, state, headline);
    }
    let mut unread = mail(1800, &[]);
    unread.canary = Err(lost());
    judged("lost token", &facts(vec![unread]), false, State::Unknown, "cannot tell how a canary");
    let mut none = facts(vec![]);
    none.mails = Err(lost());
    judged("lost state", &none, false, State::Unknown, "/state/seen/x: Input/output error");
}

#[test]
fn what_is_our_own_is_unknown_and_never_hides_a_mail_in_the_clear() {
    let nobody = SinkSeen::Nobody(Unreached(Vec::new()));
    let refused = Reply { code: 554, lines: vec!["5.7.1 Relay access denied".to_owned()] };
    for (case, change, headline) in [
        (
            "no sink",
            &(|facts: &mut CanaryFacts| facts.sink = Some(nobody.clone()))
                as &dyn Fn(&mut CanaryFacts),
            "smtp_canary does not listen: ",
        ),
        (
            "another server",
            &|facts| facts.sink = Some(SinkSeen::Other(refused.clone())),
            "no smtp_canary there: another server answers: 554 5.7.1 Relay access denied",
        ),
        (
            "our server refuses",
            &|facts| {
                let at = crate::smtp::Command::Rcpt;
                facts.handed_over = Some(HandOver::Refused(at, refused.clone()));
            },
            "no canary mail handed over to mail.own.example:25: 554 5.7.1 Relay access denied (at RCPT)",
        ),
    ] {
        let mut seen = facts(vec![proven()]);
        change(&mut seen);
        judged(case, &seen, false, State::Unknown, headline);
        let mut seen = facts(vec![mail(60, &[(Sight::InTheClear, 50)])]);
        change(&mut seen);
        judged(case, &seen, false, State::Critical, "handed over in the clear");
    }
}

#[test]
fn time_without_a_mail_exchanger_does_not_count() {
    let mut waits = mail(AGE + 3600, &[]);
    waits.canary = Ok(Canary { no_sink: Some(NOW - 600), ..waits.canary.unwrap() });
    assert!(!is_overdue(&waits, NOW, AGE) && is_overdue(&waits, NOW + AGE, AGE));
}

#[test]
fn one_mail_is_open_at_most() {
    use crate::check_smtp_forced_tls::facts::is_due;
    use Sight::{Encrypted, InTheClear, Waited};
    let mut unsure = mail(60, &[]);
    unsure.canary = Ok(Canary::default());
    let mut long_unsure = mail(700, &[]);
    long_unsure.canary = Ok(Canary::default());
    for (case, mails, due) in [
        ("none", vec![], true),
        ("open", vec![mail(60, &[]), proven()], false),
        ("waits", vec![mail(60, &[(Waited, 50)])], false),
        ("came", vec![proven()], true),
        ("came in the clear", vec![mail(60, &[(InTheClear, 50)])], true),
        ("came without a proof", vec![mail(60, &[(Encrypted, 50)])], true),
        ("overdue", vec![mail(AGE + 1, &[])], true),
        ("being handed over", vec![unsure], false),
        ("never handed over", vec![long_unsure], true),
    ] {
        assert_eq!(is_due(&mails, NOW, AGE), due, "{case}");
    }
}

#[test]
fn the_metrics_are_those_of_the_last_proof() {
    let values = |mails: Vec<Followed>| -> Vec<String> {
        let report = report(&facts(mails), false);
        report
            .metrics()
            .iter()
            .map(|metric| format!("{}={}", metric.label.as_str(), metric.value))
            .collect()
    };
    assert_eq!(values(vec![mail(60, &[]), proven()]), ["waited=302", "attempts=2", "age=1488"]);
    assert_eq!(values(vec![]), ["waited=U", "attempts=U", "age=U"]);
}
