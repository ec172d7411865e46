//! Mails as a server gets them: a server that answers as a test wants, and what can be found in a mail.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scripted::{Scripted, line, until_closed};

/// What every scanner knows, by its digest: the string itself must stand in no file of ours.
const EICAR_SHA256: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
const EICAR_BYTES: usize = 68;

/// The command that comes when a mail was received.
pub(crate) const DOT: &str = ".";

/// An answer that never comes: the server waits until the client is gone.
pub(crate) const SILENCE: &str = "silence";

/// A server that takes mails and keeps them. `answer` gets the command and the mail that came with it (empty except for
/// [`DOT`]) and says what to send; nothing takes the ordinary answer, an empty one closes the connection.
pub(crate) struct MailServer {
    pub(crate) server: Scripted,
    mails: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub(crate) fn start(
        answer: impl Fn(&str, &str) -> Option<&'static str> + Send + 'static,
    ) -> Self {
        let mails = Arc::new(Mutex::new(Vec::new()));
        let server = Scripted::start({
            let mails = mails.clone();
            move |stream, _| speak(stream, &answer, &mails)
        });
        Self { server, mails }
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn speak(
    mut stream: TcpStream,
    answer: &impl Fn(&str, &str) -> Option<&'static str>,
    mails: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut command, mut mail) = ("GREETING".to_owned(), String::new());
    loop {
        let usual = match command.as_str() {
            "GREETING" => "220 mail.own.test\r\n",
            "EHLO" => "250-mail.own.test\r\n250 SIZE 1000000\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        let said = answer(&command, &mail).unwrap_or(usual);
        if said == SILENCE {
            return until_closed(stream);
        }
        if said.is_empty() || stream.write_all(said.as_bytes()).is_err() {
            return;
        }
        if command == "DATA" && said.starts_with("354") {
            mail = content(&mut reader);
            mails.lock().unwrap().push(mail.clone());
            DOT.clone_into(&mut command);
            continue;
        }
        mail.clear();
        let words = line(&mut reader);
        let Some(word) = words.split_whitespace().next() else {
            return;
        };
        word.clone_into(&mut command);
    }
}

/// A mail up to its dot, with the doubled dots undone.
fn content(reader: &mut BufReader<TcpStream>) -> String {
    let mut mail = String::new();
    loop {
        let line = line(reader);
        if line == ".\r\n" || line.is_empty() {
            return mail;
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// The mails to this address in a maildir.
pub(crate) fn inbox(maildir: &Path, recipient: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(maildir.join("new")) else {
        return Vec::new();
    };
    let to = format!("<{recipient}>");
    entries
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .filter(|mail| header(mail, "To") == Some(to.as_str()))
        .collect()
}

/// Waits until these samples have come to the address, and returns what has.
pub(crate) fn wait_for_mails(maildir: &Path, recipient: &str, expected: &[&str]) -> Vec<String> {
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    loop {
        let mails = inbox(maildir, recipient);
        if samples(&mails).is_superset(&expected) {
            return mails;
        }
        std::thread::yield_now();
    }
}

/// Which samples these mails are.
pub(crate) fn samples(mails: &[String]) -> BTreeSet<&str> {
    mails.iter().map(|mail| sample(mail)).collect()
}

/// The value of a header.
pub(crate) fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}: ");
    mail.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(&start))
}

/// Which sample it is, by the header that says so.
pub(crate) fn sample(mail: &str) -> &str {
    let value = header(mail, "X-Monitoring").unwrap_or_default();
    value.split("sample=").nth(1).unwrap_or_default()
}

/// Whether it holds nothing that a scanner may object to.
pub(crate) fn is_clean(mail: &str) -> bool {
    sample(mail) == "control" || sample(mail).ends_with("-clean")
}

/// The bytes of the one attachment.
pub(crate) fn attachment(mail: &str) -> Option<Vec<u8>> {
    let mail = mail.replace("\r\n", "\n");
    let (_, part) = mail.split_once("\nContent-Disposition: attachment;")?;
    let (_, encoded) = part.split_once("\n\n")?;
    let (encoded, _) = encoded.split_once("\n--")?;
    STANDARD.decode(encoded.replace('\n', "")).ok()
}

/// Whether this is the test file, and nothing else.
pub(crate) fn is_eicar(bytes: &[u8]) -> bool {
    let mut hex = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex == EICAR_SHA256
}

/// Whether the test file stands anywhere in these bytes. Slow, so for mails and not for programs.
pub(crate) fn has_eicar(bytes: &[u8]) -> bool {
    bytes.windows(EICAR_BYTES).any(is_eicar)
}
