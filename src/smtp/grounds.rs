//! On what grounds a server says no, as far as its reply tells; pure. One table for all programs.
//!
//! Servers agree on little: the enhanced status code (RFC 3463, RFC 5248) says most where there is one, the words say the
//! rest, and the three digits are asked last. The rows are tried in order.

mod words;

use serde::Serialize;

use super::command::{Command, Stage};
use super::reply::Reply;
use words::{
    BAN, BROKEN, DEMAND, GREYLIST, IN_CLEAR, LIMITS, LOGIN, MAILBOX, RELAY, SENDER_POLICY, SICK,
    TLS,
};

/// Why a command was not obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Grounds {
    /// It wants TLS first.
    TlsDemanded,
    /// Its own TLS does not work.
    TlsBroken,
    /// It cannot serve anybody: disk, memory, configuration, a part that does not answer.
    Sick,
    /// It limits or bans us.
    Limited,
    /// It will take the same mail later.
    Greylisted,
    /// It wants a login first.
    AuthDemanded,
    /// It has no such mailbox, or one that takes no mail.
    NoMailbox,
    /// It does not take mail for that domain from us.
    NoRelay,
    /// The reply does not tell.
    Undecided,
}

impl Grounds {
    /// The grounds of a reply that is no yes, at the stage it was given.
    #[must_use]
    pub(crate) fn of(reply: &Reply, at: Stage) -> Self {
        Self::of_text(reply.code, &reply.text(), at)
    }

    /// The same of a reply whose lines are one text already.
    #[must_use]
    pub(crate) fn of_text(code: u16, text: &str, at: Stage) -> Self {
        let status = status(text);
        let words = plain(text);
        let fits = |row: &&Row| {
            row.at.fits(at)
                && (row.codes.is_empty() || row.codes.contains(&code))
                && row.status.fits(status)
                && row.words.iter().all(|group| group.iter().any(|word| words.contains(word)))
        };
        ROWS.iter().find(fits).map_or(Self::Undecided, |row| row.grounds)
    }
}

/// Subject and detail of an enhanced status code; its class repeats the first digit of the reply, or contradicts it.
type Status = (u16, u16);

/// The enhanced status code of a text: at its start (RFC 2034 section 4), or behind a `#` as qmail and Cisco write it.
fn status(text: &str) -> Option<Status> {
    let mut words = text.split_whitespace();
    let marked = words.clone().filter(|word| word.contains('#'));
    marked.chain(words.next()).find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let numbers: Vec<u16> = word.split('.').map_while(|part| part.parse().ok()).collect();
        match numbers.as_slice() {
            [2 | 4 | 5, subject, detail] if word.split('.').count() == 3 => {
                Some((*subject, *detail))
            }
            _ => None,
        }
    })
}

