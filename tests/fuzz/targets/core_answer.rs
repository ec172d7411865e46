//! No answer of Icinga's and no status file of Nagios panics, and neither makes up an acknowledgement.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: (u16, &[u8])| {
    let (code, bytes) = answer;
    suite::notify_pushover::fuzzed::core_answer(code, bytes);
});
