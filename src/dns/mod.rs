//! DNS with what DNSSEC says of each answer: a blocking client of the resolvers that this machine trusts.
//!
//! getaddrinfo tells neither MX nor TLSA, nor whether an answer was proven. This client validates nothing itself: as mail
//! servers do it believes the AD bit of a resolver that is on this machine, or that the administrator vouches for (RFC
//! 6840 section 5.7), after a look at whether that resolver validates at all.

mod lookup;
mod message;
mod record;
mod resolver;
mod settings;

pub(crate) use lookup::{Lookup, NoLookup, ServerFault, Validation};
pub(crate) use record::{Data, RecordKind, Rrsig, Tlsa};
pub(crate) use resolver::{Resolver, Validates, WhyUnvalidated};
pub(crate) use settings::{NameServer, ResolverSettings};
