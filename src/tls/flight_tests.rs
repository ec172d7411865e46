use proptest::prelude::*;

use super::*;

fn parse(bytes: &[u8], chunk: usize) -> Flight {
    let mut parser = Parser::default();
    for chunk in bytes.chunks(chunk) {
        if parser.push(chunk) {
            break;
        }
    }
    parser.finish()
}

fn field(prefix: usize, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    super::super::bytes::put_field(&mut out, prefix, data);
    out
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind], field(3, body)].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind, 3, 3], field(2, body)].concat()
}

fn hello(version: u16, random: [u8; 32], suite: u16, extensions: &[u8]) -> Vec<u8> {
    let body = [
        &version.to_be_bytes()[..],
        &random,
        &field(1, &[5; 32]),
        &suite.to_be_bytes(),
        &[0],
        &field(2, extensions),
    ]
    .concat();
    message(2, &body)
}

/// A whole answer of a TLS 1.2 server with two certificates and a prime of 1024 bits.
fn flight() -> Vec<u8> {
    let chain = [field(3, b"leaf"), field(3, b"issuer")].concat();
    let mut prime = vec![0x80];
    prime.resize(128, 1);
    let exchange = [field(2, &prime), field(2, &[2]), field(2, &[3])].concat();
    let renegotiation = [0xff, 0x01, 0, 1, 0];
    [
        hello(0x0303, [1; 32], 0x0033, &renegotiation),
        message(11, &field(3, &chain)),
        message(12, &exchange),
        message(14, &[]),
    ]
    .concat()
}

#[test]
fn a_flight_is_read_to_its_end_however_records_cut_it() {
    let flight = flight();
    for size in [1, 3, 50, flight.len()] {
        let bytes: Vec<u8> = flight.chunks(size).flat_map(|part| record(0x16, part)).collect();
        let answer = parse(&bytes, 7);
        assert_eq!(answer.end, Some(FlightEnd::Complete));
        assert_eq!(answer.certificates, [b"leaf".to_vec(), b"issuer".to_vec()]);
        assert_eq!(answer.key_exchange, Some(KeyExchange::Prime(1024)));
        let hello = answer.hello.unwrap();
        assert_eq!((hello.version, hello.suite), (0x0303, 0x0033));
        assert!(hello.secure_renegotiation && !hello.compression);
    }
}

#[test]
fn a_prime_of_rfc_7919_is_known_and_the_signature_over_it() {
    let extensions = [0xff, 0x01, 0, 1, 0, 0x00, 0x17, 0, 0];
    for (prime, group) in [
        (rustls::ffdhe_groups::FFDHE3072.p.to_vec(), Some(0x0101)),
        ([&[0][..], rustls::ffdhe_groups::FFDHE2048.p].concat(), Some(0x0100)),
        (vec![0xfb; 384], None),
    ] {
        let mut body = Vec::new();
        for part in [prime.as_slice(), &[2], &[9; 8]] {
            body.extend(field(2, part));
        }
        body.extend([0x02, 0x01, 0, 1, 7]);
        let flight =
            [hello(0x0303, [1; 32], 0x009e, &extensions), message(12, &body), message(14, &[])];
        let answer = parse(&record(0x16, &flight.concat()), 9);
        assert_eq!((answer.prime_group, answer.signature), (group, Some(0x0201)));
        assert!(answer.hello.unwrap().extended_master_secret);
    }
}

#[test]
fn a_retry_request_names_version_and_group() {
    let extensions = [0x00, 0x2b, 0, 2, 3, 4, 0x00, 0x33, 0, 2, 0x00, 0x1d];
    let answer = parse(&record(0x16, &hello(0x0303, RETRY, 0x1301, &extensions)), 9);
    assert_eq!(answer.end, Some(FlightEnd::Complete));
    let hello = answer.hello.unwrap();
    assert!(hello.is_retry);
    assert_eq!((hello.version, hello.group), (0x0304, Some(0x001d)));
}

#[test]
fn answers_that_are_no_choice_are_told_apart() {
    let long = record(0x16, &vec![0x0b; 16384]).repeat(20);
    for (case, bytes, end) in [
        ("alert", vec![0x15, 3, 3, 0, 2, 2, 40], Some(FlightEnd::Alert(Alert(40)))),
        ("text", b"454 no TLS\r\n".to_vec(), Some(FlightEnd::Text("454 no TLS".to_owned()))),
        ("text cut off", b"45".to_vec(), Some(FlightEnd::Text("45".to_owned()))),
        ("SSLv2", vec![0x80, 3, 0], Some(FlightEnd::Malformed(Malformed::NoRecord))),
        ("silence", vec![], None),
        ("half a record", vec![0x16, 3, 3, 0], Some(FlightEnd::Malformed(Malformed::BrokenOff))),
        (
            "half a message",
            record(0x16, &[2, 0, 0, 70, 3, 3]),
            Some(FlightEnd::Malformed(Malformed::BrokenOff)),
        ),
        (
            "warnings without end",
            record(0x15, &[1, 112]).repeat(200_000),
            Some(FlightEnd::Malformed(Malformed::Endless)),
        ),
        (
            "a huge record",
            vec![0x16, 3, 3, 0xff, 0xff],
            Some(FlightEnd::Malformed(Malformed::LongRecord)),
        ),
        (
            "certificate first",
            record(0x16, &message(11, &[0, 0, 0])),
            Some(FlightEnd::Malformed(Malformed::Message)),
        ),
    ] {
        assert_eq!(parse(&bytes, 2).end, end, "{case}");
    }
    assert!(matches!(parse(&long, 1000).end, Some(FlightEnd::Malformed(_))));
}

#[test]
fn a_choice_is_kept_when_the_handshake_breaks_behind_it() {
    let bytes = [record(0x16, &hello(0x0303, [1; 32], 0xc02f, &[])), vec![0x15, 3, 3, 0, 2, 2, 80]]
        .concat();
    let answer = parse(&bytes, 4);
    assert_eq!(answer.end, Some(FlightEnd::Alert(Alert(80))));
    assert_eq!(answer.hello.unwrap().suite, 0xc02f);
}

#[test]
fn a_warning_about_the_name_hides_no_choice() {
    let bytes =
        [record(0x15, &[1, 112]), record(0x16, &hello(0x0301, [1; 32], 0x002f, &[]))].concat();
    assert_eq!(parse(&bytes, 3).hello.unwrap().version, 0x0301);
    let fatal = record(0x15, &[2, 112]);
    assert_eq!(parse(&fatal, 3).end, Some(FlightEnd::Alert(Alert(112))));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_every_split_gives_the_same_answer(
        damage in prop::collection::vec((0_usize..600, any::<u8>()), 0..6),
        end in 0_usize..600,
        junk in prop::collection::vec(any::<u8>(), 0..100),
        chunk in 1_usize..40,
        size in 1_usize..200,
    ) {
        let mut bytes: Vec<u8> = flight().chunks(size).flat_map(|part| record(0x16, part)).collect();
        for (at, byte) in damage {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(end);
        bytes.extend(junk);
        prop_assert_eq!(parse(&bytes, chunk), parse(&bytes, usize::MAX));
    }

    #[test]
    fn sizes_of_numbers_ignore_leading_zeros(zeros in 0_usize..4, number in 1_u64..) {
        let bytes = [vec![0; zeros], number.to_be_bytes().to_vec()].concat();
        prop_assert_eq!(bits(&bytes), 64 - number.leading_zeros() as usize);
    }
}
