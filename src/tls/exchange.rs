//! One hello out, one answer in, over any stream.

use std::io::{self, Read, Write};

use crate::stream::StreamError;
use crate::system_error::SystemError;

/// Why no more bytes came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The parser had all it wanted.
    Finished,
    /// The peer closed or reset the connection.
    Closed,
    /// The peer stayed silent for as long as it was given.
    Silent,
    /// The connection broke in another way.
    Broken(SystemError),
}

/// Sends `hello` and hands what comes to `take`, until that has enough or nothing more comes.
pub(crate) fn ask(
    stream: &mut (impl Read + Write),
    hello: &[u8],
    mut take: impl FnMut(&[u8]) -> bool,
) -> Stop {
    if let Err(error) = stream.write_all(hello).and_then(|()| stream.flush()) {
        return stopped(&error);
    }
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Stop::Closed,
            Ok(length) => {
                if take(buffer.get(..length).unwrap_or_default()) {
                    return Stop::Finished;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return stopped(&error),
        }
    }
}

fn stopped(error: &io::Error) -> Stop {
    match StreamError::from(error) {
        StreamError::Silent => Stop::Silent,
        StreamError::Closed => Stop::Closed,
        StreamError::Alert(_) => Stop::Broken(error.into()),
        StreamError::Broken(error) => Stop::Broken(error),
    }
}
