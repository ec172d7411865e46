//! What stands for a secret or an object in names and files.

use aws_lc_rs::digest;

/// The first `digits` hexadecimal digits of the SHA-256 of `parts`, each closed by a zero byte.
///
/// Stands for a token in files, where the token itself must not be, and names an object on every node alike.
#[must_use]
pub(crate) fn fingerprint(parts: &[&str], digits: usize) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let hex = |byte: &u8| format!("{byte:02x}");
    let mut text: String = context.finish().as_ref().iter().map(hex).collect();
    text.truncate(digits);
    text
}
