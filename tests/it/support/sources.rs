//! The sources of the library as a tree of modules, and which file uses what of which other.
//!
//! No compiler: `use` lines and paths are read as text, and a name is followed through re-exports to the file that
//! defines it. What is compiled for tests only is left out. A path that leads nowhere fails the test that asks, so that
//! nothing is overlooked in silence.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex_lite::Regex;
use walkdir::WalkDir;

use super::rust_text::{Import, imports, names_defined, without_literals, without_tests};

type Names = Vec<String>;

/// A file of the library.
struct File {
    /// From `src/`: `smtp/reply.rs`.
    path: String,
    /// Where it stands in the tree of modules: `smtp`, `reply`.
    module: Names,
    imports: Vec<Import>,
    defined: BTreeSet<String>,
    /// The rest of the file, without imports, comments and literals.
    body: String,
}

pub(crate) struct Sources {
    files: Vec<File>,
    by_module: BTreeMap<Names, usize>,
}

/// What one file uses of another.
pub(crate) struct Use {
    pub(crate) user: String,
    pub(crate) used: String,
    pub(crate) names: BTreeSet<String>,
}

static MODULE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bmod\s+(\w+)\s*;").unwrap());
static OPEN_TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^ *pub(?:\([^)]*\))? (?:struct|enum|union|trait|type) (\w+)").unwrap()
});
static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+").unwrap());

impl Sources {
    /// The library as it stands in `src/`.
    pub(crate) fn of_library() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let texts = WalkDir::new(&root)
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        Self::new(&texts)
    }

    /// What `lib.rs` leads to by its `mod` lines, among these texts by their paths.
    pub(crate) fn new(texts: &BTreeMap<String, String>) -> Self {
        let mut sources = Self { files: Vec::new(), by_module: BTreeMap::new() };
        let mut waiting = VecDeque::from([("lib.rs".to_owned(), Names::new())]);
        while let Some((path, module)) = waiting.pop_front() {
            let text = without_tests(&without_literals(&texts[&path]));
            for found in MODULE.captures_iter(&text) {
                let child = [&module[..], &[found[1].to_owned()]].concat();
                let stem = child.join("/");
                let candidates = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
                let file = candidates.into_iter().find(|path| texts.contains_key(path));
                waiting.push_back((file.unwrap_or_else(|| panic!("{path}: no {stem}")), child));
            }
            let (imports, body) = imports(&text);
            sources.by_module.insert(module.clone(), sources.files.len());
            let defined = names_defined(&text);
            sources.files.push(File { path, module, imports, defined, body });
        }
        sources
    }

    /// Every use of one file by another, in order of their paths.
    pub(crate) fn uses(&self) -> Vec<Use> {
        let mut found: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
        for file in &self.files {
            for path in self.inner_paths(file) {
                for (used, name) in self.definitions(file, &path) {
                    if used.path != file.path {
                        found.entry((&file.path, &used.path)).or_default().insert(name);
                    }
                }
            }
        }
        found
            .into_iter()
            .map(|((user, used), names)| Use {
                user: user.to_owned(),
                used: used.to_owned(),
                names,
            })
            .collect()
    }

    /// The paths of each file that lead out of the crate: `std::net::TcpStream`.
    pub(crate) fn outer_paths(&self) -> impl Iterator<Item = (&str, String)> {
        self.files.iter().flat_map(|file| {
            let imported = file.imports.iter().map(|import| import.path.clone());
            let outer = imported
                .chain(written_paths(file))
                .filter(|path| self.absolute(file, path).is_none());
            let import_of = |name: &String| file.imports.iter().find(|i| i.name == *name);
            let whole = outer.map(move |path| match import_of(&path[0]) {
                Some(import) if path.len() > 1 => [&import.path, &path[1..]].concat(),
                _ => path,
            });
            whole.map(|path| (file.path.as_str(), path.join("::")))
        })
    }

    /// The types that another file may name, each with its file.
    pub(crate) fn open_types(&self) -> Vec<(String, String)> {
        let types = |file: &File| {
            let named = OPEN_TYPE.captures_iter(&file.body).map(|found| found[1].to_owned());
            named.map(|name| (file.path.clone(), name)).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(types).collect()
    }

    /// The paths inside the crate that a file uses. What it only hands on by `pub use` is not among them.
    fn inner_paths(&self, file: &File) -> BTreeSet<Names> {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let words: BTreeSet<&str> = file.body.split(|character| !is_word(character)).collect();
        let is_used = |import: &&Import| !import.is_public || words.contains(import.name.as_str());
        let imported = file.imports.iter().filter(is_used);
        let imported = imported.map(|import| import.path.clone());
        imported.chain(written_paths(file)).filter_map(|path| self.absolute(file, &path)).collect()
    }

    /// A path from the root of the crate; none when it leads out of the crate or to a name of the file itself.
    fn absolute(&self, file: &File, path: &[String]) -> Option<Names> {
        let mut base = match path[0].as_str() {
            "crate" => Names::new(),
            "self" | "super" => file.module.clone(),
            first => {
                let child = [&file.module[..], &path[..1]].concat();
                let child = self.by_module.contains_key(&child).then_some(child);
                let mut named = file.imports.iter().filter(|i| i.name == first && i.path != path);
                let module = || named.find_map(|import| self.absolute(file, &import.path));
                let mut base = child.or_else(module)?;
                base.extend_from_slice(&path[1..]);
                return Some(base);
            }
        };
        let supers = path.iter().take_while(|name| *name == "super").count();
        base.truncate(base.len() - supers);
        base.extend_from_slice(&path[supers.max(1)..]);
        Some(base)
    }

    /// The files that define what a path names: none for a module, more than one for a name of several kinds.
    fn definitions(&self, user: &File, path: &[String]) -> Vec<(&File, String)> {
        let known = |length: &usize| self.by_module.contains_key(&path[..*length]);
        let length = (0..=path.len()).rev().find(known).unwrap();
        let mut found = Vec::new();
        // A module may stand beside a function of its name: `pub(crate) use grade::grade`.
        for length in [length, length.min(path.len() - 1)] {
            let Some(name) = path.get(length) else { continue };
            let file = &self.files[self.by_module[&path[..length]]];
            if file.defined.contains(name) {
                found.push((file, name.clone()));
            }
            for import in file.imports.iter().filter(|import| import.name == *name) {
                match self.absolute(file, &import.path) {
                    Some(next) if next != path => found.extend(self.definitions(user, &next)),
                    _ => {}
                }
            }
        }
        let is_module = length == path.len();
        assert!(is_module || !found.is_empty(), "{}: {} is nowhere", user.path, path.join("::"));
        found
    }
}

