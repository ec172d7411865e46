//! A resolver that answers with whatever harms: bounded in time and memory, and never better than UNKNOWN.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, MX, NS, NULL, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::support::{Outcome, program, run};

pub(super) type Answer = dyn Fn(&Message, &str, RecordType) -> Option<Vec<u8>> + Send + Sync;

/// Answers on UDP and TCP until the test ends.
pub(super) fn serve(answer: Arc<Answer>) -> SocketAddr {
    // The kernel's port for one may be taken for the other.
    let (udp, tcp) = std::iter::repeat_with(|| {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = TcpListener::bind(udp.local_addr().unwrap());
        tcp.ok().map(|tcp| (udp, tcp))
    })
    .flatten()
    .next()
    .unwrap();
    let at = udp.local_addr().unwrap();
    let reply = move |bytes: &[u8]| {
        let asked = Message::from_vec(bytes).unwrap();
        let query = &asked.queries[0];
        answer(&asked, &query.name().to_ascii(), query.query_type())
    };
    let by_udp = reply.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = udp.recv_from(&mut buffer) {
            let Some(mut bytes) = by_udp(&buffer[..length]) else { continue };
            if bytes.len() > 1232 {
                bytes.truncate(12);
                bytes[2] |= 2; // TC
                bytes[4..12].fill(0);
                // The question is left out as well, which only a truncated answer may do.
                let asked = &buffer[12..length - 11];
                bytes[5] = 1;
                bytes.extend(asked);
            }
            let _ = udp.send_to(&bytes, client);
        }
    });
    std::thread::spawn(move || {
        for stream in tcp.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 2];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut asked = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut asked).unwrap();
            if let Some(bytes) = reply(&asked) {
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                let _ = stream.write_all(&[length.as_slice(), &bytes].concat());
            }
        }
    });
    at
}

/// A whole answer, said to be proven.
pub(super) fn proven(asked: &Message, data: Vec<RData>) -> Vec<u8> {
    let owner = asked.queries[0].name();
    proven_of(asked, data.into_iter().map(|data| (owner.clone(), data)))
}

