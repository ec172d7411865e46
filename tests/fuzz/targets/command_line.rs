//! No command line of a notification panics, and what comes of it fits Pushover's limits. NUL ends a word.
#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let words = bytes.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec()));
    suite::notify_pushover::fuzzed::command_line(words.collect());
});
