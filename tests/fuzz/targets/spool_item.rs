//! No file of the spool panics, and what is read of one is written so that it is read alike.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| suite::pushover::fuzzed::item(bytes));
