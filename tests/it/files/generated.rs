//! Files that follow the command lines: one registry, man pages and completions compared with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::error::ErrorKind;
use clap::{Arg, ValueHint};
use clap_complete::Shell;

/// A file of this package.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names() -> BTreeSet<String> {
    suite::commands().iter().map(|command| command.get_name().to_owned()).collect()
}

/// The names of the files in a directory, those with that extension only, without it.
fn stems(dir: &str, extension: &str) -> BTreeSet<String> {
    fs::read_dir(file(dir))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_binary_is_registered_and_has_a_man_page() {
    assert_eq!(names(), stems("src/bin", "rs"));
    assert_eq!(names(), stems("man", "1"));
}

#[test]
fn man_pages_have_the_expected_sections_and_the_version() {
    for name in names() {
        let page = page(&name);
        let title = page.lines().next().unwrap();
        let upper = name.to_uppercase();
        let version = format!("\"monitoring-plugins-axigen {}\"", env!("CARGO_PKG_VERSION"));
        assert!(title.starts_with(&format!(".TH {upper} 1 ")), "{title}");
        assert!(title.contains(&version), "{title}");
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXIT STATUS",
            "EXAMPLES",
            "FILES",
            "SEE ALSO",
        ] {
            assert!(block(&page, section).is_some(), "{name}: no {section}");
        }
        // Plugins are in no PATH: whoever reads of one must be able to type it.
        let first = block(&page, "FILES").unwrap().lines().nth(1);
        assert_eq!(first, Some(&*format!(".I /usr/lib/nagios/plugins/{name}")));
    }
}

#[test]
fn man_pages_have_every_option_with_its_value_and_default_and_no_other() {
    for command in &mut suite::commands() {
        command.build();
        let page = page(command.get_name());
        let described = entries(block(&page, "OPTIONS").unwrap());
        let mut expected: Vec<_> = command.get_arguments().filter(|a| !a.is_hide_set()).collect();
        for (tag, text) in &described {
            let options = options(tag);
            let index = expected
                .iter()
                .position(|argument| spelled(argument) == options)
                .unwrap_or_else(|| panic!("the command line has no option {options:?}"));
            let argument = expected.remove(index);
            if let Some(value) = value_name(argument) {
                let may_be_left_out =
                    argument.get_num_args().is_some_and(|count| count.min_values() == 0);
                let value = if may_be_left_out { format!("[{value}]") } else { value.to_owned() };
                assert!(tag.ends_with(&format!(" {value}")), "{tag}: takes {value}");
            }
            let default = argument
                .get_default_values()
                .first()
                .filter(|_| argument.get_action().takes_values())
                .map(|value| format!("(default {})", value.to_str().unwrap()));
            assert_eq!(
                text.find("(default ").map(|at| &text[at..=at + text[at..].find(')').unwrap()]),
                default.as_deref(),
                "{tag}"
            );
        }
        let missing: Vec<_> = expected.into_iter().map(spelled).collect();
        assert!(missing.is_empty(), "the man page lacks {missing:?}");
    }
}

#[test]
fn examples_in_man_pages_are_valid_command_lines() {
    for command in suite::commands() {
        let name = command.get_name();
        let page = page(name);
        let examples: Vec<&str> = block(&page, "EXAMPLES")
            .unwrap()
            .split(".EX\n")
            .skip(1)
            .map(|rest| rest.split(".EE").next().unwrap())
            .collect();
        assert!(!examples.is_empty(), "{name}: no example");
        for example in examples {
            let words = words(name, &plain(example));
            if let Err(error) = command.clone().try_get_matches_from(&words) {
                panic!("{example}\n{error}");
            }
        }
    }
}

/// What completions offer where the words are not known: without this shells name files for every value.
fn hinted(argument: Arg) -> Arg {
    let hint = match value_name(&argument) {
        Some("FILE") => ValueHint::FilePath,
        Some("DIR") => ValueHint::DirPath,
        Some("HOST") => ValueHint::Hostname,
        Some(_) => ValueHint::Other,
        None => return argument,
    };
    argument.value_hint(hint)
}

/// What clap makes for bash names files for a host, for `--option=x`, and wherever no word fits.
fn without_stray_files(script: &str) -> String {
    let previous = "    prev=\"$3\"\n";
    let before_the_sign = "    if [[ \"${prev}\" == \"=\" && COMP_CWORD -ge 2 ]]; then\n        \
                           prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n    fi\n";
    let host =
        "                    COMPREPLY=($(compgen -f \"${cur}\"))\n                    return 0";
    for replaced in [previous, " -o bashdefault -o default"] {
        assert!(script.contains(replaced), "{replaced}: no longer in what clap makes");
    }
    script
        .replace(previous, &format!("{previous}{before_the_sign}"))
        .replace(host, &host.replace("-f", "-A hostname"))
        .replace(" -o bashdefault -o default", "")
}

/// What clap makes for fish says nothing of words that belong to no option, so that fish names files.
fn words_of_their_own(command: &clap::Command) -> String {
    let name = command.get_name();
    let words: Vec<String> = command
        .get_positionals()
        .flat_map(Arg::get_possible_values)
        .map(|word| {
            let help = word.get_help().map(ToString::to_string).unwrap_or_default();
            format!("{}\\t'{}'", word.get_name(), help.replace('\'', "\\'"))
        })
        .collect();
    match words.join("\n") {
        none if none.is_empty() => format!("complete -c {name} -f\n"),
        words => format!("complete -c {name} -f -a \"{words}\"\n"),
    }
}

