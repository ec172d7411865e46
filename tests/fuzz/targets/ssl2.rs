//! No bytes of an SSLv2 server panic, and however they are cut they mean the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::tls::ssl2::{Parser, Ssl2Flight};

fn read(bytes: &[u8], chunk: usize) -> Option<Ssl2Flight> {
    let mut parser = Parser::default();
    for chunk in bytes.chunks(chunk) {
        if parser.push(chunk) {
            break;
        }
    }
    parser.finish()
}

// The first byte says how the rest is cut.
fuzz_target!(|bytes: &[u8]| {
    if let [chunk, bytes @ ..] = bytes {
        let answer = read(bytes, usize::from(*chunk).max(1));
        assert_eq!(answer, read(bytes, usize::MAX));
    }
});
