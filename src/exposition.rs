//! Metrics as servers show them to Prometheus: the text format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).
//!
//! A text is read whole or not at all. One that is cut off in the middle of a number would else be a smaller number.

use std::collections::BTreeMap;

/// A whole text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition {
    /// In the order they stand there.
    pub series: Vec<Series>,
    /// What `# TYPE` says, by name.
    pub types: BTreeMap<String, String>,
}

/// One number, by name and labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As in `queue_size`.
    pub name: String,
    /// Names and values.
    pub labels: Vec<(String, String)>,
    /// May be infinite or not a number.
    pub value: f64,
}

impl Series {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        let (_, value) = self.labels.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// Why a text is none; lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExposition {
    /// A line is neither a comment nor a number with its name.
    #[error("line {0} is none of Prometheus' text format")]
    Line(usize),
    /// The last line has no end, as if the text were cut off.
    #[error("the last line, {0}, has no end")]
    CutOff(usize),
}

impl Exposition {
    /// Reads a text.
    ///
    /// # Errors
    /// [`NotExposition`] names the line.
    pub fn read(text: &str) -> Result<Self, NotExposition> {
        let mut read = Self::default();
        let mut count = 0;
        for (number, line) in (1..).zip(text.split_terminator('\n')) {
            count = number;
            let line = line.trim_matches(BLANK).trim_end_matches('\r').trim_end_matches(BLANK);
            if let Some(comment) = line.strip_prefix('#') {
                read.comment(comment);
            } else if !line.is_empty() {
                read.series.push(series(line).ok_or(NotExposition::Line(number))?);
            }
        }
        if text.is_empty() || text.ends_with('\n') {
            Ok(read)
        } else {
            Err(NotExposition::CutOff(count))
        }
    }

    fn comment(&mut self, comment: &str) {
        let mut words = comment.split(BLANK).filter(|word| !word.is_empty());
        if let (Some("TYPE"), Some(name), Some(kind)) = (words.next(), words.next(), words.next())
            && is_name(name, true)
        {
            self.types.insert(name.to_owned(), kind.to_owned());
        }
    }
}

/// Between the parts of a line.
const BLANK: [char; 2] = [' ', '\t'];

/// `name{label="value"} 12.5 1700000000000`
fn series(line: &str) -> Option<Series> {
    let end = line.find(|c: char| c == '{' || BLANK.contains(&c))?;
    let (name, rest) = line.split_at_checked(end)?;
    if !is_name(name, true) {
        return None;
    }
    let rest = rest.trim_start_matches(BLANK);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split(BLANK).filter(|word| !word.is_empty());
    let value = number(words.next()?)?;
    if let Some(timestamp) = words.next() {
        timestamp.parse::<i64>().ok()?;
    }
    words.next().is_none().then(|| Series { name: name.to_owned(), labels, value })
}

/// The labels behind the opening brace, and what stands behind the closing one.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, behind) = rest.split_once('=')?;
        let name = name.trim_end_matches(BLANK);
        if !is_name(name, false) {
            return None;
        }
        let (value, behind) = quoted(behind.trim_start_matches(BLANK).strip_prefix('"')?)?;
        labels.push((name.to_owned(), value));
        rest = behind.trim_start_matches(BLANK);
        rest = match rest.strip_prefix(',') {
            Some(behind) => behind,
            None if rest.starts_with('}') => rest,
            None => return None,
        };
    }
}

/// A value up to its closing quote, and what stands behind.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                character @ ('\\' | '"') => character,
                _ => return None,
            }),
            character => value.push(character),
        }
    }
    None
}

fn number(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        // The standard library also reads words, as "infinity".
        _ if word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => word.parse().ok(),
        _ => None,
    }
}

fn is_name(name: &str, with_colon: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (with_colon && c == ':');
    name.chars().all(fits) && name.starts_with(|c: char| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_labels_numbers_and_types_are_read() {
        let text = "# HELP queue_size Messages in the queue.\n# TYPE queue_size gauge\nqueue_size 12\n\n\
                    # a remark\n users_count { domain = \"a\\\"\\\\\\n.example\" , } 3.5e1 1700000000000 \r\nup +Inf\n";
        let read = Exposition::read(text).unwrap();
        assert_eq!(read.types.get("queue_size").map(String::as_str), Some("gauge"));
        let [size, users, up] = read.series.as_slice() else { panic!("{read:?}") };
        assert_eq!((size.name.as_str(), size.value), ("queue_size", 12.0));
        assert_eq!((users.label("domain"), users.value), (Some("a\"\\\n.example"), 35.0));
        assert_eq!((up.value, up.label("domain")), (f64::INFINITY, None));
        assert_eq!(Exposition::read("").unwrap(), Exposition::default());
    }

    #[test]
    fn a_line_of_another_kind_is_named() {
        for text in [
            "<!DOCTYPE html>\n",
            "queue_size\n",
            "queue_size twelve\n",
            "queue_size 12 now\n",
            "queue_size 12 1 1\n",
            "queue_size infinity\n",
            "9queue 12\n",
            "queue-size 12\n",
            "queue_size{domain} 12\n",
            "queue_size{domain=\"a} 12\n",
            "queue_size{domain=\"a\\q\"} 12\n",
            "queue_size{domain=\"a\" b=\"c\"} 12\n",
            "queue_size{do:main=\"a\"} 12\n",
            "{\"status\": 1}\n",
        ] {
            let read = Exposition::read(&format!("up 1\n{text}"));
            assert_eq!(read, Err(NotExposition::Line(2)), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_cut_off_is_no_smaller_number() {
        assert_eq!(Exposition::read("up 1\nqueue_size 12"), Err(NotExposition::CutOff(2)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z{}=\",\\\\ 0-9.#\n]{0,80}", any in any::<String>()) {
            let _ = (Exposition::read(&text), Exposition::read(&any));
        }

        #[test]
        fn what_is_written_is_read_again(
            name in "[a-z_:][a-z0-9_:]{0,9}", label in "[a-z_][a-z0-9_]{0,9}", said in any::<String>(), value in any::<f64>(),
        ) {
            prop_assume!(value.is_finite());
            let quoted = said.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let read = Exposition::read(&format!("{name}{{{label}=\"{quoted}\"}} {value:e}\n")).unwrap();
            prop_assert_eq!(read.series, [Series { name, labels: vec![(label, said)], value }]);
        }
    }
}
