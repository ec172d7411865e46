//! The known holes of Axigen: which releases have them, and which no longer do.
//!
//! Read in the records of the CVE programme. Two records are left out, CVE-2022-31470 and CVE-2023-23566: they name no
//! fixed release, and a hole below is in every release they speak of.

use super::release::Release;

/// The day the table was written.
pub(super) const AS_OF: &str = "2026-11-26";

/// A hole that was made public.
#[derive(Debug)]
pub(super) struct Hole {
    pub(super) cve: &'static str,
    /// The day it was published.
    pub(super) published: &'static str,
    pub(super) what: &'static str,
    pub(super) spans: &'static [Span],
    /// Where all of this was read.
    pub(super) source: &'static str,
}

/// Releases that have a hole, one after the other.
#[derive(Debug)]
pub(super) struct Span {
    /// The first of them.
    pub(super) from: Release,
    /// The first that has it no more. Where none is named, every later release of the line has it.
    pub(super) fixed: Option<Release>,
}

impl Span {
    const fn fixed_in(from: Release, fixed: Release) -> Self {
        Self { from, fixed: Some(fixed) }
    }

    const fn open_from(from: Release) -> Self {
        Self { from, fixed: None }
    }

    fn has(&self, release: Release) -> bool {
        let is_before_end = match self.fixed {
            Some(fixed) => release < fixed,
            None => release.line() == self.from.line(),
        };
        self.from <= release && is_before_end
    }
}

/// Before every release there is.
pub(super) const FIRST: Release = Release::new(0, 0, 0, 0);
const V10_3: Release = Release::new(10, 3, 0, 0);
const V10_4: Release = Release::new(10, 4, 0, 0);
const V10_5: Release = Release::new(10, 5, 0, 0);
const V10_6: Release = Release::new(10, 6, 0, 0);
const V10_7: Release = Release::new(10, 7, 0, 0);
const BEFORE_10_5_57: Span = Span::fixed_in(FIRST, Release::new(10, 5, 57, 0));

/// Newest first.
pub(super) const HOLES: [Hole; 9] = [
    Hole {
        cve: "CVE-2026-127218",
        published: "2026-11-16",
        what: "one HTTP request without a login ends the whole server, SMTP included",
        spans: &[
            Span::open_from(Release::new(10, 3, 3, 67)),
            Span::open_from(Release::new(10, 4, 42, 0)),
            Span::open_from(Release::new(10, 5, 29, 0)),
            Span::fixed_in(V10_6, Release::new(10, 6, 41, 0)),
            Span::fixed_in(V10_7, Release::new(10, 7, 3, 0)),
        ],
        source: "https://www.cve.org/CVERecord?id=CVE-2026-127218",
    },
    Hole {
        cve: "CVE-2025-68722",
        published: "2026-02-05",
        what: "a link makes an administrator's login carry out commands in WebAdmin (CSRF)",
        spans: &[BEFORE_10_5_57, Span::fixed_in(V10_6, Release::new(10, 6, 26, 0))],
        source: "https://www.cve.org/CVERecord?id=CVE-2025-68722",
    },
    Hole {
        cve: "CVE-2025-68721",
        published: "2026-02-05",
        what: "an administrator without permissions reaches the TLS certificates in WebAdmin",
        spans: &[BEFORE_10_5_57],
        source: "https://www.cve.org/CVERecord?id=CVE-2025-68721",
    },
    Hole {
        cve: "CVE-2025-68723",
        published: "2026-02-05",
        what: "stored scripts run in other administrators' WebAdmin (XSS)",
        spans: &[BEFORE_10_5_57],
        source: "https://www.cve.org/CVERecord?id=CVE-2025-68723",
    },
    Hole {
        cve: "CVE-2025-68643",
        published: "2026-02-05",
        what: "a stored script runs in WebMail (XSS by way of the time format)",
        spans: &[BEFORE_10_5_57],
        source: "https://www.cve.org/CVERecord?id=CVE-2025-68643",
    },
    Hole {
        cve: "CVE-2020-26942",
        published: "2024-03-06",
        what: "the administrator's password can be set without a login",
        spans: &[
            Span::fixed_in(V10_3, Release::new(10, 3, 1, 27)),
            Span::fixed_in(Release::new(10, 3, 2, 0), Release::new(10, 3, 3, 1)),
        ],
        source: "https://www.cve.org/CVERecord?id=CVE-2020-26942",
    },
    Hole {
        cve: "CVE-2023-49101",
        published: "2024-02-08",
        what: "scripts run in an administrator's WebAdmin (XSS by way of certificates)",
        spans: &[
            Span::fixed_in(V10_3, Release::new(10, 3, 3, 61)),
            Span::fixed_in(V10_4, Release::new(10, 4, 24, 0)),
            Span::fixed_in(V10_5, Release::new(10, 5, 10, 0)),
        ],
        source: "https://www.cve.org/CVERecord?id=CVE-2023-49101",
    },
    Hole {
        cve: "CVE-2023-48974",
        published: "2024-02-08",
        what: "a script in WebMail raises an attacker's rights (XSS by way of serverName_input)",
        spans: &[Span::fixed_in(FIRST, Release::new(10, 3, 3, 61))],
        source: "https://www.cve.org/CVERecord?id=CVE-2023-48974",
    },
    Hole {
        cve: "CVE-2023-40355",
        published: "2024-02-07",
        what: "scripts run in WebMail (XSS by way of the switch between its forms)",
        spans: &[
            Span::fixed_in(Release::new(10, 3, 3, 0), Release::new(10, 3, 3, 59)),
            Span::fixed_in(V10_4, Release::new(10, 4, 19, 0)),
            Span::fixed_in(V10_5, Release::new(10, 5, 5, 0)),
        ],
        source: "https://www.cve.org/CVERecord?id=CVE-2023-40355",
    },
];

