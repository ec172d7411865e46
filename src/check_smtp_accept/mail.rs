//! The clean mail that is delivered (RFC 5322), and says what it is.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::smtp::address::{Address, ReversePath};
use crate::smtp::date;

/// What makes the mail of a run different from all others.
#[derive(Clone, Copy, Debug)]
pub(super) struct CleanMail {
    /// The start of the run.
    pub(super) now: SystemTime,
    /// The process, since two runs may start at once.
    pub(super) process: u32,
}

impl CleanMail {
    /// Headers and body, lines ended by CRLF, to one mailbox or several.
    pub(super) fn text(self, sender: &ReversePath, recipients: &[Address]) -> String {
        let since_1970 = self.now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let author = sender.0.as_ref().or(recipients.first());
        let author = author.map_or_else(String::new, ToString::to_string);
        let domain = recipients.first().map_or("", |recipient| recipient.domain.as_str());
        let to: Vec<String> = recipients.iter().map(|recipient| format!("<{recipient}>")).collect();
        format!(
            "Date: {date}\r\n\
             From: <{author}>\r\n\
             To: {to}\r\n\
             Subject: Mail server test: accept\r\n\
             Message-ID: <accept.{nanoseconds}.{process}@{domain}>\r\n\
             Auto-Submitted: auto-generated\r\n\
             X-Monitoring: check_smtp_accept {version}\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=us-ascii\r\n\
             \r\n\
             This is a test mail of the monitoring of this mail server.\r\n\
             It is clean and should arrive.\r\n",
            date = date(since_1970),
            to = to.join(",\r\n "),
            nanoseconds = since_1970.as_nanos(),
            process = self.process,
            version = env!("CARGO_PKG_VERSION"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_says_what_it_is_to_everybody_it_is_for() {
        let recipients = ["a@own.example", "b@own.example"].map(|text| text.parse().unwrap());
        let mail = CleanMail { now: UNIX_EPOCH, process: 7 };
        let text = mail.text(&ReversePath(None), &recipients);
        for line in [
            "Date: Thu, 1 Jan 1970 00:00:00 +0000",
            "From: <a@own.example>",
            "To: <a@own.example>,",
            " <b@own.example>",
            "Message-ID: <accept.0.7@own.example>",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}: {text}");
        }
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let sender = ReversePath(Some("c@own.example".parse().unwrap()));
        assert!(mail.text(&sender, &recipients).contains("From: <c@own.example>\r\n"));
    }
}
