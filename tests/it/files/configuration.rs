//! Shipped Icinga and Nagios configuration against the command lines, both ways.
//!
//! Whether the cores load the files is for the lab; here nothing but our own options is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const ICINGA: &str = "packaging/icinga2/monitoring-plugins-axigen.conf";
const NAGIOS: &str = "packaging/nagios/monitoring-plugins-axigen.cfg";
const ICINGA_EXAMPLE: &str = "packaging/examples/icinga2/axigen.conf";
const NAGIOS_EXAMPLE: &str = "packaging/examples/nagios/axigen.cfg";
const NRPE_EXAMPLE: &str = "packaging/examples/nrpe/axigen.cfg";

/// Every object's name starts with it, so that none is the core's own.
const PREFIX: &str = "axigen_";

/// What Nagios puts on a command line: arguments of the configuration, and words the core itself chooses. Everything
/// else may hold what a person or a plugin wrote, and the line reaches a shell.
const HARMLESS: [&str; 6] =
    ["ARG1", "ARG2", "ARG3", "CONTACTPAGER", "LASTHOSTSTATE", "LASTSERVICESTATE"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// `axigen_queue` for `check_axigen_queue`, `axigen_notify_pushover` for `notify_pushover`.
pub(super) fn object_name(program: &str) -> String {
    let name = program.strip_prefix("check_").unwrap_or(program);
    format!("{PREFIX}{}", name.strip_prefix(PREFIX).unwrap_or(name))
}

pub(super) fn is_check(command: &clap::Command) -> bool {
    command.get_name().starts_with("check_")
}

/// What a core runs by a command of its configuration. The daemon of a channel finds it in a directory, and systemd starts
/// the canary's server.
fn run_by_cores() -> impl Iterator<Item = clap::Command> {
    let by_others = ["pushover_channel", "smtp_canary"];
    suite::commands().into_iter().filter(move |command| !by_others.contains(&command.get_name()))
}

/// An object or template of an Icinga file.
#[derive(Debug, Default)]
struct Object {
    /// The program's file name.
    program: String,
    imports: Vec<String>,
    /// Macro by option, and whether it is a `set_if`.
    arguments: BTreeMap<String, (String, bool)>,
}

/// Objects and templates by name, from the subset of the language that the file keeps to.
fn icinga_objects(text: &str) -> BTreeMap<String, Object> {
    let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let macro_of = |line: &str| line.rsplit('"').nth(1).unwrap_or_default().to_owned();
    let mut objects = BTreeMap::new();
    let mut object = Object::default();
    let (mut name, mut option) = (String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("object ") || line.starts_with("template ") {
            let before = std::mem::take(&mut object);
            objects.insert(std::mem::replace(&mut name, quoted(line)), before);
        } else if line.starts_with("command = ") {
            quoted(line).trim_start_matches('/').clone_into(&mut object.program);
            assert!(line.contains("PluginContribDir + "), "{line}");
        } else if line.starts_with("import ") {
            object.imports.push(quoted(line));
        } else if line.starts_with("\"-") {
            option = quoted(line);
            if !line.ends_with('{') {
                let known = object.arguments.insert(option.clone(), (macro_of(line), false));
                assert!(known.is_none(), "twice: {line}");
            }
        } else if line.starts_with("value = ")
            || line.starts_with("set_if = ")
            || line.starts_with("var text = string(macro(")
        {
            let flag = line.starts_with("set_if");
            let known = object.arguments.insert(option.clone(), (macro_of(line), flag));
            assert!(known.is_none(), "twice: {option}");
        }
    }
    objects.insert(name, object);
    objects.remove("");
    objects
}

/// What is wrong with the Icinga file; nothing, if it follows the command lines.
fn icinga_mistakes(text: &str) -> Vec<String> {
    let objects = icinga_objects(text);
    let mut mistakes = Vec::new();
    let mut known = BTreeSet::new();
    for mut command in run_by_cores() {
        command.build();
        let name = object_name(command.get_name());
        if is_check(&command) {
            let Some(object) = objects.get(&name) else {
                mistakes.push(format!("no object {name}"));
                continue;
            };
            mistakes.extend(option_mistakes(&name, &object.arguments, &command));
            mistakes.extend(unreachable_options(&name, &object.arguments, &command));
            mistakes.extend(program_mistake(&name, &object.program, &command));
            known.insert(name);
            continue;
        }
        for name in [format!("{name}_host"), format!("{name}_service")] {
            let Some(object) = objects.get(&name) else {
                mistakes.push(format!("no object {name}"));
                continue;
            };
            known.insert(name.clone());
            mistakes.extend(option_mistakes(&name, &object.arguments, &command));
            for import in &object.imports {
                let template = &objects[import];
                mistakes.extend(option_mistakes(import, &template.arguments, &command));
                mistakes.extend(program_mistake(import, &template.program, &command));
                known.insert(import.clone());
            }
        }
    }
    for name in objects.keys() {
        if !known.contains(name) {
            mistakes.push(format!("{name} belongs to no program"));
        }
        if !name.starts_with(PREFIX) {
            mistakes.push(format!("{name} is not named {PREFIX}..."));
        }
    }
    mistakes
}

fn program_mistake(name: &str, program: &str, command: &clap::Command) -> Option<String> {
    (program != command.get_name()).then(|| format!("{name} runs {program}"))
}

/// Options that are not there, flags with a value and the reverse, macros that are not named after the option.
fn option_mistakes(
    name: &str,
    arguments: &BTreeMap<String, (String, bool)>,
    command: &clap::Command,
) -> Vec<String> {
    let mut mistakes = Vec::new();
    // Notification commands share their variables, and check commands have an own name.
    let owner = object_name(command.get_name());
    for (option, (text, set_if)) in arguments {
        let found = command
            .get_arguments()
            .find(|arg| arg.get_long().is_some_and(|long| *option == format!("--{long}")));
        let Some(arg) = found else {
            mistakes.push(format!("{name}: {} has no {option}", command.get_name()));
            continue;
        };
        if arg.get_action().takes_values() == *set_if {
            mistakes.push(format!("{name}: {option} is a flag here and none there"));
        }
        let variable = format!("${owner}_{}$", option[2..].replace('-', "_"));
        let of_the_core = ["$notification.", "$host.", "$service.", "$icinga."];
        let from_core = of_the_core.iter().any(|start| text.starts_with(start));
        if *text != variable && (is_check(command) || !from_core) {
            mistakes.push(format!("{name}: {option} takes {text}, not {variable}"));
        }
    }
    mistakes
}

/// Help, version and lists are for people.
pub(super) fn for_people(argument: &clap::Arg) -> bool {
    ["help", "version", "list_samples"].contains(&argument.get_id().as_str())
}

/// Visible options no variable of the check command leads to.
fn unreachable_options(
    name: &str,
    arguments: &BTreeMap<String, (String, bool)>,
    command: &clap::Command,
) -> Vec<String> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set())
        .filter(|arg| !for_people(arg))
        .map(|arg| format!("--{}", arg.get_long().unwrap()))
        .filter(|option| !arguments.contains_key(option))
        .map(|option| format!("{name}: {option} cannot be reached"))
        .collect()
}