/// Lower case, one space before each word and one at the end, so that a word is told from a part of one.
fn plain(text: &str) -> String {
    let mut plain = String::from(" ");
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            plain.push(c);
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

/// When a reply was given.
#[derive(Clone, Copy)]
enum At {
    Any,
    Starttls,
    Auth,
    /// Before the server has the content.
    BeforeContent,
    /// From RCPT on, which is when most servers speak of mailboxes.
    Recipient,
}

impl At {
    fn fits(self, stage: Stage) -> bool {
        let is_past_rcpt = matches!(stage, Stage::Command(Command::Rcpt | Command::Data));
        let is_dot = stage == Stage::Command(Command::FinalDot);
        match self {
            Self::Any => true,
            Self::Starttls => stage == Stage::Command(Command::Starttls),
            Self::Auth => stage == Stage::Command(Command::Auth),
            Self::BeforeContent => !is_dot,
            Self::Recipient => is_past_rcpt || is_dot,
        }
    }
}

/// Which enhanced status codes a row is for.
#[derive(Clone, Copy)]
enum Enhanced {
    Whatever,
    Missing,
    Subject(u16),
    Details(u16, &'static [u16]),
}

impl Enhanced {
    fn fits(self, status: Option<Status>) -> bool {
        match (self, status) {
            (Self::Whatever, _) | (Self::Missing, None) => true,
            (Self::Subject(wanted), Some((subject, _))) => wanted == subject,
            (Self::Details(wanted, details), Some((subject, detail))) => {
                wanted == subject && details.contains(&detail)
            }
            _ => false,
        }
    }
}

/// One row: all that it names must fit.
struct Row {
    at: At,
    /// Any, when empty.
    codes: &'static [u16],
    status: Enhanced,
    /// One of each group must be there.
    words: &'static [&'static [&'static str]],
    grounds: Grounds,
}

/// What a row does not name.
const ANY: Row = Row {
    at: At::Any,
    codes: &[],
    status: Enhanced::Whatever,
    words: &[],
    grounds: Grounds::Undecided,
};

const ROWS: &[Row] = &[
    Row { words: &[GREYLIST], grounds: Grounds::Greylisted, ..ANY },
    // Size and loops are about the mail, and speak of limits as well.
    Row { status: Enhanced::Details(3, &[4]), ..ANY },
    Row { status: Enhanced::Details(2, &[3]), ..ANY },
    Row { status: Enhanced::Details(4, &[6]), ..ANY },
    Row { words: &[LIMITS], grounds: Grounds::Limited, ..ANY },
    Row { status: Enhanced::Details(5, &[3]), grounds: Grounds::Limited, ..ANY },
    // STARTTLS itself is refused for want of nothing on our side.
    Row {
        at: At::Starttls,
        codes: &[421],
        status: Enhanced::Subject(3),
        grounds: Grounds::Sick,
        ..ANY
    },
    Row { at: At::Starttls, words: &[TLS, BROKEN], grounds: Grounds::TlsBroken, ..ANY },
    Row { at: At::Starttls, codes: &[421], grounds: Grounds::Limited, ..ANY },
    Row { at: At::Starttls, grounds: Grounds::TlsBroken, ..ANY },
    Row { words: &[IN_CLEAR], grounds: Grounds::TlsDemanded, ..ANY },
    Row { words: &[TLS, BROKEN], grounds: Grounds::TlsBroken, ..ANY },
    Row { status: Enhanced::Details(7, &[10, 11]), grounds: Grounds::TlsDemanded, ..ANY },
    Row { codes: &[523, 538], grounds: Grounds::TlsDemanded, ..ANY },
    Row { words: &[TLS, DEMAND], grounds: Grounds::TlsDemanded, ..ANY },
    // RFC 4954 section 6.
    Row { at: At::Auth, codes: &[421, 454], grounds: Grounds::Sick, ..ANY },
    Row { at: At::Auth, grounds: Grounds::AuthDemanded, ..ANY },
    Row { at: At::BeforeContent, words: &[BAN], grounds: Grounds::Limited, ..ANY },
    // A host, or a domain, that takes no mail at all (RFC 7504).
    Row { codes: &[521, 556], grounds: Grounds::Sick, ..ANY },
    Row { words: &[RELAY], grounds: Grounds::NoRelay, ..ANY },
    // DKIM, SPF and DMARC speak of authentication and mean the mail (RFC 7372, RFC 9091).
    Row { status: Enhanced::Details(7, &[20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]), ..ANY },
    Row { words: &[SENDER_POLICY], ..ANY },
    Row { status: Enhanced::Details(7, &[57]), grounds: Grounds::AuthDemanded, ..ANY },
    Row { words: &[LOGIN], grounds: Grounds::AuthDemanded, ..ANY },
    Row { codes: &[530], grounds: Grounds::AuthDemanded, ..ANY },
    // The sender's address.
    Row { status: Enhanced::Details(1, &[7, 8, 9]), ..ANY },
    Row { at: At::Recipient, status: Enhanced::Subject(1), grounds: Grounds::NoMailbox, ..ANY },
    Row { at: At::Recipient, status: Enhanced::Subject(2), grounds: Grounds::NoMailbox, ..ANY },
    Row { status: Enhanced::Subject(2), grounds: Grounds::Sick, ..ANY },
    Row { status: Enhanced::Subject(3), grounds: Grounds::Sick, ..ANY },
    // A directory or name server gives no answer.
    Row { status: Enhanced::Details(4, &[3]), grounds: Grounds::Sick, ..ANY },
    Row { words: &[SICK], grounds: Grounds::Sick, ..ANY },
    Row { codes: &[421], grounds: Grounds::Limited, ..ANY },
    Row { at: At::Recipient, words: &[MAILBOX], grounds: Grounds::NoMailbox, ..ANY },
    Row { codes: &[431, 451, 452], status: Enhanced::Missing, grounds: Grounds::Sick, ..ANY },
    Row {
        at: At::Recipient,
        codes: &[550, 551, 553],
        status: Enhanced::Missing,
        grounds: Grounds::NoMailbox,
        ..ANY
    },
];

#[cfg(test)]
mod tests;
