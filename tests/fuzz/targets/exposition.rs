//! No metrics of a server panic, and what is read of them is what stands there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::exposition::Exposition;

fuzz_target!(|text: &str| {
    let Ok(read) = Exposition::read(text) else { return };
    assert!(read.series.len() <= text.lines().count(), "one line, one number");
    for series in &read.series {
        assert!(text.contains(&series.name));
        assert!(series.labels.iter().all(|(name, _)| text.contains(name.as_str())));
    }
});
