//! What Nagios and Naemon think of an object, from their status file. An external command has no condition, so it is looked
//! at before whether the problem is still the same.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::answer::Untold;
use crate::named_file::{self, FileError};
use crate::pushover::receipt::Alarm;

/// A hundred thousand services.
const FILE_BYTES: u64 = 1 << 28;
/// The lines of a block that matter are short; others are passed over.
const LINE_BYTES: usize = 4096;

/// Whether the problem of an alarm can be acknowledged: it is there, is no newer than the alarm, and nobody has acknowledged
/// it. The file must not be older than `at` (Unix seconds), when somebody acknowledged.
pub(super) fn is_the_same(path: &Path, alarm: &Alarm, at: u64) -> Result<bool, Untold> {
    let of_no_use = |error: FileError| match error {
        FileError::Io(source) => Untold::File { path: path.to_owned(), source },
        _ => Untold::NoStatus(path.to_owned()),
    };
    let file = named_file::open(path).map_err(of_no_use)?;
    let seen = read(BufReader::new(file.take(FILE_BYTES)), alarm)
        .map_err(|source| Untold::File { path: path.to_owned(), source })?;
    match seen.written {
        None => Err(Untold::NoStatus(path.to_owned())),
        Some(written) if written < at => Err(Untold::Stale(path.to_owned())),
        Some(_) => Ok(seen.object.is_some_and(|object| object.has(alarm))),
    }
}

/// What the file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// When it was written, in Unix seconds.
    written: Option<u64>,
    object: Option<Object>,
}

/// A host or service as its core knows it.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    is_problem: bool,
    is_acknowledged: bool,
    /// Last hard change of state, in Unix seconds.
    changed: u64,
}

impl Object {
    fn has(&self, alarm: &Alarm) -> bool {
        self.is_problem && !self.is_acknowledged && self.changed <= alarm.at
    }
}

/// Whether a status file that reads so is of a core, and has a problem that can be acknowledged.
pub(super) fn can_be_acknowledged(text: &[u8], alarm: &Alarm) -> bool {
    let seen = read(text, alarm).unwrap_or_default();
    seen.written.is_some() && seen.object.is_some_and(|object| object.has(alarm))
}

fn read(mut file: impl BufRead, alarm: &Alarm) -> io::Result<Seen> {
    let kind = if alarm.service.is_empty() { "hoststatus" } else { "servicestatus" };
    let mut seen = Seen::default();
    let mut block: Option<(String, BTreeMap<String, String>)> = None;
    while let Some(line) = next_line(&mut file)? {
        let line = line.trim_start_matches([' ', '\t']);
        if let Some(name) = line.strip_suffix('{') {
            block = Some((name.trim().to_owned(), BTreeMap::new()));
        } else if line.trim_end() == "}" {
            let Some((name, lines)) = block.take() else { continue };
            let number = |key: &str| lines.get(key)?.parse::<u64>().ok();
            if name == "info" {
                seen.written = number("created");
            } else if name == kind && is_wanted(&lines, alarm) {
                seen.object = object(&lines);
            }
        } else if let (Some((name, lines)), Some((key, value))) = (&mut block, line.split_once('='))
            && (name == "info" || name == kind)
        {
            // The first one counts: what a plugin printed stands behind it in lines of its own.
            lines.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    Ok(seen)
}

fn is_wanted(lines: &BTreeMap<String, String>, alarm: &Alarm) -> bool {
    let is = |key: &str, wanted: &str| lines.get(key).is_some_and(|seen| seen == wanted);
    let is_service = alarm.service.is_empty() || is("service_description", &alarm.service);
    is("host_name", &alarm.host) && is_service
}

fn object(lines: &BTreeMap<String, String>) -> Option<Object> {
    let number = |key: &str| lines.get(key)?.parse::<u64>().ok();
    Some(Object {
        is_problem: number("current_state")? != 0,
        is_acknowledged: number("problem_has_been_acknowledged")? != 0,
        changed: number("last_hard_state_change")?,
    })
}

/// The start of the next line; the rest of a long one is passed over.
fn next_line(file: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut is_read = false;
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            break;
        }
        is_read = true;
        let end = part.iter().position(|byte| *byte == b'\n');
        let (line, used) = match end {
            Some(end) => (part.get(..end).unwrap_or_default(), end + 1),
            None => (part, part.len()),
        };
        let room = LINE_BYTES.saturating_sub(bytes.len()).min(line.len());
        bytes.extend_from_slice(line.get(..room).unwrap_or_default());
        file.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(is_read.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(service: &str) -> Alarm {
        Alarm { host: "mail01".to_owned(), service: service.to_owned(), at: 1000 }
    }

    fn block(kind: &str, service: &str, state: u8, acknowledged: u8, changed: u64) -> String {
        let service = if service.is_empty() {
            String::new()
        } else {
            format!("\tservice_description={service}\n")
        };
        format!(
            "{kind} {{\n\thost_name=mail01\n{service}\tcurrent_state={state}\n\tlast_hard_state_change={changed}\n\
             \tplugin_output=x\n\tproblem_has_been_acknowledged={acknowledged}\n\t}}\n\n"
        )
    }

    #[test]
    fn only_the_same_problem_may_be_acknowledged() {
        for (state, acknowledged, changed, wanted) in [
            (2, 0, 1000, true),
            (1, 0, 10, true),
            (2, 0, 1001, false),
            (2, 1, 1000, false),
            (0, 0, 1000, false),
        ] {
            let text = [
                "info {\n\tcreated=2000\n\tversion=4.4.6\n\t}\n\n".to_owned(),
                block("hoststatus", "", 1, 0, 5),
                block("servicestatus", "other", 2, 0, 5),
                block("servicestatus", "queue", state, acknowledged, changed),
            ]
            .concat();
            let seen = read(text.as_bytes(), &alarm("queue")).unwrap();
            assert_eq!(seen.written, Some(2000));
            assert_eq!(seen.object.unwrap().has(&alarm("queue")), wanted, "{text}");
            let host = read(text.as_bytes(), &alarm("")).unwrap().object.unwrap();
            assert!(host.has(&alarm("")));
            assert_eq!(read(text.as_bytes(), &alarm("que")).unwrap().object, None);
        }
    }

    #[test]
    fn a_file_that_is_older_or_none_tells_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("status.dat");
        let look = |at| is_the_same(&path, &alarm("queue"), at);
        assert!(matches!(look(1), Err(Untold::File { .. })));
        std::fs::write(&path, block("servicestatus", "queue", 2, 0, 1000)).unwrap();
        assert!(matches!(look(1), Err(Untold::NoStatus(_))));
        let text =
            format!("info {{\n\tcreated=2000\n\t}}\n{}", block("servicestatus", "queue", 2, 0, 1));
        std::fs::write(&path, text).unwrap();
        assert!(matches!(look(2001), Err(Untold::Stale(_))));
        assert!(look(2000).unwrap());
    }

    #[test]
    fn a_long_line_is_passed_over() {
        let long = format!("a={}\nb=1", "x".repeat(100_000));
        let mut file = long.as_bytes();
        assert_eq!(next_line(&mut file).unwrap().unwrap().len(), LINE_BYTES);
        assert_eq!(next_line(&mut file).unwrap().as_deref(), Some("b=1"));
        assert_eq!(next_line(&mut file).unwrap(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_file_breaks_the_reader(bytes: Vec<u8>) {
            let _ = read(bytes.as_slice(), &alarm("queue"));
        }
    }
}
