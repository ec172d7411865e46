//! A Pushover of our own on the loopback: a real TCP and TLS server that can behave as badly as any.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::bell::ring;
use super::pki::Leaf;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A complete answer: status, further header lines, body.
    Answer(u16, &'static str, String),
    /// 200 with a body that ends before its announced length.
    Truncated,
    /// 200 with the first half of the body, then nothing.
    SlowBody,
    /// 200 with one byte every half second.
    Dripping,
    /// 200 with this many bytes of body.
    Huge(u64),
    /// No HTTP.
    Garbage,
    /// Closes without an answer.
    Close,
    /// Closes with a reset.
    Reset,
    /// Never answers.
    Silent,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, "", body.to_owned())
    }

    pub(crate) fn accepted() -> Self {
        Self::json(200, r#"{"status":1,"request":"647d2300-702c-4b38-8b2f-d56326ae460b"}"#)
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) fields: BTreeMap<String, String>,
    /// As it came.
    pub(crate) body: String,
    /// Of `Authorization`.
    pub(crate) authorization: String,
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

type Script = dyn Fn(usize, &Request) -> Reply + Send + Sync;

#[derive(Default)]
struct Log {
    requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    connections: AtomicUsize,
}

/// The server; it ends with the test process.
pub(crate) struct HttpServer {
    address: SocketAddr,
    scheme: &'static str,
    log: Arc<Log>,
}

impl HttpServer {
    /// A server that answers request number `n`, from 0, as `script` says.
    pub(crate) fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::launch(anywhere(), Arc::new(script), None)
    }

    /// The same behind TLS.
    pub(crate) fn start_tls(
        leaf: &Leaf,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_tls_on(anywhere(), leaf, script)
    }

    /// The same on a listener of the test's own.
    pub(crate) fn start_tls_on(
        listener: TcpListener,
        leaf: &Leaf,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::launch(listener, Arc::new(script), Some(leaf.server_config()))
    }

    /// A server that gives the replies in this order, then accepts.
    pub(crate) fn with(replies: Vec<Reply>) -> Self {
        Self::start(move |number, _| replies.get(number).cloned().unwrap_or_else(Reply::accepted))
    }

    fn launch(
        listener: TcpListener,
        script: Arc<Script>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log::default());
        let shared = log.clone();
        let scheme = if tls.is_some() { "https" } else { "http" };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, log, tls) = (script.clone(), shared.clone(), tls.clone());
                std::thread::spawn(move || connection(&stream.unwrap(), &*script, &log, tls));
            }
        });
        Self { address, scheme, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.requests.lock().unwrap().clone()
    }

    /// The texts of the messages in the order of their arrival.
    pub(crate) fn messages(&self) -> Vec<String> {
        let is_message = |request: &Request| request.path == "/1/messages.json";
        let requests = self.requests();
        requests.iter().filter(|r| is_message(r)).map(|r| r.field("message").to_owned()).collect()
    }

    pub(crate) fn most_connections_at_once(&self) -> usize {
        self.log.most_open.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }
}

fn anywhere() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn connection(tcp: &TcpStream, script: &Script, log: &Log, tls: Option<Arc<rustls::ServerConfig>>) {
    log.connections.fetch_add(1, Ordering::SeqCst);
    let open = log.open.fetch_add(1, Ordering::SeqCst) + 1;
    log.most_open.fetch_max(open, Ordering::SeqCst);
    match tls {
        None => {
            let half = tcp.try_clone().unwrap();
            serve(half, tcp, script, log);
        }
        Some(config) => {
            let half = tcp.try_clone().unwrap();
            let session = rustls::ServerConnection::new(config).unwrap();
            serve(rustls::StreamOwned::new(session, half), tcp, script, log);
        }
    }
    log.open.fetch_sub(1, Ordering::SeqCst);
}

fn serve(stream: impl Read + Write, tcp: &TcpStream, script: &Script, log: &Log) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream) {
        let count = {
            let mut requests = log.requests.lock().unwrap();
            requests.push(request.clone());
            requests.len() - 1
        };
        ring();
        let reply = script(count, &request);
        if answer(reply, &mut stream, tcp).is_none() {
            return;
        }
    }
}

/// Writes the reply; `None` when the connection ends with it.
fn answer<S: Read + Write>(reply: Reply, stream: &mut BufReader<S>, tcp: &TcpStream) -> Option<()> {
    let out = stream.get_mut();
    let resets = matches!(reply, Reply::Reset);
    match reply {
        Reply::Answer(status, headers, body) => {
            write!(
                out,
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            )
            .ok()?;
            return out.flush().ok();
        }
        Reply::Truncated => {
            let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{{\"status\":1,");
        }
        Reply::SlowBody => {
            let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{{\"status\":1,");
            let _ = out.flush();
            wait_for_the_end(out);
        }
        Reply::Dripping => {
            let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n");
            tcp.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            let mut byte = [0];
            while !matches!(out.read(&mut byte), Ok(0))
                && out.write_all(b" ").and_then(|()| out.flush()).is_ok()
            {}
        }
        Reply::Huge(size) => {
            let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n");
            let block = vec![b'x'; 65_536];
            for _ in 0..size / 65_536 {
                out.write_all(&block).ok()?;
            }
        }
        Reply::Garbage => {
            let _ = out.write_all(b"\x00\xff SSH-2.0-nonsense\r\n\r\n");
        }
        Reply::Close => {}
        Reply::Reset => {
            // Linger of zero makes the close a reset.
            let linger = Some(Duration::ZERO);
            rustix::net::sockopt::set_socket_linger(tcp, linger).unwrap();
        }
        Reply::Silent => wait_for_the_end(out),
    }
    let _ = out.flush();
    if !resets {
        let _ = tcp.shutdown(std::net::Shutdown::Both);
    }
    None
}

fn wait_for_the_end(stream: &mut impl Read) {
    let mut rest = [0; 1024];
    while !matches!(stream.read(&mut rest), Ok(0) | Err(_)) {}
}

fn read_request(stream: &mut impl BufRead) -> Option<Request> {
    let mut first = String::new();
    stream.read_line(&mut first).ok().filter(|count| *count > 0)?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
        if let Some((_, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        {
            value.trim().clone_into(&mut authorization);
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let body = String::from_utf8(body).unwrap();
    let is_form = !body.starts_with('{');
    let form = if query.is_empty() && is_form { body.as_str() } else { query };
    let (path, fields, at) = (path.to_owned(), decode(form), Instant::now());
    Some(Request { method, path, fields, body, authorization, at })
}

fn decode(form: &str) -> BTreeMap<String, String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (unescape(key), unescape(value))).collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// A proxy that opens tunnels, or wants a password.
pub(crate) fn start_proxy(wants_password: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let tunnels = Arc::new(AtomicUsize::new(0));
    let count = tunnels.clone();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let count = count.clone();
            std::thread::spawn(move || tunnel(client.unwrap(), wants_password, &count));
        }
    });
    (url, tunnels)
}

fn tunnel(mut client: TcpStream, wants_password: bool, count: &AtomicUsize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    if wants_password {
        let _ = client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split_whitespace().nth(1).unwrap();
    let mut server = TcpStream::connect(target).unwrap();
    count.fetch_add(1, Ordering::SeqCst);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let (mut up_from, mut up_to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut up_from, &mut up_to);
        let _ = up_to.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
}
