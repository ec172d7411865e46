//! One meaning for each word: no two types share a name, and the glossary speaks of types there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::sources::Sources;

/// Each program, or each parser, has its own: the word means the same in all of them.
const SAME_MEANING: [&str; 7] =
    ["Args", "Target", "Policy", "Facts", "Progress", "ProbeError", "Parser"];

#[test]
fn no_two_types_share_a_name() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, name) in Sources::of_library().open_types() {
        files.entry(name).or_default().insert(file);
    }
    files.retain(|name, files| files.len() > 1 && !SAME_MEANING.contains(&name.as_str()));
    assert!(files.is_empty(), "{files:#?}");
}

#[test]
fn the_glossary_has_each_word_once_and_names_types_there_are() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/glossary.md");
    let text = std::fs::read_to_string(page).unwrap();
    let types: BTreeSet<String> =
        Sources::of_library().open_types().into_iter().map(|(_, name)| name).collect();
    let mut words = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Word")) {
        let (word, meaning) = line.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        if !words.insert(word) {
            wrong.push(format!("{word}: twice"));
        }
        let named = meaning.split('`').skip(1).step_by(2);
        let is_type = |name: &&str| name.starts_with(char::is_uppercase) && name.len() > 1;
        let missing = named.filter(is_type).filter(|name| !types.contains(*name));
        wrong.extend(missing.map(|name| format!("{word}: no type {name}")));
    }
    assert!(words.len() > 50, "the page was not read");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
