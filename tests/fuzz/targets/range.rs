//! No text panics as a range, and a range that is printed and read again is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::monitoring::{Range, Value};

fuzz_target!(|text: &str| {
    let Ok(range) = text.parse::<Range>() else {
        return;
    };
    assert_eq!(range.to_string().parse(), Ok(range), "{text:?} reads {range}");
    for value in [Value::Uint(0), Value::Uint(u64::MAX), Value::Float(-0.5)] {
        let _ = range.alerts(value);
    }
    for least in [0, 10, u64::MAX] {
        if range.alerts_from(least) {
            assert!(range.alerts(Value::Uint(least)), "{range} from {least}");
        }
    }
    assert!(range.perfdata(true).parse::<Range>().is_ok());
});
