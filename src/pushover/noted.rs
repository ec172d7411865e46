//! Reasons in the files of the spool stand there as people read them, who look into `failed/` with `cat`. Read again they
//! are a note of an earlier run: shown, never interpreted.

/// Writes types as their text, and reads any text as their variant `Noted`.
macro_rules! written_as_text {
    ($($type:ident),+) => {$(
        impl From<$type> for String {
            fn from(reason: $type) -> Self {
                reason.to_string()
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self::Noted(text)
            }
        }
    )+};
}

pub(super) use written_as_text;
