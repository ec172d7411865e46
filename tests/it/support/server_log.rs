//! What a page says of the lines that a run leaves in the log of postfix.

use std::fs;
use std::path::Path;

use super::postfix::Postfix;

/// What a page says of one kind of run.
pub(crate) struct Table {
    /// Where it stands, for whoever has to mend it.
    place: String,
    /// What a line is made of, and how many there are.
    rows: Vec<(String, usize)>,
    /// All lines.
    total: usize,
}

impl Table {
    /// The column of the page about that.
    pub(crate) fn of(program: &str, column: &str) -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{program}.md"));
        let page = fs::read_to_string(page).unwrap();
        let place = format!("docs/{program}.md, {column}");
        let (_, section) = page.split_once(" leaves in the log\n").expect(&place);
        let mut lines = section.lines().skip_while(|line| !line.starts_with('|'));
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let titles = cells(lines.next().unwrap());
        let at = titles.iter().position(|title| title == column).expect(&place);
        let (mut rows, mut total) = (Vec::new(), 0);
        for cells in lines.skip(1).take_while(|line| line.starts_with('|')).map(cells) {
            let count = cells[at].parse().unwrap_or(0);
            match cells[0].split('`').nth(1) {
                Some(pattern) => rows.push((pattern.to_owned(), count)),
                None => total = count,
            }
        }
        Self { place, rows, total }
    }

    /// What is wrong with the table, once a run was made. Postfix's processes log when they come to it, so as many lines
    /// are awaited as the page promises.
    pub(crate) fn after<T>(&self, postfix: &Postfix, run: impl FnOnce() -> T) -> Vec<String> {
        let before = messages(&postfix.log()).len();
        run();
        let what = format!("{}: {} lines", self.place, self.total);
        let lines = postfix.log_when(&what, |log| {
            Some(messages(&log).split_off(before)).filter(|lines| lines.len() >= self.total)
        });
        self.differences(&lines)
    }

    /// Lines that no row is about, and rows with another number of lines.
    pub(crate) fn differences(&self, lines: &[String]) -> Vec<String> {
        let row = |line: &String| self.rows.iter().position(|(pattern, _)| is_like(line, pattern));
        let seen: Vec<Option<usize>> = lines.iter().map(row).collect();
        let strange = lines.iter().zip(&seen).filter(|(_, row)| row.is_none());
        let strange = strange.map(|(line, _)| format!("{}: no row for {line}", self.place));
        let counts = self.rows.iter().enumerate().filter_map(|(number, (pattern, count))| {
            let found = seen.iter().filter(|row| **row == Some(number)).count();
            (found != *count).then(|| format!("{}: {found} of {pattern}", self.place))
        });
        strange.chain(counts).collect()
    }
}

/// What was logged, without time and process, and without what postfix says of itself.
pub(crate) fn messages(log: &str) -> Vec<String> {
    let lines = log.lines().filter(|line| !line.contains(" postfix/master["));
    lines.filter_map(|line| line.split_once("]: ")).map(|(_, message)| message.to_owned()).collect()
}

/// Whether a line begins and goes on like the parts of a pattern between its dots.
fn is_like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("...");
    let start = parts.next().unwrap_or_default();
    let mut rest = line.strip_prefix(start);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}
