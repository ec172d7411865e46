//! The mail session (RFC 5321): what a server says, and what it is answered.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::time::SystemTime;

use super::lines::{LineRead, Lines};
use crate::canary::{
    Canary, Circumstances, HalfError, Peer, Sight, SinkState, Step, TlsUsed, Token,
};
use crate::clock;
use crate::smtp::address::Domain;

/// Commands of one session, at most; a server that hands one mail over needs six.
const MOST_COMMANDS: usize = 200;
/// Recipients of one mail that are taken, at most.
const MOST_RECIPIENTS: usize = 10;
/// Octets of a mail, at most: ours has 1 kB, and servers add headers.
const MOST_CONTENT: usize = 256 << 10;
/// Octets kept of a name in EHLO.
const HELO_BYTES: usize = 255;

/// What is served, to whom.
pub(super) struct Post<'a> {
    pub(super) domain: &'a Domain,
    pub(super) state: &'a SinkState,
    pub(super) clock: &'a dyn Fn() -> SystemTime,
    pub(super) from: IpAddr,
}

/// What a session runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// Nothing.
    Clear,
    /// TLS under a certificate that should be refused.
    Wrong(TlsUsed),
    /// TLS.
    Right(TlsUsed),
}

/// A server that comes, and what it is shown.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) peer: Peer,
    /// The mail that is open, and the step; absent where no mail is.
    pub(super) step: Option<(Token, Step)>,
}

/// How a session ended.
#[derive(Debug)]
pub(super) enum SessionEnd {
    /// The server took leave, or closed the connection in good order.
    Left,
    /// It asked for TLS and was told to begin.
    StartTls(Visitor),
    /// Anything else: from it nothing follows.
    Broken(String),
}

impl Post<'_> {
    /// Who comes, and the step it is at. A mail that has come already is open no more.
    pub(super) fn visitor(&self, helo: Option<String>) -> Result<Visitor, HalfError> {
        let peer = Peer { address: self.from, helo };
        let Some((token, canary)) = self.state.newest()? else {
            return Ok(Visitor { peer, step: None });
        };
        Ok(Visitor { step: self.step(token, &canary, &peer)?, peer })
    }

    fn step(
        &self,
        token: Token,
        canary: &Canary,
        peer: &Peer,
    ) -> Result<Option<(Token, Step)>, HalfError> {
        let mut seen = self.state.seen()?;
        seen.retain(|sighting| sighting.token == token);
        let came = |sight| matches!(sight, Sight::Encrypted | Sight::InTheClear);
        if seen.iter().any(|sighting| came(sighting.sight)) {
            return Ok(None);
        }
        let step = Step::of(canary, &token, peer, &seen);
        Ok(Some((token, step)))
    }

    /// Puts on disk what was seen.
    pub(super) fn note(
        &self,
        token: &Token,
        sight: Sight,
        peer: &Peer,
        helo: Option<&str>,
        tls: Option<TlsUsed>,
    ) -> Result<(), HalfError> {
        let circumstances = Circumstances {
            at: clock::unix_seconds((self.clock)()),
            from: peer.address.to_string(),
            helo: helo.map(str::to_owned),
            tls,
        };
        self.state.note(token, sight, peer, &circumstances)
    }
}

/// One session over one stream.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about what the server said"
)]
pub(super) struct Talk<'a, S> {
    post: &'a Post<'a>,
    lines: Lines<S>,
    cover: Cover,
    /// Absent until EHLO in the clear on a port where STARTTLS is had.
    visitor: Option<Visitor>,
    /// Whether EHLO tells who comes, and STARTTLS can follow.
    by_starttls: bool,
    helo: Option<String>,
    /// Whether it said EHLO, to which STARTTLS could have been offered.
    greeted: bool,
    began_mail: bool,
    in_mail: bool,
    recipients: Vec<Token>,
    /// What happened, for the journal.
    pub(super) story: Vec<String>,
}