/// Name and line of every `define command`.
fn nagios_commands(text: &str) -> Vec<(String, String)> {
    let value = |keyword: &str| {
        let lines = text.lines().map(str::trim);
        lines
            .filter_map(|line| line.strip_prefix(keyword))
            .filter(|rest| rest.starts_with(' '))
            .map(|rest| rest.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let (names, lines) = (value("command_name"), value("command_line"));
    assert_eq!(names.len(), lines.len());
    names.into_iter().zip(lines).collect()
}

/// Splits a command line as sh does that holds nothing but words and single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        let mut pieces = part.split(' ');
        words.last_mut().unwrap().push_str(pieces.next().unwrap());
        words.extend(pieces.map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What is wrong with Nagios' or NRPE's commands; nothing, if our programs take every line.
fn line_mistakes(commands: &[(String, String)]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (name, line) in commands {
        let words = words(line);
        let program = words[0].rsplit('/').next().unwrap();
        let Some(command) =
            suite::commands().into_iter().find(|command| command.get_name() == program)
        else {
            mistakes.push(format!("{name} runs {program}"));
            continue;
        };
        for (number, part) in line.split('$').enumerate() {
            if number % 2 == 1 && part != "USER1" && !HARMLESS.contains(&part) {
                mistakes.push(format!("{name}: ${part}$ on a command line"));
            }
        }
        // Options that are limits, priorities and paths alike take these; addresses and domains are of another kind.
        let first = if is_check(&command) { "q" } else { "-1" };
        let before = std::iter::once("").chain(words.iter().map(String::as_str));
        let filled = before.zip(&words).map(|(option, word)| {
            let [first, second, third] = match option {
                "--recipient" | "--sender" => ["q@own.example"; 3],
                "--domain" | "--allow-recipient-domain" | "--partner" | "--canary" => {
                    ["own.example"; 3]
                }
                _ => [first, "10", "20"],
            };
            word.replace("$ARG1$", first)
                .replace("$ARG2$", second)
                .replace("$ARG3$", third)
                .replace('$', "")
        });
        if let Err(error) = command.try_get_matches_from(filled) {
            mistakes.push(format!("{name}: {error}"));
        }
    }
    mistakes
}

fn nagios_mistakes(text: &str) -> Vec<String> {
    let commands = nagios_commands(text);
    let mut mistakes = line_mistakes(&commands);
    for command in run_by_cores() {
        let name = object_name(command.get_name());
        let wanted = if is_check(&command) {
            vec![name]
        } else {
            vec![format!("{name}_host"), format!("{name}_service")]
        };
        for name in wanted {
            if !commands.iter().any(|(found, _)| *found == name) {
                mistakes.push(format!("no command {name}"));
            }
        }
    }
    for (name, _) in &commands {
        if !name.starts_with(PREFIX) {
            mistakes.push(format!("{name} is not named {PREFIX}..."));
        }
    }
    let defined = text.lines().filter(|line| line.starts_with("define "));
    mistakes.extend(
        defined
            .filter(|line| *line != "define command {")
            .map(|line| format!("not a command: {line}")),
    );
    mistakes
}

/// Our variables an example sets or asks for, and our commands it names, that the command file does not know.
fn example_mistakes(example: &str, commands: &str) -> Vec<String> {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let known: BTreeSet<&str> = commands.split(|c| !of_a_name(c)).collect();
    example
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.split(|c| !of_a_name(c)))
        .filter(|word| word.starts_with(PREFIX) && !word.starts_with("axigen_example_"))
        .filter(|word| !known.contains(word) && *word != "axigen_queue_dir")
        .map(|word| format!("{word} is unknown"))
        .collect()
}

#[test]
fn icinga_commands_follow_the_command_lines() {
    assert_eq!(icinga_mistakes(&read(ICINGA)), [""; 0]);
}

#[test]
fn nagios_commands_follow_the_command_lines() {
    assert_eq!(nagios_mistakes(&read(NAGIOS)), [""; 0]);
}

#[test]
fn nrpe_commands_follow_the_command_lines() {
    let lines: Vec<(String, String)> = read(NRPE_EXAMPLE)
        .lines()
        .filter_map(|line| line.strip_prefix("command[")?.split_once("]="))
        .map(|(name, line)| (name.to_owned(), line.to_owned()))
        .collect();
    assert!(!lines.is_empty());
    assert_eq!(line_mistakes(&lines), [""; 0]);
}

#[test]
fn examples_use_what_the_command_files_define() {
    assert_eq!(example_mistakes(&read(ICINGA_EXAMPLE), &read(ICINGA)), [""; 0]);
    assert_eq!(example_mistakes(&read(NAGIOS_EXAMPLE), &read(NAGIOS)), [""; 0]);
}

#[test]
fn every_program_is_in_the_examples_and_in_what_the_packages_say_of_themselves() {
    for command in run_by_cores() {
        let object = object_name(command.get_name());
        for path in [ICINGA_EXAMPLE, NAGIOS_EXAMPLE] {
            assert!(read(path).contains(&object), "{path}: no {object}");
        }
    }
    for command in suite::commands() {
        let program = command.get_name();
        for path in ["packaging/debian/control", "packaging/rpm/monitoring-plugins-axigen.spec"] {
            assert!(read(path).contains(program), "{path}: no {program}");
        }
    }
}

/// What cargo-deny lets in is what may be linked.
#[test]
fn the_packages_name_the_licences_of_what_is_linked() {
    let deny = read(".deny.toml");
    let (_, list) = deny.split_once("\nallow = [").unwrap();
    let list = list.split(']').next().unwrap();
    let licences: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(licences.len() > 2, "{licences:?}");
    for licence in licences {
        for path in [
            "packaging/rpm/monitoring-plugins-axigen.spec",
            "packaging/rpm/rpmlint.toml",
            "packaging/debian/copyright",
        ] {
            // Debian has names of its own.
            let name = match licence {
                "MIT" if path.contains("debian") => "Expat",
                other => other,
            };
            assert!(read(path).contains(name), "{path}: no {name}");
        }
    }
}

/// The tests above are worth what they find.
#[test]
fn planted_mistakes_are_found() {
    type Judge = fn(&str) -> Vec<String>;
    let example: Judge = |text| example_mistakes(text, &read(ICINGA));
    for (path, judge, good, bad) in [
        (ICINGA, icinga_mistakes as Judge, "\"--warning\"", "\"--waring\""),
        (ICINGA, icinga_mistakes, "\"--size\"", "\"--census\""),
        (ICINGA, icinga_mistakes, "$axigen_queue_size$", "$axigen_size$"),
        (
            ICINGA,
            icinga_mistakes,
            "set_if = \"$axigen_queue_size$",
            "value = \"$axigen_queue_size$",
        ),
        (ICINGA, icinga_mistakes, "/check_axigen_queue\"", "/check_axigen\""),
        (
            ICINGA,
            icinga_mistakes,
            "object CheckCommand \"axigen_queue\"",
            "object CheckCommand \"mailq\"",
        ),
        (ICINGA, icinga_mistakes, "\"--last-state\"", "\"--previous-state\""),
        (
            ICINGA,
            icinga_mistakes,
            "\"axigen_notify_pushover_host\"",
            "\"axigen_notify_pushover_hosts\"",
        ),
        (NAGIOS, nagios_mistakes, "--warning ", "--waring "),
        (NAGIOS, nagios_mistakes, "'$LASTHOSTSTATE$'", "'$HOSTOUTPUT$'"),
        (NAGIOS, nagios_mistakes, "'$LASTSERVICESTATE$'", "'$_SERVICENOTE$'"),
        (NAGIOS, nagios_mistakes, "axigen_queue\n", "check_queue\n"),
        (ICINGA_EXAMPLE, example, "vars.axigen_queue_warning", "vars.axigen_queue_warn"),
    ] {
        let text = read(path);
        assert!(text.contains(good), "{good}");
        let planted = text.replacen(good, bad, 1);
        // Planting an option twice is found while reading.
        let found = std::panic::catch_unwind(|| judge(&planted));
        assert!(found.map_or(true, |found| !found.is_empty()), "{bad}");
    }
}
