//! Questions and answers as bytes; pure. An answer counts only when it is one to the question.

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record};

use super::lookup::{Lookup, Validation};
use super::record::{self, RecordKind, plain};

/// Bytes of an answer by UDP that no way through the net breaks up (DNS flag day 2020).
pub(super) const PAYLOAD: u16 = 1232;
/// Steps from an alias to its records; resolvers stop at about as many.
const MOST_ALIASES: usize = 16;

/// One question.
#[derive(Clone, Debug)]
pub(super) struct Inquest {
    name: Name,
    kind: RecordKind,
    /// Whether the resolver is to hand over what it cannot prove (CD).
    unchecked: bool,
}

/// What a message turned out to be.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Not to this question: from somebody else, or late.
    Stray,
    /// No message, or one that breaks its own rules.
    Malformed,
    /// Cut off; TCP has the whole.
    Truncated,
    /// The server looks nothing up for others.
    NotAResolver,
    /// SERVFAIL; what else stands there is not to be used.
    ServFail,
    /// Any other code but NOERROR and NXDOMAIN.
    Code(u16),
    /// CNAMEs without an end.
    AliasLoop,
    /// An answer; validation is what the AD bit says.
    Answer(Box<Lookup>),
}

impl Inquest {
    /// A question for a name; absent when DNS has no room for it.
    pub(super) fn new(name: &str, kind: RecordKind) -> Option<Self> {
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        Some(Self { name, kind, unchecked: false })
    }

    /// The same for whatever is there, proven or not.
    pub(super) fn unchecked(&self) -> Self {
        Self { unchecked: true, ..self.clone() }
    }

    /// The bytes to send, and the number that the answer must carry.
    pub(super) fn bytes(&self) -> Option<(u16, Vec<u8>)> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        // A wish to be told about validation (RFC 6840 section 5.7). DO brings the signatures along, and makes
        // systemd-resolved hand on CD.
        message.metadata.authentic_data = true;
        message.metadata.checking_disabled = self.unchecked;
        message.add_query(Query::query(self.name.clone(), self.kind.into()));
        let mut edns = Edns::new();
        edns.set_version(0).set_max_payload(PAYLOAD).set_dnssec_ok(true);
        message.set_edns(edns);
        Some((message.metadata.id, message.to_vec().ok()?))
    }

    /// Reads what came.
    pub(super) fn read(&self, id: u16, bytes: &[u8]) -> Told {
        // What is not to this question says nothing of the server, readable or not.
        if bytes.get(..2) != Some(id.to_be_bytes().as_slice()) {
            return Told::Stray;
        }
        let Ok(message) = Message::from_vec(bytes) else {
            return Told::Malformed;
        };
        let meta = &message.metadata;
        let is_ours =
            |query: &Query| query.name == self.name && query.query_type == self.kind.into();
        let (is_asked, has_none) =
            (message.queries.iter().all(is_ours), message.queries.is_empty());
        // A server that does not understand the question may leave it out (RFC 1035 section 4.1.1).
        if meta.message_type != MessageType::Response
            || !is_asked
            || (has_none && meta.response_code == ResponseCode::NoError)
        {
            return Told::Stray;
        }
        if meta.truncation {
            return Told::Truncated;
        }
        match meta.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => match self.answer(&message) {
                Told::Answer(_) if !is_whole(&message) => Told::NotAResolver,
                told => told,
            },
            ResponseCode::ServFail => Told::ServFail,
            code => Told::Code(code.into()),
        }
    }

    fn answer(&self, message: &Message) -> Told {
        let mut owner = &self.name;
        let mut steps = 0;
        while let Some(target) = self.step(message, owner) {
            steps += 1;
            if steps > MOST_ALIASES {
                return Told::AliasLoop;
            }
            owner = target;
        }
        let found: Vec<_> = message
            .answers
            .iter()
            .filter(|record| record.name == *owner && record.record_type() == self.kind.into())
            .collect();
        let zone = message.authorities.iter().find(|record| matches!(record.data, RData::SOA(_)));
        // What the resolver has kept for a while, others will keep for the whole time.
        let signed = message.answers.iter().filter(|record| record.name == *owner);
        let signed = signed.filter_map(|record| record::signed_ttl(record, self.kind)).max();
        let ttl = signed.or_else(|| found.iter().map(|record| record.ttl).max());
        let sections = message.answers.iter().chain(&message.authorities);
        Told::Answer(Box::new(Lookup {
            name: plain(owner),
            is_alias: steps > 0,
            exists: message.metadata.response_code == ResponseCode::NoError,
            data: found.into_iter().map(record::read).collect(),
            validation: if message.metadata.authentic_data {
                Validation::Secure
            } else {
                Validation::Insecure
            },
            ttl: ttl.unwrap_or_default(),
            signatures: sections.filter_map(record::signature).collect(),
            signer: message.answers.iter().find_map(record::signer),
            zone: zone.map(|record| plain(&record.name)),
        }))
    }

    /// Where an alias leads; nothing where aliases are what is asked for.
    fn step<'m>(&self, message: &'m Message, owner: &Name) -> Option<&'m Name> {
        let answers = message.answers.iter().filter(|_| self.kind != RecordKind::Cname);
        let mut aliases = answers.filter_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *owner => Some(&target.0),
            _ => None,
        });
        aliases.next()
    }
}