/// An option that offers words reads each of them, and names no other in its help.
#[test]
fn words_that_are_offered_are_read() {
    let mut offering = 0;
    for command in suite::commands() {
        for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
            for word in argument.get_possible_values() {
                offering += 1;
                let option = format!("--{}={}", argument.get_long().unwrap(), word.get_name());
                let read = command.clone().try_get_matches_from([command.get_name(), &option]);
                let kind = read.err().map(|error| error.kind());
                let refused = [ErrorKind::InvalidValue, ErrorKind::ValueValidation];
                assert!(!kind.is_some_and(|kind| refused.contains(&kind)), "{option}: {kind:?}");
            }
        }
    }
    assert!(offering > 50, "{offering}");
}

#[test]
fn completions_are_those_of_the_command_lines() {
    let directory = file("packaging/completions");
    let mut written = BTreeSet::new();
    for command in suite::commands() {
        let name = command.get_name().to_owned();
        let mut command = command.mut_args(hinted);
        for (shell, file_name) in [
            (Shell::Bash, format!("{name}.bash")),
            (Shell::Zsh, format!("_{name}")),
            (Shell::Fish, format!("{name}.fish")),
        ] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, &name, &mut script);
            let mut script = String::from_utf8(script).unwrap();
            match shell {
                Shell::Bash => script = without_stray_files(&script),
                Shell::Fish => script.insert_str(0, &words_of_their_own(&command)),
                _ => {}
            }
            let shipped = directory.join(&file_name);
            snapbox::Assert::new().action_env("SNAPSHOTS").eq(
                snapbox::Data::text(script).raw(),
                snapbox::Data::read_from(&shipped, None).raw(),
            );
            written.insert(file_name);
        }
    }
    let shipped: BTreeSet<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(shipped, written);
}

/// What bash is left to offer for a value, option by option, in a directory with one file.
#[test]
fn bash_names_files_where_one_is_meant_and_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("some-file"), "").unwrap();
    for command in suite::commands() {
        let name = command.get_name();
        let valued: Vec<&Arg> = command
            .get_arguments()
            .filter(|argument| !argument.is_positional() && value_name(argument).is_some())
            .collect();
        let script = file(&format!("packaging/completions/{name}.bash"));
        let ask = |argument: &&Arg| {
            let option = argument.get_long().unwrap();
            let words = format!("COMP_WORDS=({name} --{option} = some) COMP_CWORD=3");
            format!("{words}\n_{name} {name} some =\necho \"${{COMPREPLY[*]}}\"\n")
        };
        let start = format!(". {}\ncomplete -p {name}\n", script.display());
        let lines: String = std::iter::once(start).chain(valued.iter().map(ask)).collect();
        let bash = Command::new("bash").args(["-c", &lines]).current_dir(&directory).output();
        let output = String::from_utf8(bash.unwrap().stdout).unwrap();
        let mut replies = output.lines();
        let asked_otherwise = replies.next().unwrap_or_default();
        assert!(!asked_otherwise.contains("default"), "{asked_otherwise}");
        assert_eq!(replies.clone().count(), valued.len(), "{name}: {output}");
        for (argument, reply) in valued.into_iter().zip(replies) {
            let is_file = value_name(argument) == Some("FILE");
            assert_eq!(reply == "some-file", is_file, "{name} {}: {reply}", argument.get_id());
        }
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(file(&format!("man/{name}.1"))).unwrap()
}

/// A section of a man page, from the line after its heading to the next heading.
fn block<'a>(page: &'a str, section: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n.SH {section}\n"))?;
    Some(rest.split("\n.SH ").next().unwrap())
}

/// Tag and text of every `.TP` paragraph, as a reader sees them.
fn entries(section: &str) -> Vec<(String, String)> {
    section
        .split("\n.TP\n")
        .skip(1)
        .map(|entry| {
            let entry = entry.split("\n.SS ").next().unwrap();
            let (tag, text) = entry.split_once('\n').unwrap_or((entry, ""));
            let tag = plain(tag.split_once(' ').unwrap().1).replace('"', "");
            (tag, plain(text).replace('\n', " "))
        })
        .collect()
}

/// Text without the escapes and font changes of man(7).
fn plain(roff: &str) -> String {
    roff.replace("\\-", "-").replace("\\fI", "").replace("\\fR", "").replace("\\e", "\\")
}

/// The spellings of an option in the tag of its paragraph.
fn options(tag: &str) -> BTreeSet<String> {
    tag.split([' ', ',']).filter(|word| word.starts_with('-')).map(ToOwned::to_owned).collect()
}

/// The spellings of an option on the command line.
fn spelled(argument: &Arg) -> BTreeSet<String> {
    let short = argument.get_short_and_visible_aliases().unwrap_or_default();
    let long = argument.get_long_and_visible_aliases().unwrap_or_default();
    short
        .into_iter()
        .map(|letter| format!("-{letter}"))
        .chain(long.into_iter().map(|name| format!("--{name}")))
        .collect()
}

fn value_name(argument: &Arg) -> Option<&str> {
    argument.get_action().takes_values().then(|| argument.get_value_names().unwrap()[0].as_str())
}

/// The words a shell makes of a command line.
fn words(name: &str, command_line: &str) -> Vec<String> {
    let script = format!("{name}() {{ printf '%s\\0' \"$@\"; }}\n{command_line}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command_line}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let arguments = text.split_terminator('\0').map(ToOwned::to_owned);
    std::iter::once(name.to_owned()).chain(arguments).collect()
}
