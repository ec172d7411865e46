//! What tests/fuzz reaches of this part. Each panics when a promise is broken, and on nothing else.

use std::path::Path;

use super::config::Config;
use super::item::Item;
use super::not_accepted::NotAccepted;
use super::response::{Headers, classify};

/// A file of the spool: what was read is written so that it is read alike.
///
/// # Panics
/// When it is not.
pub fn item(bytes: &[u8]) {
    let Ok(mut item) = serde_json::from_slice::<Item>(bytes) else { return };
    let written = serde_json::to_vec(&item).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<Item>(&written).ok().as_ref(), Some(&item));
    item.leave_image_out();
    assert!(item.form().iter().all(|(key, _)| !key.starts_with("attachment_")));
}

/// `pushover.toml`: no problem with it shows what could be a secret of it.
///
/// # Panics
/// When one does.
pub fn configuration(text: &str) {
    let said: Vec<String> = match Config::parse(text, Path::new("pushover.toml")) {
        Ok(config) => config.mistakes().iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    for secret in words.filter(|word| word.len() == 30) {
        assert!(!said.iter().any(|said| said.contains(secret)), "{said:?} shows {secret}");
    }
}

/// An answer of Pushover's: only 200 with a status of 1 is an acceptance, and only Pushover's own words are final.
///
/// # Panics
/// When anything else is.
pub fn answer(status: u16, remaining: Option<i64>, body: &[u8]) {
    let headers = Headers { remaining, ..Headers::default() };
    let number = |body: &serde_json::Value| body.get("status").and_then(serde_json::Value::as_i64);
    let said = serde_json::from_slice(body).ok().as_ref().and_then(number);
    match classify(status, &headers, body) {
        Ok(_) => assert_eq!((status, said), (200, Some(1))),
        Err(NotAccepted::Rejected { words, .. }) => {
            assert!(said.is_some(), "{status} is final");
            assert!(words.to_string().chars().count() < 1000);
        }
        Err(_) => {}
    }
}
