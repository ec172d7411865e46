//! The basket for Icinga Director: commands and data fields follow the command lines. Templates and the service set are
//! written by hand in the same file. Whether Director takes it is for the lab.

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::configuration::{for_people, is_check, object_name};

const BASKET: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/examples/director/basket.json");
const CATEGORY: &str = "monitoring-plugins-axigen";

/// Name, title and description of a data field. Director 1.10 takes another text for another field, so they stay.
fn field(owner: &str, argument: &Arg, id: usize) -> Value {
    let long = argument.get_long().unwrap();
    let (first, rest) = long.split_at(1);
    let help = argument.get_help().map(ToString::to_string);
    let (kind, settings) = match argument.get_action() {
        ArgAction::Append => ("Array", json!({})),
        action if !action.takes_values() => ("Boolean", json!({})),
        _ if long == "port" => ("Number", json!({})),
        _ => ("String", json!({"visibility": "visible"})),
    };
    json!({
        "originalId": id.to_string(),
        "varname": format!("{owner}_{}", long.replace('-', "_")),
        "caption": first.to_uppercase() + &rest.replace('-', " "),
        "description": help,
        "datatype": format!("Icinga\\Module\\Director\\DataType\\DataType{kind}"),
        "format": null,
        "settings": settings,
        "category": CATEGORY,
    })
}

/// The parts of the basket that the command lines decide.
fn generated() -> Map<String, Value> {
    let mut fields = Map::new();
    let mut commands = Map::new();
    for mut command in suite::commands().into_iter().filter(is_check) {
        command.build();
        let name = object_name(command.get_name());
        let mut used = Vec::new();
        for argument in arguments(&command) {
            let id = fields.len() + 1;
            fields.insert(id.to_string(), field(&name, argument, id));
            used.push(json!({"datafield_id": id, "is_required": "n", "var_filter": null}));
        }
        // External, since the package defines it in a file.
        let object = json!({
            "object_name": name,
            "object_type": "external_object",
            "methods_execute": "PluginCheck",
            "fields": used,
        });
        commands.insert(name, object);
    }
    let category = json!({
        "category_name": CATEGORY,
        "description": "Options of the checks of monitoring-plugins-axigen",
    });
    Map::from_iter([
        ("Datafield".to_owned(), fields.into()),
        ("DatafieldCategory".to_owned(), json!({ CATEGORY: category })),
        ("ExternalCommand".to_owned(), commands.into()),
    ])
}

/// What an administrator sets. Every value of the services is shown as Nagios output, which Icinga reads.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && !for_people(argument))
        .filter(|argument| argument.get_long() != Some("output-format"))
}

#[test]
fn the_basket_for_director_follows_the_command_lines() {
    let shipped = std::fs::read_to_string(BASKET).unwrap();
    let mut wanted: Map<String, Value> = serde_json::from_str(&shipped).unwrap();
    wanted.extend(generated());
    let wanted = serde_json::to_string_pretty(&wanted).unwrap() + "\n";
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(
        snapbox::Data::text(wanted).raw(),
        snapbox::Data::read_from(BASKET.as_ref(), None).raw(),
    );
}

/// A variable of a template that no command knows would change nothing; one that the host has would hide the host's.
#[test]
fn templates_of_the_basket_set_what_the_commands_know() {
    let text = std::fs::read_to_string(BASKET).unwrap();
    let basket: Value = serde_json::from_str(&text).unwrap();
    let known: Vec<&str> = basket["Datafield"]
        .as_object()
        .unwrap()
        .values()
        .map(|field| field["varname"].as_str().unwrap())
        .collect();
    let templates = basket["ServiceTemplate"].as_object().unwrap();
    let mut checked: Vec<&str> = Vec::new();
    for (name, template) in templates {
        let command = template["check_command"].as_str().unwrap();
        assert!(basket["ExternalCommand"].get(command).is_some(), "{name}: {command}");
        checked.push(command);
        for variable in template["vars"].as_object().into_iter().flat_map(Map::keys) {
            let pushover = variable.starts_with("axigen_notify_pushover_");
            assert!(pushover || known.contains(&variable.as_str()), "{name}: {variable}");
            for of_the_host in ["_hostname", "_dir", "_recipient", "_domain", "_port"] {
                assert!(!variable.ends_with(of_the_host), "{name}: {variable}");
            }
        }
    }
    for command in basket["ExternalCommand"].as_object().unwrap().keys() {
        assert!(checked.contains(&command.as_str()), "no template for {command}");
    }
    for service in services(&basket) {
        let template = service["imports"][0].as_str().unwrap();
        assert!(templates.contains_key(template), "{template}");
        for variable in service["vars"].as_object().into_iter().flat_map(Map::keys) {
            assert!(known.contains(&variable.as_str()), "{service}: {variable}");
        }
    }
}

/// The services of every set.
fn services(basket: &Value) -> impl Iterator<Item = &Value> {
    let sets = basket["ServiceSet"].as_object().unwrap().values();
    sets.flat_map(|set| set["services"].as_object().unwrap().values())
}