impl Hole {
    pub(super) fn is_in(&self, release: Release) -> bool {
        self.spans.iter().any(|span| span.has(release))
    }
}

/// The holes of a release, newest first.
pub(super) fn holes_of(release: Release) -> Vec<&'static Hole> {
    HOLES.iter().filter(|hole| hole.is_in(release)).collect()
}

/// The first release after this one that has none of the holes.
pub(super) fn first_without(release: Release) -> Option<Release> {
    let spans = HOLES.iter().flat_map(|hole| hole.spans);
    let fixed = spans.filter_map(|span| span.fixed);
    fixed.filter(|fixed| *fixed > release && holes_of(*fixed).is_empty()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn holes_begin_and_end_where_the_records_say() {
        for (text, newest, count) in [
            ("8.0.1", "CVE-2025-68722", 5),
            ("10.3.1.26", "CVE-2025-68722", 7),
            ("10.3.1.27", "CVE-2025-68722", 6),
            ("10.3.2.5", "CVE-2025-68722", 7),
            ("10.3.3.66", "CVE-2025-68722", 4),
            ("10.3.3.67", "CVE-2026-127218", 5),
            ("10.4.18", "CVE-2025-68722", 6),
            ("10.4.41", "CVE-2025-68722", 4),
            ("10.4.42", "CVE-2026-127218", 5),
            ("10.5.28", "CVE-2025-68722", 4),
            ("10.5.56", "CVE-2026-127218", 5),
            ("10.5.57", "CVE-2026-127218", 1),
            ("10.5.999", "CVE-2026-127218", 1),
            ("10.6.0", "CVE-2026-127218", 2),
            ("10.6.26", "CVE-2026-127218", 1),
            ("10.6.40", "CVE-2026-127218", 1),
            ("10.6.41", "", 0),
            ("10.7.2", "CVE-2026-127218", 1),
            ("10.7.3", "", 0),
            ("10.10.0", "", 0),
            ("11.0", "", 0),
        ] {
            let holes = holes_of(release(text));
            assert_eq!(holes.first().map_or("", |hole| hole.cve), newest, "{text}");
            assert_eq!(holes.len(), count, "{text}");
        }
    }

    #[test]
    fn the_way_out_has_none_of_them() {
        for (text, out) in [
            ("8.0.1", "10.6.41"),
            ("10.5.60", "10.6.41"),
            ("10.6.30", "10.6.41"),
            ("10.7.1", "10.7.3"),
        ] {
            assert_eq!(first_without(release(text)), Some(release(out)), "{text}");
        }
        assert_eq!(first_without(release("10.7.3")), None);
    }

    #[test]
    fn the_newest_stands_first_and_each_once() {
        assert!(HOLES.is_sorted_by(|a, b| a.published >= b.published));
        assert!(HOLES.iter().all(|hole| hole.published <= AS_OF));
        assert!(HOLES.iter().all(|hole| hole.source.ends_with(hole.cve)));
        let mut names: Vec<&str> = HOLES.iter().map(|hole| hole.cve).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), HOLES.len());
    }
}
