//! No axigen.cfg panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| suite::check_axigen_queue::fuzzed::config(bytes));