impl<'a, S: Read + Write> Talk<'a, S> {
    /// A session in the clear on a port where STARTTLS is had.
    pub(super) fn in_the_clear(post: &'a Post<'a>, stream: S) -> Self {
        Self::new(post, stream, Cover::Clear, None, true)
    }

    /// A session inside TLS, or in the clear on a port where TLS begins at once.
    pub(super) fn as_known(post: &'a Post<'a>, stream: S, cover: Cover, visitor: Visitor) -> Self {
        Self::new(post, stream, cover, Some(visitor), false)
    }

    fn new(
        post: &'a Post<'a>,
        stream: S,
        cover: Cover,
        visitor: Option<Visitor>,
        by_starttls: bool,
    ) -> Self {
        Self {
            post,
            lines: Lines::over(stream),
            cover,
            visitor,
            by_starttls,
            helo: None,
            greeted: false,
            began_mail: false,
            in_mail: false,
            recipients: Vec::new(),
            story: Vec::new(),
        }
    }

    /// Greets and talks to the end; then puts on disk what follows from it.
    pub(super) fn run(&mut self, greets: bool) -> SessionEnd {
        let ended = if greets { self.say("220", "ESMTP smtp_canary") } else { Ok(()) }
            .and_then(|()| self.answer_all())
            .unwrap_or_else(|error| SessionEnd::Broken(error.to_string()));
        if let SessionEnd::Broken(why) = &ended {
            self.story.push(why.clone());
        }
        ended
    }

    /// The stream, for TLS to go on with.
    pub(super) fn into_stream(self) -> S {
        self.lines.into_stream()
    }

    fn say(&mut self, code: &str, text: &str) -> io::Result<()> {
        let domain = self.post.domain;
        self.lines.say(&format!("{code} {domain} {text}"))
    }

    fn answer_all(&mut self) -> io::Result<SessionEnd> {
        for _ in 0..MOST_COMMANDS {
            let line = match self.lines.hear()? {
                LineRead::Line(line) => String::from_utf8_lossy(&line).into_owned(),
                LineRead::TooLong => {
                    self.say("421", "line too long")?;
                    return Ok(SessionEnd::Broken("line too long".to_owned()));
                }
                LineRead::End => {
                    self.left();
                    return Ok(SessionEnd::Left);
                }
            };
            if let Some(ended) = self.answer(&line)? {
                return Ok(ended);
            }
        }
        self.say("421", "too many commands")?;
        Ok(SessionEnd::Broken("too many commands".to_owned()))
    }

