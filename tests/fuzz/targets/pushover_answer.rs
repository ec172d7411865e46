//! No answer of Pushover's panics, and none but an acceptance counts as one.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: (u16, Option<i64>, &[u8])| {
    let (status, remaining, body) = answer;
    suite::pushover::fuzzed::answer(status, remaining, body);
});
