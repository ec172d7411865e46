//! No bytes of a mail server panic, and what is kept of them is bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use suite::smtp::reply::Parser;

fuzz_target!(|bytes: &[u8]| {
    let mut parser = Parser::default();
    for byte in bytes {
        match parser.push(*byte) {
            Err(_) => return,
            Ok(None) => {}
            Ok(Some(reply)) => {
                assert!((200..600).contains(&reply.code));
                assert!((1..=256).contains(&reply.lines.len()));
                assert!(reply.lines.iter().all(|line| !line.contains('\n')));
                assert!(!parser.is_inside(), "the next reply begins afresh");
                let _ = (reply.parameters("AUTH"), reply.to_string());
            }
        }
    }
});
