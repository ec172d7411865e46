//! From facts to a letter: the SSL Labs Server Rating Guide 2009r, read for mail servers; pure.
//!
//! `grade = min(letter(score), all caps)`. Trust is judged apart and changes no grade.

mod caps;
mod letter;
mod strength;

use serde::Serialize;

pub use letter::Grade;
pub(super) use strength::Part;
pub(super) use strength::is_known as is_score_known;

use super::facts::{Fact, Facts};
pub(super) use caps::About;
use caps::{Cap, Doubt, Judge};

/// A letter with its reasons. While something is unknown, score and letter are the best they may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Grading {
    /// 0 to 100.
    pub(super) score: u32,
    /// What it is made of.
    #[serde(skip)]
    pub(super) parts: [Part; 3],
    pub(super) grade: Grade,
    /// The letter as a reader of the data may print it: `<=A` while something is unknown.
    pub(super) text: String,
    /// All that keeps the grade down, worst first.
    pub(super) caps: Vec<Cap>,
    /// Facts that are not known and might make it worse.
    pub(super) unknown: Vec<Doubt>,
    /// What is remarkable and costs nothing here.
    pub(super) notes: Vec<String>,
}

impl Grading {
    /// Reasons for the letter itself: those caps that are as low as it.
    pub(super) fn reasons(&self) -> Vec<&str> {
        self.caps
            .iter()
            .filter(|cap| cap.at_most == self.grade)
            .map(|cap| cap.reason.as_str())
            .collect()
    }

    /// The best grade that is left for what `about` likes.
    pub(super) fn at_most(&self, about: impl Fn(About) -> bool) -> Grade {
        let caps = self.caps.iter().filter(|cap| about(cap.about));
        caps.fold(Grade::APlus, |grade, cap| grade.worse(cap.at_most))
    }

    /// The next better grade, and what stands between.
    pub(super) fn next(&self) -> Option<(Grade, Vec<&Cap>)> {
        let between: Vec<&Cap> = self.caps.iter().filter(|cap| cap.at_most == self.grade).collect();
        let others = self.caps.iter().filter(|cap| cap.at_most != self.grade);
        let next = others.fold(Grade::A, |next, cap| next.worse(cap.at_most));
        (!between.is_empty()).then_some((next, between))
    }
}

/// What the grade depends on beside the facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Port 25: clients take any TLS, and anonymous suites beside others harm nobody (RFC 7672 section 8.2).
    pub(super) is_opportunistic: bool,
    /// Whether something keeps an attacker from leading clients to plain text.
    pub(super) is_downgrade_protected: bool,
}

/// Grades what was seen. What is unknown counts as good, and is named.
pub(super) fn grade(facts: &Facts, rules: Rules) -> Grading {
    let mut judge = Judge {
        facts,
        anonymous_counts: !rules.is_opportunistic || facts.sound_suites.is_no(),
        caps: Vec::new(),
        doubts: Vec::new(),
        notes: Vec::new(),
    };
    judge.protocols();
    judge.weak_suites();
    judge.missing_strengths();
    judge.keys();
    judge.extensions();
    let parts = strength::parts(facts, judge.anonymous_counts);
    let score = strength::score(&parts);
    let by_score = Grade::of_score(score);
    if by_score != Grade::A && judge.caps.iter().all(|cap| by_score.is_worse_than(cap.at_most)) {
        judge.cap(
            About::Score,
            &Fact::Yes,
            by_score,
            format!("the score is {score} of 100"),
            strength::REMEDY,
        );
    }
    let mut grade = judge.caps.iter().fold(by_score, |grade, cap| grade.worse(cap.at_most));
    if grade == Grade::A
        && judge.caps.is_empty()
        && judge.notes.is_empty()
        && rules.is_downgrade_protected
    {
        grade = Grade::APlus;
    }
    let mut caps = judge.caps;
    caps.sort_by_key(|cap| std::cmp::Reverse(cap.at_most.rank()));
    let unknown: Vec<Doubt> = judge
        .doubts
        .into_iter()
        .filter(|(at_most, _)| at_most.is_worse_than(grade))
        .map(|(_, doubt)| doubt)
        .collect();
    let at_best = if unknown.is_empty() { "" } else { "<=" };
    Grading {
        score,
        parts,
        grade,
        text: format!("{at_best}{grade}"),
        caps,
        unknown,
        notes: judge.notes,
    }
}

#[cfg(test)]
mod tests;
