//! Cipher suites, by number.

mod offer;
mod parts;
mod table;

pub(crate) use offer::{everything, usable};
pub(crate) use parts::{Authentication, Cipher, Exchange, Mode, Suite};

impl Suite {
    /// The suite of this number, if it is one that a mail server may choose.
    #[must_use]
    pub(crate) fn by_id(id: u16) -> Option<&'static Self> {
        let index = table::SUITES.binary_search_by_key(&id, |suite| suite.id);
        table::SUITES.get(index.ok()?)
    }

    /// All suites that `wanted` likes, by number.
    pub(crate) fn all(wanted: impl Fn(&Self) -> bool) -> impl Iterator<Item = &'static Self> {
        table::SUITES.iter().filter(move |suite| wanted(suite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_by_number() {
        assert!(table::SUITES.is_sorted_by_key(|suite| suite.id));
        let suite = Suite::by_id(0xc02f).unwrap();
        assert_eq!(suite.name, "ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert!(suite.is_sound() && suite.is_aead() && suite.is_forward_secret());
        assert_eq!(Suite::by_id(0x5600), None);
    }

    #[test]
    fn classes_hold_the_suites_of_the_registry() {
        let ids =
            |class: fn(&Suite) -> bool| Suite::all(class).map(|suite| suite.id).collect::<Vec<_>>();
        for (case, class, members) in [
            (
                "null",
                Suite::is_null as fn(&Suite) -> bool,
                &[0x0001_u16, 0x0002, 0x003b, 0xc006, 0xc010, 0xc015][..],
            ),
            (
                "anonymous",
                Suite::is_anonymous,
                &[0x0018, 0x001b, 0x0034, 0x003a, 0x00a6, 0x00a7, 0xc018, 0xc019],
            ),
            (
                "export",
                Suite::is_export,
                &[0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019],
            ),
            ("short", Suite::is_short, &[0x0009, 0x0012, 0x0015]),
            ("rc4", Suite::is_rc4, &[0x0004, 0x0005, 0xc007, 0xc011]),
            ("64 bit", Suite::has_64_bit_blocks, &[0x000a, 0x0007, 0x0013, 0x0016, 0xc008, 0xc012]),
        ] {
            let ids = ids(class);
            for member in members {
                assert!(ids.contains(member), "{member:04x} is {case}");
            }
            for sound in [0xc02b, 0xc030, 0x1301, 0xcca8, 0x009e] {
                assert!(!ids.contains(&sound), "{sound:04x} is not {case}");
            }
        }
    }
}