/// The same with records of other names.
fn proven_of(asked: &Message, data: impl Iterator<Item = (Name, RData)>) -> Vec<u8> {
    let mut message = Message::response(asked.metadata.id, OpCode::Query);
    message.metadata.recursion_available = true;
    message.metadata.authentic_data = true;
    message.metadata.response_code = ResponseCode::NoError;
    message.add_query(asked.queries[0].clone());
    for (owner, data) in data {
        message.add_answer(Record::from_rdata(owner, 60, data));
    }
    message.to_vec().unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// What an honest resolver says of a domain with one mail server.
pub(super) fn honest(asked: &Message, at: &str, kind: RecordType) -> Vec<u8> {
    let data = match (at, kind) {
        (".", RecordType::NS) => vec![RData::NS(NS(name("a.root.")))],
        ("a.example.", RecordType::MX) => vec![RData::MX(MX::new(10, name("mx.a.example.")))],
        ("mx.a.example.", RecordType::A) => vec![RData::A(A::new(127, 0, 0, 1))],
        _ => Vec::new(),
    };
    proven(asked, data)
}

pub(super) fn check(at: SocketAddr) -> Outcome {
    check_of(at, "a.example", "none")
}

pub(super) fn check_of(at: SocketAddr, domain: &str, require: &str) -> Outcome {
    let server = at.to_string();
    // In KiB; with the program itself, which is mapped, below 20 MiB.
    let bounded = "ulimit -d 12288; exec \"$0\" \"$@\"";
    run(Command::new("sh")
        .args(["-c", bounded])
        .arg(program("check_mail_domain"))
        .args(["-d", domain, "--dns-server", &server, "--no-connect", "-t", "5", "-v"])
        .args(["--require", require]))
}

/// Honest, but for one type.
pub(super) fn instead(
    wanted: RecordType,
    make: impl Fn(&str) -> Vec<RData> + Send + Sync + 'static,
) -> Arc<Answer> {
    Arc::new(move |asked, at, kind| {
        Some(if kind == wanted { proven(asked, make(at)) } else { honest(asked, at, kind) })
    })
}

/// An honest answer, some of its bytes changed.
fn changed(change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Arc<Answer> {
    Arc::new(move |asked, at, kind| {
        let mut bytes = honest(asked, at, kind);
        change(&mut bytes);
        Some(bytes)
    })
}

pub(super) fn texts(first: &str, more: &str, count: usize) -> Vec<RData> {
    let strings = std::iter::once(first.to_owned()).chain((0..count).map(|_| more.to_owned()));
    vec![RData::TXT(TXT::new(strings.collect()))]
}

/// What is no answer at all.
fn broken() -> Vec<(&'static str, Arc<Answer>, &'static str)> {
    let other: Arc<Answer> = Arc::new(|asked, _, _| {
        let mut other = asked.clone();
        other.queries[0].set_name(name("b.example."));
        Some(honest(&other, "b.example.", RecordType::MX))
    });
    vec![
        ("silence", Arc::new(|_, _, _| None), "MX unknown: name server 127.0.0.1:"),
        ("nonsense", changed(|bytes| bytes[2..].fill(0xff)), "the answer cannot be read"),
        ("another id", changed(|bytes| bytes[0] ^= 1), "no answer"),
        ("another question", other, "no answer"),
        ("no recursion", changed(|bytes| bytes[3] &= 0x7f), "it is not a resolver"),
    ]
}

/// For the MX, `count` aliases, each of the next; the last is one of the first.
fn circle(count: usize) -> Arc<Answer> {
    Arc::new(move |asked, at, kind| {
        let of = |n: usize| match n % count {
            0 => name(at),
            n => name(&format!("alias{n}.a.example.")),
        };
        let aliases = (0..count).map(|n| (of(n), RData::CNAME(CNAME(of(n + 1)))));
        let is_asked = kind == RecordType::MX;
        Some(if is_asked { proven_of(asked, aliases) } else { honest(asked, at, kind) })
    })
}

/// What is an answer, and too much of it.
fn excessive() -> Vec<(&'static str, Arc<Answer>, &'static str)> {
    let mx = |host: Name| RData::MX(MX::new(10, host));
    vec![
        ("an alias of itself", circle(1), "its CNAMEs lead round in a circle"),
        ("a circle of two", circle(2), "its CNAMEs lead round in a circle"),
        ("a circle of a hundred", circle(100), "its CNAMEs lead round in a circle"),
        (
            "a thousand MX",
            instead(RecordType::MX, move |_| {
                (0..1000).map(|n| mx(name(&format!("mx{n}.a.example.")))).collect()
            }),
            "only 20 of 1000 MX hosts were looked at",
        ),
        (
            "a hundred TLSA",
            instead(RecordType::TLSA, |_| {
                let tlsa = |n| TLSA::new(3.into(), 1.into(), 1.into(), vec![n; 32]);
                (0..100).map(|n| RData::TLSA(tlsa(n))).collect()
            }),
            "mx.a.example has 100 TLSA records",
        ),
        (
            "twenty addresses",
            instead(RecordType::A, |_| (0..20).map(|n| RData::A(A::new(127, 0, 0, n))).collect()),
            "only 16 of 20 addresses of mx.a.example were looked at",
        ),
        (
            "a TXT of 64 kB in 300 strings",
            instead(RecordType::TXT, |_| texts("v=spf1", &" ip4:192.0.2.1".repeat(15), 300)),
            "SPF says nothing about other senders",
        ),
        (
            "names with control characters",
            instead(RecordType::MX, move |_| {
                vec![mx(Name::from_labels([b"m\x1b[31m|x\n".as_slice(), b"a", b"b"]).unwrap())]
            }),
            "has no address",
        ),
        (
            "SPF that includes itself",
            instead(RecordType::TXT, |_| texts("v=spf1 include:a.example -all", "", 0)),
            "it includes itself",
        ),
        (
            "SPF without end",
            instead(RecordType::TXT, |at| texts(&format!("v=spf1 include:b.{at} -all"), "", 0)),
            "SPF takes more than 10 look-ups",
        ),
    ]
}

#[test]
fn answers_that_harm_are_bounded_and_never_good() {
    std::thread::scope(|scope| {
        for (case, answer, text) in broken().into_iter().chain(excessive()) {
            scope.spawn(move || {
                let begin = Instant::now();
                let outcome = check(serve(answer));
                assert_ne!(outcome.code, 0, "{case}: {}", outcome.stdout);
                assert!(outcome.stdout.contains(text), "{case}: {}", outcome.stdout);
                assert!(begin.elapsed() < Duration::from_secs(10), "{case}");
            });
        }
    });
    let good = check(serve(Arc::new(|asked, at, kind| Some(honest(asked, at, kind)))));
    good.expect(0, "MAIL DOMAIN OK - a.example: DNSSEC");
}

/// The question comes back whole in what is cut off; here, that each step may be slow.
#[test]
fn silence_at_any_step_ends_in_time() {
    use RecordType::{A, AAAA, DNSKEY, DS, MX, NS, TLSA, TXT};
    // What is not known of DNSSEC is a note where nothing is required.
    let steps = [
        (A, 3, " addresses of mx.a.example unknown: name server"),
        (AAAA, 3, "some addresses of mx.a.example unknown: name server"),
        (MX, 3, "MX unknown: name server"),
        (TLSA, 3, "TLSA of mx.a.example unknown, and senders with DANE wait: name server"),
        (TXT, 3, "SPF unknown: name server"),
        (NS, 0, "does not answer for the root"),
        (DNSKEY, 0, "OK - a.example: DNSSEC, DANE"),
        (DS, 0, "OK - a.example: DNSSEC, DANE"),
    ];
    std::thread::scope(|scope| {
        for (step, code, text) in steps {
            scope.spawn(move || {
                let begin = Instant::now();
                let outcome = check(serve(Arc::new(move |asked: &Message, at: &str, kind| {
                    (kind != step).then(|| signed(asked, at, kind))
                })));
                assert!(begin.elapsed() < Duration::from_secs(8), "{step}");
                assert_eq!(outcome.code, code, "{step}: {}", outcome.stdout);
                assert!(outcome.stdout.contains(text), "{step}: {}", outcome.stdout);
            });
        }
    });
}

/// A signature by `a.example.` over records of a type, which began and ends at these seconds.
fn signature(kind: RecordType, begin: u32, end: u32) -> RData {
    let mut bytes = u16::from(kind).to_be_bytes().to_vec();
    bytes.extend([13, 2, 0, 0, 0, 60]);
    bytes.extend([end.to_be_bytes(), begin.to_be_bytes()].concat());
    bytes.extend(b"\x00\x01\x01a\x07example\x00not looked at");
    RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(bytes) }
}

/// A good domain with DANE.
fn signed(asked: &Message, at: &str, kind: RecordType) -> Vec<u8> {
    match (at, kind) {
        ("a.example.", RecordType::MX) => {
            let mx = RData::MX(MX::new(10, name("mx.a.example.")));
            proven(asked, vec![mx, signature(kind, 0, u32::MAX)])
        }
        ("_25._tcp.mx.a.example.", RecordType::TLSA) => {
            let tlsa = TLSA::new(3.into(), 1.into(), 1.into(), vec![7; 32]);
            proven(asked, vec![RData::TLSA(tlsa)])
        }
        _ => honest(asked, at, kind),
    }
}

#[test]
fn a_denial_in_the_clear_takes_nothing_from_proven_addresses() {
    for unproven in [RecordType::AAAA, RecordType::A] {
        let outcome = check(serve(Arc::new(move |asked, at, kind| {
            let mut bytes = signed(asked, at, kind);
            if kind == unproven {
                bytes[3] &= !0x20; // AD
            }
            Some(bytes)
        })));
        let is_there = unproven == RecordType::AAAA;
        let said = outcome.stdout.contains("OK - a.example: DNSSEC, DANE");
        assert_eq!(said, is_there, "{unproven}: {}", outcome.stdout);
    }
}

#[test]
fn who_keeps_a_root_of_its_own_may_prove_what_is_below_it() {
    for is_proven in [true, false] {
        let outcome = check(serve(Arc::new(move |asked, at, kind| {
            let mut bytes = match at {
                "com." => proven(asked, vec![RData::NS(NS(name("a.com.")))]),
                _ => signed(asked, at, kind),
            };
            if at == "." || (at == "com." && !is_proven) {
                bytes[3] &= !0x20; // AD
            }
            Some(bytes)
        })));
        let said = outcome.stdout.contains("OK - a.example: DNSSEC, DANE");
        assert_eq!(said, is_proven, "{}", outcome.stdout);
    }
}

#[test]
fn the_signature_over_keys_may_end_first() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = u32::try_from(now.as_secs()).unwrap();
    let outcome = check(serve(Arc::new(move |asked, at, kind| {
        Some(match (at, kind) {
            ("a.example.", RecordType::DNSKEY) => {
                let key = RData::Unknown { code: kind, rdata: NULL::with(vec![1, 1, 3, 13]) };
                proven(asked, vec![key, signature(kind, now - 900_000, now + 3700)])
            }
            _ => signed(asked, at, kind),
        })
    })));
    outcome.expect(
        1,
        "MAIL DOMAIN WARNING - a.example: the signature over DNSKEY of a.example ends in 1h 1m and was not renewed",
    );
}
