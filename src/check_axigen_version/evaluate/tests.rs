//! Releases and what is thought of them.

use super::*;

fn seen(release: &str) -> Facts {
    let version = ServerVersion { release: release.parse().unwrap(), text: release.to_owned() };
    Facts { version: Some(version), ..Facts::new("mail", 7000, false) }
}

fn policy(minimum: &[&str]) -> Policy {
    Policy {
        minimum: minimum.iter().map(|text| text.parse().unwrap()).collect(),
        vulnerable: State::Warning,
        on_timeout: State::Unknown,
    }
}

#[track_caller]
fn says(release: &str, minimum: &[&str], state: State, text: &str) {
    let report = evaluate(&seen(release), &policy(minimum));
    assert_eq!((report.state(), report.headline().as_str()), (state, text), "{release}");
}

#[test]
fn a_release_with_a_known_hole_is_named_with_the_release_that_has_it_no_more() {
    says("10.7.3", &[], State::Ok, "Axigen 10.7.3, holes: none known as of 2026-11-26");
    says("10.8.0", &[], State::Ok, "Axigen 10.8.0, holes: none known as of 2026-11-26");
    says(
        "10.6.30",
        &[],
        State::Warning,
        "Axigen 10.6.30 has 1 known hole: CVE-2026-127218; fixed in 10.6.41",
    );
    says(
        "10.5.57",
        &[],
        State::Warning,
        "Axigen 10.5.57 has 1 known hole: CVE-2026-127218; no fixed release named for 10.5",
    );
    let report = evaluate(&seen("9.0"), &policy(&[]));
    assert_eq!(report.state(), State::Warning);
    assert!(report.headline().starts_with("Axigen 9.0.0 has 5 known holes: CVE-2025-68722, "));
}

#[test]
fn a_minimum_decides_for_its_line_and_against_older_lines_that_have_none() {
    let both = ["10.6.41", "10.7.3"];
    says("10.6.41", &both, State::Ok, "Axigen 10.6.41, holes: none known as of 2026-11-26");
    says(
        "10.5.57",
        &["10.5.57", "10.6.41"],
        State::Ok,
        "Axigen 10.5.57, accepted by --minimum 10.5.57 with CVE-2026-127218",
    );
    says("10.7.9", &["10.7.20"], State::Warning, "Axigen 10.7.9 is older than 10.7.20");
    says("10.7.9", &["10.8.1"], State::Warning, "Axigen 10.7.9: no fixed release named for 10.7");
    says(
        "10.6.30",
        &both,
        State::Warning,
        "Axigen 10.6.30 is older than 10.6.41 (CVE-2026-127218)",
    );
    // Of a line newer than all that are named the table decides.
    says("10.8.0", &both, State::Ok, "Axigen 10.8.0, holes: none known as of 2026-11-26");
    let report = evaluate(&seen("10.6.30"), &policy(&["10.5.57"]));
    assert_eq!(report.state(), State::Warning, "a minimum of another line accepts nothing");
}

#[test]
fn a_newer_release_of_a_line_is_never_worse_in_the_eyes_of_a_minimum() {
    for least in ["10.6.0", "10.6.30", "10.6.41"] {
        let mut accepted = false;
        for update in 0..60 {
            let state = evaluate(&seen(&format!("10.6.{update}")), &policy(&[least])).state();
            assert!(!accepted || state == State::Ok, "{least}: 10.6.{update}");
            accepted = state == State::Ok;
        }
        assert!(accepted);
    }
}

#[test]
fn the_state_of_a_hole_can_be_chosen() {
    let policy = Policy { vulnerable: State::Critical, ..policy(&[]) };
    assert_eq!(evaluate(&seen("10.6.30"), &policy).state(), State::Critical);
    assert_eq!(evaluate(&seen("10.6.41"), &policy).state(), State::Ok);
}

#[test]
fn nothing_known_is_never_ok() {
    let facts = Facts::new("mail", 7000, false);
    assert_eq!(evaluate(&facts, &policy(&[])).state(), State::Unknown);
}