fn written_paths(file: &File) -> impl Iterator<Item = Names> {
    PATH.find_iter(&file.body)
        .map(|found| found.as_str().split("::").map(|name| name.trim().to_owned()).collect())
}

/// The import circles, each once and as short as it can be, with the names that close it.
pub(crate) fn circles(uses: &[Use]) -> Vec<String> {
    let mut next: BTreeMap<&str, Vec<&Use>> = BTreeMap::new();
    for one in uses {
        next.entry(&one.user).or_default().push(one);
    }
    let mut described = BTreeSet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in next.keys() {
        if let Some(circle) = circle(start, &next)
            && !circle.iter().any(|one| seen.contains(one.user.as_str()))
        {
            seen.extend(circle.iter().map(|one| one.user.as_str()));
            let steps = circle.iter().map(|one| {
                let names: Vec<&str> = one.names.iter().map(String::as_str).collect();
                format!("{} uses {} of {}", one.user, names.join(", "), one.used)
            });
            described.insert(steps.collect::<Vec<_>>().join("; "));
        }
    }
    described.into_iter().collect()
}

/// The shortest way from a file back to itself.
fn circle<'a>(start: &str, next: &BTreeMap<&str, Vec<&'a Use>>) -> Option<Vec<&'a Use>> {
    let mut waiting = VecDeque::from([Vec::new()]);
    let mut reached = BTreeSet::new();
    while let Some(way) = waiting.pop_front() {
        let end = way.last().map_or(start, |one: &&Use| one.used.as_str());
        for one in next.get(end).into_iter().flatten() {
            let way = [&way[..], &[*one]].concat();
            if one.used == start {
                return Some(way);
            }
            if reached.insert(one.used.as_str()) {
                waiting.push_back(way);
            }
        }
    }
    None
}
