//! A mail server that plays along, but for the answers a test gives in its place.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::pki::{Leaf, NAME};
use super::scripted::{Scripted, line};

/// How the words came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Clear,
    Starttls,
    Tls,
}

/// The answer to a command line, `greeting` for the first words; nothing for the ordinary one, an empty one to hang up.
type Answers = dyn Fn(Way, &str) -> Option<&'static str> + Send + Sync;

/// A server that serves one connection after the other and writes down what it is told.
pub(crate) struct MailServer {
    scripted: Scripted,
    heard: Arc<Mutex<Vec<(Way, String)>>>,
    /// Held while a client is served.
    serving: Arc<Mutex<()>>,
}

impl MailServer {
    /// One for clear words and STARTTLS.
    pub(crate) fn start(
        answers: impl Fn(Way, &str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let leaf = Leaf::self_signed(NAME);
        Self::start_on(anywhere(), Way::Clear, &leaf, answers)
    }

    /// One where TLS begins at once.
    pub(crate) fn start_tls(
        answers: impl Fn(Way, &str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let leaf = Leaf::self_signed(NAME);
        Self::start_on(anywhere(), Way::Tls, &leaf, answers)
    }

    /// One with a certificate and a listener of its own.
    pub(crate) fn start_on(
        listener: TcpListener,
        way: Way,
        leaf: &Leaf,
        answers: impl Fn(Way, &str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let serving = Arc::new(Mutex::new(()));
        let config = leaf.server_config();
        let scripted = Scripted::listen(listener, usize::MAX, {
            let (heard, serving) = (heard.clone(), serving.clone());
            move |stream, _| {
                let _serving = serving.lock().unwrap();
                serve(stream, way, &config, &answers, &heard);
            }
        });
        Self { scripted, heard, serving }
    }

    pub(crate) fn port(&self) -> u16 {
        self.scripted.port()
    }

    pub(crate) fn connections(&self) -> usize {
        self.scripted.connections()
    }

    /// The command lines so far, `EOF` where a client hung up. For a client that has ended: its last words are waited for.
    pub(crate) fn heard(&self, way: Way) -> Vec<String> {
        drop(self.serving.lock().unwrap());
        let heard = self.heard.lock().unwrap();
        let lines = heard.iter().filter(|(on, _)| *on == way);
        lines.map(|(_, line)| line.clone()).collect()
    }
}

fn anywhere() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

type Heard = Mutex<Vec<(Way, String)>>;

fn serve(
    stream: TcpStream,
    way: Way,
    config: &Arc<ServerConfig>,
    answers: &Answers,
    heard: &Heard,
) {
    let secure = |stream| StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
    if way == Way::Tls {
        converse(secure(stream), way, true, answers, heard);
    } else if let Some(stream) = converse(stream, way, true, answers, heard) {
        converse(secure(stream), Way::Starttls, false, answers, heard);
    }
}

/// Talks until one side hangs up, or gives the stream up for TLS.
fn converse<S: Read + Write>(
    stream: S,
    way: Way,
    greets: bool,
    answers: &Answers,
    heard: &Heard,
) -> Option<S> {
    // Not a byte of TLS may be read ahead.
    let mut reader = BufReader::with_capacity(1, stream);
    let say = |reader: &mut BufReader<S>, text: &str| {
        let text = format!("{text}\r\n");
        reader.get_mut().write_all(text.as_bytes()).is_ok() && reader.get_mut().flush().is_ok()
    };
    if greets {
        let greeting = answers(way, "greeting").unwrap_or("220 mail.lab.test ESMTP");
        if greeting.is_empty() || !say(&mut reader, greeting) {
            return None;
        }
    }
    let mut is_content = false;
    loop {
        let line = line(&mut reader);
        let command = line.trim_end().to_owned();
        let said = if line.is_empty() { "EOF" } else { &command };
        heard.lock().unwrap().push((way, said.to_owned()));
        // Nothing is said to a line of a mail.
        is_content &= !["EOF", "."].contains(&said);
        if is_content {
            continue;
        }
        let ordinary = match said.split([' ', ':']).next().unwrap_or_default() {
            "EOF" => return None,
            "EHLO" if way == Way::Clear => "250-mail.lab.test\r\n250 STARTTLS",
            "STARTTLS" => "220 go",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let answer = answers(way, said).unwrap_or(ordinary);
        if answer.is_empty() || !say(&mut reader, answer) {
            return None;
        }
        is_content = said == "DATA" && answer.starts_with("354");
        if said == "STARTTLS" && answer.starts_with("220") {
            return Some(reader.into_inner());
        }
    }
}
