//! File names of waiting messages.

/// How the name of a file begins that is being written.
pub(super) const TEMPORARY: &str = ".tmp-";

/// The name of a waiting message; names sort by age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(String);

impl Name {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads a file name; `None` when it is none of ours.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_suffix(".json")?.split('-');
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let time = parts.next()?;
        let pid = parts.next()?;
        let random = parts.next()?;
        let hex = random.len() == 16 && random.bytes().all(|b| b.is_ascii_hexdigit());
        let ours = time.len() == 20 && digits(time) && digits(pid) && hex && parts.next().is_none();
        ours.then(|| Self(text.to_owned()))
    }

    /// The file name.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was put there, in Unix seconds.
    #[must_use]
    pub(crate) fn seconds(&self) -> u64 {
        u64::try_from(self.nanoseconds() / 1_000_000_000).unwrap_or(u64::MAX)
    }

    pub(super) fn nanoseconds(&self) -> u128 {
        self.0.split('-').next().and_then(|time| time.parse().ok()).unwrap_or(0)
    }

    pub(super) fn key(&self) -> &str {
        self.0.rsplit('-').next().and_then(|part| part.strip_suffix(".json")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_are_messages() {
        let good = "01795497494813270050-19404-1f2893af591fceb1.json";
        assert_eq!(Name::parse(good).unwrap().seconds(), 1_795_497_494);
        assert_eq!(Name::parse(good).unwrap().key(), "1f2893af591fceb1");
        for text in [
            "",
            ".state.json",
            ".tmp-01795497494813270050-19404-1f2893af591fceb1.json",
            "01795497494813270050-19404-1f2893af591fceb1",
            "1795497494813270050-19404-1f2893af591fceb1.json",
            "01795497494813270050--1f2893af591fceb1.json",
            "01795497494813270050-19404-1f2893af591fceb.json",
            "01795497494813270050-19404-1f2893af591fceb1-2.json",
            "+1795497494813270050-19404-1f2893af591fceb1.json",
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }
}
