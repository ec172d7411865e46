//! The commands of a client, and which answer it waits for.

use serde::Serialize;

/// A command of a mail session (RFC 5321 section 4.1.1; STARTTLS RFC 3207; AUTH RFC 4954).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Command {
    Ehlo,
    Starttls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// No command, but answered like one: the end of the content.
    #[serde(rename = "dot")]
    FinalDot,
    Rset,
    Quit,
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ehlo => "EHLO",
            Self::Starttls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::FinalDot => "the final dot",
            Self::Rset => "RSET",
            Self::Quit => "QUIT",
        })
    }
}

/// Which answer was awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The server's first words.
    Greeting,
    /// The answer to this command.
    Command(Command),
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Greeting => f.write_str("greeting"),
            Self::Command(command) => write!(f, "answer to {command}"),
        }
    }
}
