//! Why a stream gives or takes no more bytes: the one reading of [`io::Error`] for every protocol.

use std::io::{self, ErrorKind};

use crate::system_error::SystemError;
use crate::tls::Alert;

/// How a stream failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamError {
    /// The peer stayed silent, or too slow, for as long as it was given.
    Silent,
    /// The peer ended the connection.
    Closed,
    /// The peer ended TLS for a reason.
    Alert(Alert),
    /// It broke in another way.
    Broken(SystemError),
}

impl From<&io::Error> for StreamError {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Silent,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::Closed,
            _ => match error.get_ref().and_then(|reason| reason.downcast_ref()) {
                Some(rustls::Error::AlertReceived(alert)) => Self::Alert(Alert((*alert).into())),
                _ => Self::Broken(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_from_a_close_and_both_from_the_rest() {
        for (kind, expected) in [
            (ErrorKind::WouldBlock, StreamError::Silent),
            (ErrorKind::TimedOut, StreamError::Silent),
            (ErrorKind::ConnectionReset, StreamError::Closed),
            (ErrorKind::ConnectionAborted, StreamError::Closed),
            (ErrorKind::BrokenPipe, StreamError::Closed),
            (ErrorKind::UnexpectedEof, StreamError::Closed),
            (ErrorKind::InvalidData, StreamError::Broken(ErrorKind::InvalidData.into())),
        ] {
            assert_eq!(StreamError::from(&io::Error::from(kind)), expected, "{kind:?}");
        }
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::AccessDenied);
        let error = io::Error::new(ErrorKind::InvalidData, alert);
        assert_eq!(StreamError::from(&error), StreamError::Alert(Alert(49)));
    }
}
