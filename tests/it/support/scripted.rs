//! A server that plays a script, for the answers no real one gives.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

/// Plays one script a connection until it goes out of scope.
pub(crate) struct Scripted {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// The script gets each connection and its number, from 0.
    pub(crate) fn start(script: impl Fn(TcpStream, usize) + Send + 'static) -> Self {
        Self::start_for(usize::MAX, script)
    }

    /// The same on another address of this host.
    pub(crate) fn start_on(
        address: &str,
        script: impl Fn(TcpStream, usize) + Send + 'static,
    ) -> Self {
        Self::listen(TcpListener::bind((address, 0)).unwrap(), usize::MAX, script)
    }

    /// The same, but nobody listens any more after so many connections.
    pub(crate) fn start_for(
        most: usize,
        script: impl Fn(TcpStream, usize) + Send + 'static,
    ) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), most, script)
    }

    /// The same on a listener of the test's own.
    pub(crate) fn listen(
        listener: TcpListener,
        most: usize,
        script: impl Fn(TcpStream, usize) + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (is_over, connections) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let thread = std::thread::spawn({
            let (is_over, connections) = (is_over.clone(), connections.clone());
            move || {
                let mut listener = Some(listener);
                while let Some(open) = &listener {
                    let (stream, _) = open.accept().unwrap();
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let number = connections.fetch_add(1, Ordering::SeqCst);
                    if number + 1 == most {
                        listener = None;
                    }
                    script(stream, number);
                }
            }
        });
        Self { address, is_over, connections, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the scripted server failed");
        }
    }
}

/// Reads the next line; empty at the end of the connection.
pub(crate) fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    line
}

/// Greets and answers commands until STARTTLS was accepted; gives the connection up for TLS, or nothing when the client
/// left before.
pub(crate) fn until_tls(stream: TcpStream) -> Option<TcpStream> {
    let mut reader = BufReader::with_capacity(1, stream.try_clone().unwrap());
    let mut stream = stream;
    let _ = stream.write_all(b"220 mail.lab.test\r\n");
    loop {
        let line = line(&mut reader);
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-mail.lab.test\r\n250 STARTTLS\r\n",
            "STARTTLS" => {
                let _ = stream.write_all(b"220 go\r\n");
                return Some(stream);
            }
            "" => return None,
            _ => "221 bye\r\n",
        };
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// Waits until the client closes.
pub(crate) fn until_closed(mut stream: impl Read) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}

/// Keeps a client waiting for as long; whether it is still there then.
pub(crate) fn keeps_waiting(stream: &TcpStream, time: Duration) -> bool {
    let ends = Instant::now() + time;
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        stream.set_read_timeout(Some(left)).unwrap();
        match stream.peek(&mut [0; 1]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(1..) => panic!("the client speaks while it is kept waiting"),
            Ok(_) | Err(_) => return false,
        }
    }
}

/// Speaks TLS and a little SMTP inside it.
pub(crate) fn speak_tls(stream: TcpStream, config: &Arc<ServerConfig>, greets: bool) {
    let connection = rustls::ServerConnection::new(config.clone()).unwrap();
    let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
    if greets && stream.get_mut().write_all(b"220 mail.lab.test\r\n").is_err() {
        return;
    }
    converse(&mut stream);
}

/// Speaks a little SMTP until the client leaves.
pub(crate) fn converse(stream: &mut BufReader<impl Read + Write>) {
    loop {
        let line = line(stream);
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "" => return,
            "EHLO" => "250-mail.lab.test\r\n250 AUTH PLAIN\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "502 no\r\n",
        };
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
