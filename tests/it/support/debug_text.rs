//! Values printed for a programmer (`{:?}`) where an administrator reads.

use std::sync::LazyLock;

use regex_lite::Regex;

/// `Other("x")` and `Dns(Timeout`; `Os { code: 2`; `rustls::Error`, but no IPv6 address, whose groups are hexadecimal.
static NOTATION: LazyLock<Regex> = LazyLock::new(|| {
    let wrapped = r#"\b[A-Z]\w*\((?:"|[A-Z]\w*[a-z])"#;
    let fields = r"\b[A-Z]\w* \{ ?\w+: ";
    let path = r"\w*[g-zG-Z_]\w*::\w";
    Regex::new(&format!("{wrapped}|{fields}|{path}")).unwrap()
});

/// The first piece of such a value.
pub(crate) fn found(output: &str) -> Option<&str> {
    NOTATION.find(output).map(|found| found.as_str())
}

#[test]
fn a_value_for_programmers_is_told_from_text() {
    for value in [
        format!("{:?}", std::io::Error::other("x")),
        format!("{:?}", std::io::Error::from_raw_os_error(2)),
        format!("{:?}", Some("x")),
        format!("{:?}", Some(std::cmp::Ordering::Less)),
        std::any::type_name::<Option<u8>>().to_owned(),
    ] {
        assert!(found(&format!("cannot connect: {value}")).is_some(), "{value}");
    }
    for text in [
        "no answer from fe80::a:1, ::1, 2001:db8::25",
        r#"{"state":"OK","facts":{"legs":[]}}"#,
        "220 mail.example ESMTP Postfix (Debian)",
        "TLS_AES_256_GCM_SHA384 (SSLv2)",
    ] {
        assert_eq!(found(text), None, "{text}");
    }
}
