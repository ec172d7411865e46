//! Kinds of suites that a server should not accept.

use serde::Serialize;

use crate::tls::suite::Suite;

/// Kinds of suites that are looked for because they should not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weakness {
    Null,
    Anonymous,
    Export,
    Short,
    Rc4,
    SmallBlocks,
}

impl Weakness {
    pub(crate) const ALL: [Self; 6] =
        [Self::Null, Self::Anonymous, Self::Export, Self::Short, Self::Rc4, Self::SmallBlocks];

    /// Whether the suite is of this kind. Export and short ciphers count as that and not as RC4 or 64-bit blocks too.
    pub(crate) fn has(self, suite: &Suite) -> bool {
        let long = !suite.is_export() && !suite.is_short() && !suite.is_null();
        match self {
            Self::Null => suite.is_null(),
            Self::Anonymous => suite.is_anonymous(),
            Self::Export => suite.is_export(),
            Self::Short => suite.is_short(),
            Self::Rc4 => long && suite.is_rc4(),
            Self::SmallBlocks => long && suite.has_64_bit_blocks(),
        }
    }
}

impl std::fmt::Display for Weakness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "suites without encryption (NULL)",
            Self::Anonymous => "anonymous suites",
            Self::Export => "export suites",
            Self::Short => "suites below 112 bits",
            Self::Rc4 => "RC4",
            Self::SmallBlocks => "64-bit block ciphers (3DES)",
        })
    }
}
