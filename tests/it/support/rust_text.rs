//! Rust as text: what stands in a file once comments, literals and tests are out of the way.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::Regex;

/// One name that a `use` line brings into a file.
#[derive(Debug, PartialEq)]
pub(crate) struct Import {
    /// As it is called in the file.
    pub(crate) name: String,
    pub(crate) path: Vec<String>,
    pub(crate) is_public: bool,
}

static IMPORT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\bpub\b(?:\([^)]*\))?\s+)?\buse\s+([^;]+);").unwrap());
static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    let before = r"(?m)^(?:pub(?:\([^)]*\))? )?(?:const |unsafe |async )*";
    Regex::new(&format!(
        r"{before}(?:fn|struct|enum|union|trait|const|static|type|macro_rules!) (\w+)"
    ))
    .unwrap()
});

pub(crate) fn without_literals(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal(rest).unwrap_or(0);
        if length == 0 {
            kept.push(first);
        }
        rest = &rest[length.max(first.len_utf8())..];
    }
    kept
}

/// The length of the comment or literal that a text begins with.
fn literal(text: &str) -> Option<usize> {
    let until = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    match text.as_bytes() {
        [b'/', b'/', ..] => Some(text.find('\n').unwrap_or(text.len())),
        [b'/', b'*', ..] => Some(until("*/")),
        [b'r', b'"', ..] => text[2..].find('"').map(|at| at + 3),
        [b'r', b'#', b'"', ..] => Some(until("\"#")),
        [b'"', ..] => Some(quoted(text, '"')),
        [b'\'', b'\\', ..] => Some(quoted(text, '\'')),
        // Another quote behind one character: a lifetime has none.
        [b'\'', ..] => {
            let character = text[1..].chars().next()?.len_utf8();
            text[1 + character..].starts_with('\'').then_some(character + 2)
        }
        _ => None,
    }
}

/// The length of what begins and ends with a quote, none of those behind a backslash.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if character == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text.len()
}

/// A text without the items that are compiled for tests only.
pub(crate) fn without_tests(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, item)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        rest = &item[end_of_item(item)..];
    }
    kept + rest
}

/// Behind the semicolon or the brace that ends an item.
fn end_of_item(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in item.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(character, ';' | '}') {
            return at + 1;
        }
    }
    item.len()
}

/// What the `use` lines bring in, and the text without them.
pub(crate) fn imports(text: &str) -> (Vec<Import>, String) {
    let mut found = Vec::new();
    for line in IMPORT.captures_iter(text) {
        let tree: String = line[2].split_whitespace().collect::<Vec<_>>().join(" ");
        spread(&tree, &[], line.get(1).is_some(), &mut found);
    }
    (found, IMPORT.replace_all(text, "").into_owned())
}

/// Takes `a::{b, c::{self, d as e}}` apart.
fn spread(tree: &str, above: &[String], is_public: bool, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let head = head.split("::").map(str::trim).filter(|name| !name.is_empty());
        let above: Vec<String> = above.iter().cloned().chain(head.map(ToOwned::to_owned)).collect();
        let group = group.strip_suffix('}').unwrap();
        for branch in branches(group) {
            spread(branch, &above, is_public, found);
        }
    } else if !tree.is_empty() {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let own = path.split("::").map(|name| name.trim().to_owned());
        let mut path: Vec<String> = above.iter().cloned().chain(own).collect();
        if path.len() > 1 && path.last().unwrap() == "self" {
            path.pop();
        }
        assert_ne!(path.last().unwrap(), "*", "a glob hides what is used: {tree}");
        let name = if alias.is_empty() { path.last().unwrap() } else { alias };
        found.push(Import { name: name.to_owned(), path, is_public });
    }
}

/// The parts of a group between its own commas.
fn branches(group: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    group
        .split(|character| {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            character == ',' && depth == 0
        })
        .collect()
}

/// The names of the items at the top of a file.
pub(crate) fn names_defined(text: &str) -> BTreeSet<String> {
    DEFINITION.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn comments_literals_and_tests_are_left_out() {
    let text = "use a::B; // crate::x\nfn f<'a>(s: &'a str) -> char { '\\'' /* c::d */ }\n\
                #[cfg(test)]\nmod tests { fn g() {} }\nstatic S: &str = \"e::f\\\"\";\n\
                #[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod x;\nconst C: u8 = 0;";
    let text = without_tests(&without_literals(text));
    for absent in ["crate", "c::d", "fn g", "e::f", "mod x"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    let names: Vec<_> = names_defined(&text).into_iter().collect();
    assert_eq!(names, ["C", "S", "f"]);
}

#[test]
fn use_lines_are_taken_apart() {
    let (found, rest) = imports(
        "pub(crate) use a::{\n    b,\n    c::{self, d as e},\n};\nuse super::f;\nfn g() {}",
    );
    assert_eq!(rest.trim(), "fn g() {}");
    let short = |import: &Import| {
        let public = if import.is_public { "pub " } else { "" };
        format!("{public}{} = {}", import.name, import.path.join("::"))
    };
    let found: Vec<String> = found.iter().map(short).collect();
    assert_eq!(found, ["pub b = a::b", "pub c = a::c", "pub e = a::c::d", "f = super::f"]);
}
