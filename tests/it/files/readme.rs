//! README.md: its console blocks run as they stand, its tables name every option and every metric.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::open_tempdir;

/// Metrics whose value depends on the second and on the disk of this machine.
const PASSING: [&str; 3] = ["oldest", "free_bytes", "free_inodes"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// Runs command lines in a directory of their own, with the built programs in the path.
struct Shell {
    dir: tempfile::TempDir,
    path: String,
    code: i32,
}

impl Shell {
    fn new() -> Self {
        let dir = open_tempdir();
        symlink(repository().join("examples"), dir.path().join("examples")).unwrap();
        let programs = PathBuf::from(env!("CARGO_BIN_EXE_check_axigen_queue"));
        let programs = programs.parent().unwrap().display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        Self { dir, path, code: 0 }
    }

    /// What the line prints, standard error included.
    fn run(&mut self, line: &str) -> String {
        let script = format!("exec 2>&1; (exit {}); {line}", self.code);
        let output: Output = Command::new("sh")
            .args(["-c", &script])
            .env("PATH", &self.path)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        self.code = output.status.code().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn console_blocks_print_what_the_readme_says() {
    let readme = readme();
    let mut shell = Shell::new();
    let mut commands = 0;
    for block in readme.split("\n```console\n").skip(1) {
        let block = block.split("\n```").next().unwrap();
        for step in format!("\n{block}\n").split("\n$ ").skip(1) {
            let (line, expected) = step.split_once('\n').unwrap_or((step, ""));
            let printed = shell.run(line);
            assert_eq!(passing(printed.trim_end()), passing(expected.trim_end()), "$ {line}");
            commands += 1;
        }
    }
    assert!(commands >= suite::commands().len(), "only {commands} commands");
}

/// Output with `#` in place of the values that change from run to run.
fn passing(output: &str) -> String {
    let replace = |word: &str| match word.split_once('=') {
        Some((label, value)) if PASSING.contains(&label) => {
            let limits = value.split_once(';').map_or("", |(_, limits)| limits);
            format!("{label}=#;{limits}")
        }
        _ => word.to_owned(),
    };
    let lines =
        output.lines().map(|line| line.split(' ').map(replace).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_program_has_a_section_with_states_and_all_its_options() {
    let readme = readme();
    let common = section(&readme, "\n## What holds for every program\n");
    for mut command in suite::commands() {
        command.build();
        let name = command.get_name();
        let own = section(&readme, &format!("\n## {name}\n"));
        let is_check = name.starts_with("check_");
        for state in if is_check {
            ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
        } else {
            ["OK", "QUEUED", "REJECTED", "UNKNOWN"]
        } {
            let states = section(own, "\n### States\n");
            assert!(states.contains(&format!("\n| {state} | ")), "{name}: {state}");
        }
        // A notifier takes other options than a check, so all of them stand in its own section.
        let documented: BTreeSet<String> = [own, if is_check { common } else { "" }]
            .iter()
            .flat_map(|text| code_words(first_cells(text)))
            .filter(|word| word.starts_with("--"))
            .collect();
        let taken: BTreeSet<String> = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set())
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        assert_eq!(taken, documented, "{name}");
    }
}

#[test]
fn the_metrics_of_check_axigen_queue_are_those_of_readme_and_man_page() {
    let mut shell = Shell::new();
    for (name, age) in [("one", "3 hours"), ("two", "1 minute")] {
        let said = shell.run(&format!("examples/sample-queue.sh {name} 2 '{age}'"));
        assert_eq!(shell.code, 0, "{said}");
    }
    let output = shell.run("check_axigen_queue --queue-dir one --queue-dir two --size");
    let (_, perfdata) = output.trim_end().split_once(" | ").unwrap();
    let mut printed: BTreeSet<String> =
        perfdata.split(' ').map(|item| item.split('=').next().unwrap().to_owned()).collect();
    // Absent on a file system without a fixed number of inodes.
    printed.insert("free_inodes".to_owned());

    let readme = readme();
    let section = section(section(&readme, "\n## check_axigen_queue\n"), "\n### Perfdata\n");
    let in_readme: BTreeSet<String> = code_words(first_cells(section)).collect();
    assert_eq!(printed, in_readme, "README.md");

    let page = fs::read_to_string(repository().join("man/check_axigen_queue.1")).unwrap();
    let (_, rest) = page.split_once("\n.SH PERFORMANCE DATA\n").unwrap();
    let in_page: BTreeSet<String> = rest
        .split("\n.SH ")
        .next()
        .unwrap()
        .split("\n.TP\n")
        .skip(1)
        .flat_map(|entry| entry.lines().next().unwrap().split([' ', '"', ',']).skip(1))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(printed, in_page, "man page");
}

/// The text below a heading, up to the next heading of the same level.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let level = heading.trim_start().split(' ').next().unwrap();
    rest.split(&format!("\n{level} ")).next().unwrap()
}

/// The first cells of all table rows.
fn first_cells(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
}

/// The first word of each code span; the opening backtick of the cell is already gone.
fn code_words<'a>(cells: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    cells
        .flat_map(|cell| cell.split('`').step_by(2))
        .filter_map(|span| Some(span.split(' ').next()?.to_owned()))
        .filter(|word| !word.is_empty())
}