/// Whether there is nothing more to find elsewhere: a resolver has looked, or the server's own zone has the records, or
/// denies them. A server that is neither refers to others.
fn is_whole(message: &Message) -> bool {
    let meta = &message.metadata;
    let is_alias = |record: &Record| matches!(record.data, RData::CNAME(_));
    let has_records = message.answers.iter().any(|record| !is_alias(record));
    let denies = message.authorities.iter().any(|record| matches!(record.data, RData::SOA(_)));
    meta.recursion_available || (meta.authoritative && (has_records || denies))
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::OpCode;
    use hickory_proto::rr::rdata::{CNAME, MX, NULL, TLSA, TXT};
    use hickory_proto::rr::{RData, RecordType};
    use proptest::prelude::*;

    use super::*;

    const ID: u16 = 0x1234;

    /// An answer with records of every kind, all of one name.
    fn answer(kind: RecordKind) -> Vec<u8> {
        let name = Name::from_ascii("a.example.").unwrap();
        let mut message = Message::response(ID, OpCode::Query);
        message.metadata.recursion_available = true;
        message.metadata.authentic_data = true;
        message.add_query(Query::query(name.clone(), kind.into()));
        let rare = |code, bytes: &[u8]| RData::Unknown { code, rdata: NULL::with(bytes.to_vec()) };
        for data in [
            RData::MX(MX::new(10, name.clone())),
            RData::TXT(TXT::new(vec!["v=spf1".to_owned(), "-all".to_owned()])),
            RData::TLSA(TLSA::new(3.into(), 1.into(), 1.into(), vec![7; 32])),
            RData::CNAME(CNAME(Name::from_ascii("b.example.").unwrap())),
            rare(RecordType::DS, &[0, 1, 13, 2, 7]),
            rare(RecordType::RRSIG, b"\x00\x0f\x0d\x02\0\0\0<\0\0\0\x09\0\0\0\x01\0\x01\x01a\0sig"),
        ] {
            message.add_answer(Record::from_rdata(name.clone(), 60, data));
        }
        message.to_vec().unwrap()
    }

    #[test]
    fn only_an_answer_to_the_question_counts() {
        let inquest = Inquest::new("a.example", RecordKind::Mx).unwrap();
        let good = answer(RecordKind::Mx);
        assert!(matches!(inquest.read(ID, &good), Told::Answer(_)));
        assert!(matches!(inquest.read(ID + 1, &good), Told::Stray));
        assert!(matches!(inquest.read(ID, &answer(RecordKind::Txt)), Told::Stray));
        let cut = good.get(..good.len() - 3).unwrap();
        assert!(matches!(inquest.read(ID, cut), Told::Malformed));
        let (_, question) = inquest.bytes().unwrap();
        let own = question.get(..2).map(|id| u16::from_be_bytes([id[0], id[1]])).unwrap();
        assert!(matches!(inquest.read(own, &question), Told::Stray), "a question is no answer");
    }

    /// The signature is over an hour, the records come with the minute that is left of it.
    #[test]
    fn a_time_to_live_is_the_one_that_is_signed() {
        let name = Name::from_ascii("a.example.").unwrap();
        let inquest = Inquest::new("a.example", RecordKind::Tlsa).unwrap();
        let told = |message: &Message| match inquest.read(ID, &message.to_vec().unwrap()) {
            Told::Answer(lookup) => lookup.ttl,
            other => panic!("{other:?}"),
        };
        let mut message = Message::from_vec(&answer(RecordKind::Tlsa)).unwrap();
        message.answers.retain(|record| record.record_type() == RecordType::TLSA);
        assert_eq!(told(&message), 60);
        let signature = b"\x00\x34\x0d\x02\0\0\x0e\x10\0\0\0\x09\0\0\0\x01\0\x01\x01b\0sig";
        let data =
            RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(signature.to_vec()) };
        message.add_answer(Record::from_rdata(name, 60, data));
        assert_eq!(told(&message), 3600);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            damage in prop::collection::vec((0_usize..300, any::<u8>()), 0..8),
            junk in prop::collection::vec(any::<u8>(), 0..80),
            end in 0_usize..300,
        ) {
            for kind in [RecordKind::Mx, RecordKind::Tlsa, RecordKind::Txt, RecordKind::Ds] {
                let inquest = Inquest::new("a.example", kind).unwrap();
                let mut bytes = answer(kind);
                for (at, byte) in &damage {
                    if let Some(place) = bytes.get_mut(*at) {
                        *place = *byte;
                    }
                }
                bytes.truncate(end);
                bytes.extend(&junk);
                if let Told::Answer(lookup) = inquest.read(ID, &bytes) {
                    prop_assert!(lookup.data.len() <= bytes.len());
                }
                let _ = inquest.read(ID, &junk);
            }
        }
    }
}
