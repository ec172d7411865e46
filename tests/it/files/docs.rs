//! README.md and docs/: their console blocks run as they stand, their tables name every option and every metric, their
//! links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{labels, open_tempdir, report_rules};

/// Metrics whose value depends on the second and on the disk of this machine.
const PASSING: [&str; 3] = ["oldest", "used_bytes", "used_inodes"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page below the repository's root.
fn page(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The page of a program.
fn program_page(name: &str) -> String {
    page(&format!("docs/{name}.md"))
}

/// README.md, the pages in docs/ and what else people read first, by path.
fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(repository().join("docs")).unwrap();
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file());
    let names = files.map(|entry| entry.file_name().into_string().unwrap());
    let mut paths: Vec<String> = names.map(|name| format!("docs/{name}")).collect();
    paths.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(ToOwned::to_owned));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), page(&path))).collect()
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
        let printed = String::from_utf8(output.stdout).unwrap();
        report_rules::hold(&printed);
        printed
    }
}

#[test]
fn console_blocks_print_what_the_pages_say() {
    let mut commands = 0;
    for (path, text) in pages() {
        let mut shell = Shell::new();
        for block in text.split("\n```console\n").skip(1) {
            let block = block.split("\n```").next().unwrap();
            for step in format!("\n{block}\n").split("\n$ ").skip(1) {
                let (line, expected) = step.split_once('\n').unwrap_or((step, ""));
                let printed = shell.run(line);
                let (printed, expected) = (printed.trim_end(), expected.trim_end());
                assert_eq!(passing(printed), passing(expected), "{path}: $ {line}");
                commands += 1;
            }
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
fn every_program_has_a_page_with_states_and_all_its_options() {
    let common = page("docs/conventions.md");
    let readme = page("README.md");
    for mut command in suite::commands() {
        command.build();
        let name = command.get_name();
        let own = program_page(name);
        assert!(readme.contains(&format!("[{name}](docs/{name}.md)")), "README.md: {name}");
        let is_check = name.starts_with("check_");
        let states: &[&str] = match name {
            _ if is_check => &["OK", "WARNING", "CRITICAL", "UNKNOWN"],
            // They answer requests, and their end says nothing of a state.
            "pushover_channel" | "smtp_canary" => &[],
            _ => &["OK", "QUEUED", "REJECTED", "UNKNOWN"],
        };
        for state in states {
            let states = section(&own, "\n## States\n");
            assert!(states.contains(&format!("\n| {state} | ")), "{name}: {state}");
        }
        // What is no check takes other options, so all of them stand in its own section.
        let documented: BTreeSet<String> = [own.as_str(), if is_check { &common } else { "" }]
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
fn every_label_stands_in_the_table_of_its_page_and_in_its_man_page() {
    for command in
        suite::commands().iter().filter(|command| command.get_name().starts_with("check_"))
    {
        let name = command.get_name();
        let in_docs: BTreeSet<String> =
            labels::documented(name).into_iter().map(|row| row.label).collect();
        let page = fs::read_to_string(repository().join(format!("man/{name}.1"))).unwrap();
        let (_, rest) = page.split_once("\n.SH PERFORMANCE DATA\n").unwrap();
        let section = format!("\n{}", rest.split("\n.SH ").next().unwrap());
        let in_page: BTreeSet<String> = section
            .split("\n.TP\n")
            .skip(1)
            .filter_map(|entry| entry.lines().next())
            .flat_map(|line| line.split([' ', '"', ',']).skip(1))
            .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
            .map(ToOwned::to_owned)
            .collect();
        assert_eq!(in_docs, in_page, "{name}");
    }
}

#[test]
fn the_list_of_labels_is_that_of_the_pages() {
    let mut expected = Vec::new();
    for command in suite::commands() {
        let name = command.get_name();
        if name.starts_with("check_") {
            let page = program_page(name);
            let rows = section(&page, "\n## Perfdata\n").lines();
            let rows = rows.filter(|line| line.starts_with("| `"));
            expected.extend(rows.map(|row| format!("| [{name}]({name}.md) {row}")));
        }
    }
    expected.sort();
    let list = page("docs/labels.md");
    let mut listed: Vec<&str> = list.lines().filter(|line| line.starts_with("| [")).collect();
    listed.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn links_lead_to_files_and_headings() {
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let pages = pages();
    let mut links = 0;
    for (path, text) in &pages {
        let links_of = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links_of.filter(|link| !link.contains("://")) {
            links += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let from = repository().join(path);
            let target = if file.is_empty() { from } else { from.parent().unwrap().join(file) };
            assert!(target.exists(), "{path}: {link}");
            let known = heading.is_empty()
                || fs::read_to_string(&target).unwrap().lines().any(|line| {
                    line.starts_with('#') && anchor(line.trim_start_matches('#').trim()) == heading
                });
            assert!(known, "{path}: {link}");
        }
    }
    assert!(links > suite::commands().len(), "only {links} links");
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