    fn answer(&mut self, line: &str) -> io::Result<Option<SessionEnd>> {
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => return self.hello(&verb, rest.trim()),
            "STARTTLS" => return self.start_tls(),
            "MAIL" => self.mail(rest)?,
            "RCPT" => self.rcpt(rest)?,
            "DATA" => return self.data(),
            "RSET" => {
                self.reset();
                self.lines.say("250 2.0.0 ok")?;
            }
            "NOOP" => self.lines.say("250 2.0.0 ok")?,
            "QUIT" => {
                // On disk before the answer: a server that has it may come again at once.
                self.left();
                self.say("221", "bye")?;
                return Ok(Some(SessionEnd::Left));
            }
            "VRFY" | "EXPN" | "HELP" | "AUTH" | "BDAT" | "TURN" | "ETRN" | "XCLIENT" => {
                self.lines.say("502 5.5.1 not implemented")?;
            }
            _ => self.lines.say("500 5.5.2 unknown command")?,
        }
        Ok(None)
    }

    fn reset(&mut self) {
        self.in_mail = false;
        self.recipients.clear();
    }

    fn hello(&mut self, verb: &str, name: &str) -> io::Result<Option<SessionEnd>> {
        self.reset();
        let mut end = name.len().min(HELO_BYTES);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = name.get(..end).unwrap_or_default().to_owned();
        if verb == "HELO" {
            self.helo = Some(name);
            self.say("250", "hello")?;
            return Ok(None);
        }
        if self.by_starttls {
            match self.post.visitor(Some(name.clone())) {
                Ok(visitor) => self.visitor = Some(visitor),
                Err(error) => return self.out_of_order(&error).map(Some),
            }
        }
        self.helo = Some(name);
        self.greeted = true;
        let domain = self.post.domain;
        let tls = if self.offers_tls() { "250-STARTTLS\r\n" } else { "" };
        self.lines.say(&format!("250-{domain}\r\n{tls}250-SIZE {MOST_CONTENT}\r\n250 8BITMIME"))?;
        Ok(None)
    }

    fn out_of_order(&mut self, error: &HalfError) -> io::Result<SessionEnd> {
        self.say("421", "4.3.0 out of order; try later")?;
        Ok(SessionEnd::Broken(error.to_string()))
    }

    fn offers_tls(&self) -> bool {
        self.by_starttls
            && self.greeted
            && self.visitor.as_ref().is_some_and(|visitor| {
                visitor.step.as_ref().is_none_or(|(_, step)| *step != Step::NoTls)
            })
    }

    fn start_tls(&mut self) -> io::Result<Option<SessionEnd>> {
        let Some(visitor) = self.visitor.clone().filter(|_| self.offers_tls()) else {
            self.lines.say("502 5.5.1 TLS is not offered")?;
            return Ok(None);
        };
        if self.lines.has_more() {
            // Words added by a man in the middle (CVE-2011-0411).
            self.say("421", "5.5.1 commands sent along with STARTTLS")?;
            return Ok(Some(SessionEnd::Broken("commands sent along with STARTTLS".to_owned())));
        }
        self.lines.say("220 2.0.0 go ahead")?;
        Ok(Some(SessionEnd::StartTls(visitor)))
    }

    fn mail(&mut self, rest: &str) -> io::Result<()> {
        // It would hand a mail over, whatever is answered.
        self.began_mail = true;
        let rest = rest.to_ascii_uppercase();
        if !rest.starts_with("FROM:") {
            return self.lines.say("501 5.5.4 MAIL FROM:<address>");
        }
        let size = rest.split(' ').find_map(|word| word.strip_prefix("SIZE="));
        if size.and_then(|size| size.parse().ok()).is_some_and(|size: usize| size > MOST_CONTENT) {
            return self.lines.say("552 5.3.4 too large");
        }
        if self.in_mail {
            return self.lines.say("503 5.5.1 nested MAIL command");
        }
        self.in_mail = true;
        self.lines.say("250 2.1.0 ok")
    }

    fn rcpt(&mut self, rest: &str) -> io::Result<()> {
        if !self.in_mail {
            return self.lines.say("503 5.5.1 MAIL first");
        }
        let to = rest.get(..3).filter(|to| to.eq_ignore_ascii_case("TO:"));
        let path = to.and_then(|_| rest.get(3..)).unwrap_or_default().trim_start();
        let address = path.strip_prefix('<').and_then(|path| path.split_once('>'));
        let address = address.map(|(address, _)| address);
        let Some(address) = address else {
            return self.lines.say("501 5.5.4 RCPT TO:<address>");
        };
        let (local_part, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let is_ours = domain.is_empty() || domain.parse().ok().as_ref() == Some(self.post.domain);
        if !is_ours {
            // It may be somebody's real mail, led here by mistake: its sender keeps it.
            self.story.push(format!("mail for {domain}, deferred"));
            return self.lines.say("451 4.7.1 mail to this domain is not accepted here");
        }
        if self.recipients.len() >= MOST_RECIPIENTS {
            return self.lines.say("452 4.5.3 too many recipients");
        }
        let Some(token) = Token::read(local_part) else {
            return self.lines.say("550 5.1.1 no such mailbox");
        };
        match self.post.state.expects(&token) {
            Ok(true) => self.expected(token),
            Ok(false) => self.lines.say("550 5.1.1 no such mailbox"),
            Err(error) => self.defer(&error),
        }
    }

    fn defer(&mut self, error: &HalfError) -> io::Result<()> {
        self.story.push(error.to_string());
        self.lines.say("451 4.3.0 out of order; try later")
    }

    /// A canary mail is handed over.
    fn expected(&mut self, token: Token) -> io::Result<()> {
        let noted = match self.cover {
            Cover::Clear => self.note(&token, Sight::InTheClear, None),
            Cover::Wrong(tls) => self.note(&token, Sight::WrongTaken, Some(tls)),
            Cover::Right(_) => Ok(()),
        };
        if let Err(error) = noted {
            return self.defer(&error);
        }
        if matches!(self.cover, Cover::Wrong(_)) {
            self.story.push(format!("{token} handed over under a wrong certificate"));
            return self.lines.say("451 4.7.5 wrong certificate; try again later");
        }
        if !self.recipients.contains(&token) {
            self.recipients.push(token);
        }
        self.lines.say("250 2.1.5 ok")
    }

    fn note(&self, token: &Token, sight: Sight, tls: Option<TlsUsed>) -> Result<(), HalfError> {
        let unknown;
        let peer = if let Some(visitor) = &self.visitor {
            &visitor.peer
        } else {
            unknown = Peer { address: self.post.from, helo: self.helo.clone() };
            &unknown
        };
        self.post.note(token, sight, peer, self.helo.as_deref(), tls)
    }

    fn data(&mut self) -> io::Result<Option<SessionEnd>> {
        if self.recipients.is_empty() {
            self.lines.say("554 5.5.1 no valid recipient")?;
            return Ok(None);
        }
        self.lines.say("354 end with a dot")?;
        let mut length: usize = 0;
        loop {
            match self.lines.hear()? {
                LineRead::Line(line) if line == b"." => break,
                LineRead::Line(line) => length = length.saturating_add(line.len() + 2),
                LineRead::TooLong => length = length.saturating_add(1024),
                LineRead::End => {
                    return Ok(Some(SessionEnd::Broken("left in the middle of a mail".to_owned())));
                }
            }
            if length > MOST_CONTENT {
                self.say("421", "5.3.4 too large")?;
                return Ok(Some(SessionEnd::Broken("mail too large".to_owned())));
            }
        }
        self.take()?;
        Ok(None)
    }

    /// The mail is here, and its content is gone already. On disk before the answer, or it comes again.
    fn take(&mut self) -> io::Result<()> {
        let tokens = std::mem::take(&mut self.recipients);
        self.in_mail = false;
        for token in &tokens {
            if let Cover::Right(tls) = self.cover
                && let Err(error) = self.note(token, Sight::Encrypted, Some(tls))
            {
                return self.defer(&error);
            }
            let how = if self.cover == Cover::Clear { "in the clear" } else { "encrypted" };
            self.story.push(format!("{token} came {how}"));
        }
        self.lines.say("250 2.0.0 taken")
    }

    /// The server leaves in good order. That it came and kept its mail is what was to be shown.
    fn left(&mut self) {
        if self.began_mail {
            return;
        }
        let Some(Visitor { step: Some((token, step)), .. }) = self.visitor.clone() else {
            return;
        };
        let (sight, tls) = match (self.cover, step) {
            (Cover::Clear, Step::NoTls) if self.greeted => (Sight::Waited, None),
            (Cover::Wrong(tls), _) => (Sight::WrongRefused, Some(tls)),
            (Cover::Right(tls), _) => (Sight::RightRefused, Some(tls)),
            _ => return,
        };
        match self.note(&token, sight, tls) {
            Ok(()) => self.story.push(format!("kept its mail ({})", sight.word())),
            Err(error) => self.story.push(error.to_string()),
        }
    }
}
