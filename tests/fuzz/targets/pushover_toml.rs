//! No configuration panics, and no problem with it shows a token or key.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| suite::pushover::fuzzed::configuration(text));
