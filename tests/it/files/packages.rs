//! What the packages say stands in one place each.

use std::fs;
use std::path::Path;

/// What `packaging/contact` gives a name, without its quotes.
fn contact(name: &str) -> String {
    let text = fs::read_to_string("packaging/contact").unwrap();
    let start = format!("{name}='");
    let line = text.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('\''));
    line.unwrap_or_else(|| panic!("packaging/contact: no {name}")).to_owned()
}

#[test]
fn the_owner_fills_in_one_file() {
    let maintainer = contact("maintainer");
    let (name, address) =
        maintainer.strip_suffix('>').and_then(|text| text.split_once(" <")).unwrap();
    assert!(!name.is_empty() && address.contains('@'), "{maintainer}");
    let bugs = contact("bugs");
    assert!(bugs.starts_with("mailto:") || bugs.starts_with("https://"), "{bugs}");

    let mut read = 0;
    for root in ["Cargo.toml", "CONTRIBUTING.md", "README.md", "docs", "man", "packaging", "src"] {
        for entry in walkdir::WalkDir::new(Path::new(root)) {
            let entry = entry.unwrap();
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            read += 1;
            if !entry.path().ends_with("packaging/contact") {
                for held in [address, &bugs] {
                    assert!(!text.contains(held), "{}: {held}", entry.path().display());
                }
            }
        }
    }
    assert!(read > 100, "{read} files");
    for (path, line) in [
        ("packaging/debian/control", "\nMaintainer: @maintainer@\nBugs: @bugs@\n"),
        (
            "packaging/rpm/monitoring-plugins-axigen.spec",
            "%{suite_maintainer}\nBugURL:         %{suite_bugs}\n",
        ),
    ] {
        assert!(fs::read_to_string(path).unwrap().contains(line), "{path}");
    }
}
