//! Which lines of a check's output go to a phone. Pure.

use super::text::cut;

/// Lines 1 and 2, which are the problems and the next step, then those that name a state worse than OK, worst first. What is
/// fine wakes nobody, and details are read at a desk.
#[must_use]
pub(crate) fn worth_a_push(lines: Vec<String>) -> Vec<String> {
    let mut lines = lines.into_iter();
    let first = lines.next();
    let second = lines.next();
    let mut named: Vec<String> = lines.filter(|line| severity(line) > 0).collect();
    named.sort_by_key(|line| std::cmp::Reverse(severity(line)));
    let second = second.filter(|line| !line.starts_with("[OK]"));
    [first, second].into_iter().flatten().chain(named).collect()
}

/// The lines that fit whole into so many characters; lines 1 and 2 in any case, but cut where the one would not fit that
/// names the worst state.
#[must_use]
pub(crate) fn that_fit(mut lines: Vec<String>, room: usize) -> String {
    make_room_for_the_worst(&mut lines, room);
    let mut text = String::new();
    let mut left = room;
    for (number, line) in lines.into_iter().enumerate() {
        let length = line.chars().count() + 1;
        if number > 1 && length > left {
            break;
        }
        left = left.saturating_sub(length);
        if number > 0 {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

/// The lines behind the second are sorted, so that the worst of them is the third.
fn make_room_for_the_worst(lines: &mut Vec<String>, room: usize) {
    let [first, second, worst, ..] = lines.as_mut_slice() else { return };
    if severity(worst) <= severity(first).max(severity(second)) {
        return;
    }
    *worst = cut(worst, room / 2);
    // Each line has an end.
    let left = room.saturating_sub(worst.chars().count() + 2);
    if first.chars().count() + 1 + second.chars().count() <= left {
        return;
    }
    *first = cut(first, left);
    let left = left.saturating_sub(first.chars().count() + 1);
    *second = cut(second, left);
    if second.is_empty() {
        lines.remove(1);
    }
}

/// How bad the worst state is that a line names, in the words that all plugins use; 0 for none.
fn severity(line: &str) -> u8 {
    if line.starts_with("[OK]") {
        return 0;
    }
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let rank = |word| match word {
        "CRITICAL" => 3,
        "WARNING" => 2,
        "UNKNOWN" => 1,
        _ => 0,
    };
    words.map(rank).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_names_the_worst_state_stays() {
        for (first, second) in [(2000, 10), (500, 600), (1000, 10), (10, 2000), (10, 10)] {
            let lines = ["a".repeat(first), "b".repeat(second), "c: CRITICAL".to_owned()];
            let text = that_fit([&lines[..], &["d: WARNING".to_owned()]].concat(), 1024);
            assert!(text.contains("\nc: CRITICAL"), "{first}, {second}: {text}");
            assert!(text.starts_with('a') && text.chars().count() <= 1024, "{first}, {second}");
        }
        let lines = ["x is CRITICAL ".repeat(90), "b".to_owned(), "c: CRITICAL".to_owned()];
        assert!(that_fit(lines.to_vec(), 1024).starts_with(&lines[0]), "the title's own");
    }

    #[test]
    fn problems_and_the_next_step_come_first_and_what_is_fine_never() {
        for (case, output, expected) in [
            (
                "our own",
                "a, b\nmend it\n[OK] c\n[UNKNOWN] d\n[CRITICAL] a\n  mend it\n[WARNING] b\nport 25",
                "a, b/mend it/[CRITICAL] a/[WARNING] b/[UNKNOWN] d",
            ),
            ("no next step", "a\n[OK] WARNING light is off", "a"),
            (
                "a foreign plugin",
                "1 of 3\nhost a is OK\nhost b: WARNING\nhost c: CRITICAL\nseen",
                "1 of 3/host a is OK/host c: CRITICAL/host b: WARNING",
            ),
            ("no word of a state", "full\nUNKNOWNABLE\nCRITICALLY", "full/UNKNOWNABLE"),
            ("nothing", "", ""),
        ] {
            let lines = output.lines().map(ToOwned::to_owned).collect();
            assert_eq!(worth_a_push(lines).join("/"), expected, "{case}");
        }
    }

    #[test]
    fn lines_stay_whole() {
        let lines = || ["one", "two", "three"].map(ToOwned::to_owned).to_vec();
        for (room, expected) in [(1, "one\ntwo"), (13, "one\ntwo"), (14, "one\ntwo\nthree")] {
            assert_eq!(that_fit(lines(), room), expected, "{room}");
        }
    }
}
