//! `--attach`: an image with the message, such as a graph. Whatever is wrong with it, the message goes out without.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::deadline::Deadline;
use crate::named_file::{self, FileError};

/// Pushover's limit (<https://pushover.net/api#attachments>).
const IMAGE_BYTES: u64 = 5_242_880;

/// Of the twenty seconds of an alert.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why an image is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImageError {
    #[error("larger than 5 MiB")]
    TooLarge,
    #[error("{0}")]
    File(FileError),
    #[error("not read within {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("not a PNG, JPEG, GIF or WebP image")]
    Unknown,
}

/// An image as form fields. A disk that does not answer is not waited for.
pub(super) fn fields(
    path: &Path,
    deadline: &Deadline,
) -> Result<[(String, String); 2], ImageError> {
    deadline.enter("reading the image");
    let (send, receive) = mpsc::channel();
    let path = path.to_owned();
    std::thread::Builder::new()
        .name("image".to_owned())
        .spawn(move || send.send(read(&path)))
        .map_err(FileError::Io)?;
    receive.recv_timeout(PATIENCE.min(deadline.until_half())).map_err(|_| ImageError::TooSlow)?
}

fn read(path: &Path) -> Result<[(String, String); 2], ImageError> {
    let bytes = named_file::open(path).and_then(|file| named_file::read(file, IMAGE_BYTES))?;
    let kind = kind(&bytes).ok_or(ImageError::Unknown)?;
    Ok([
        ("attachment_base64".to_owned(), STANDARD.encode(&bytes)),
        ("attachment_type".to_owned(), kind.to_owned()),
    ])
}

impl From<FileError> for ImageError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::TooLarge { .. } => Self::TooLarge,
            error => Self::File(error),
        }
    }
}

/// By the first bytes: a name may be any.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_by_their_first_bytes() {
        for (bytes, want) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF1234WEBPVP8", Some("image/webp")),
            (b"<svg>", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), want, "{bytes:?}");
        }
    }
}
