//! Transcripts in tests/cmd: the wording of help and of mistakes, where no queue is looked at. Parts of the demo.

use std::path::Path;

use crate::support::program;

#[test]
fn offline_transcripts_are_current() {
    let cases = trycmd::TestCases::new();
    for command in suite::commands() {
        cases.register_bin(command.get_name(), program(command.get_name()).as_path());
    }
    cases.case("tests/cmd/*/*.trycmd");
}

#[test]
fn each_program_has_transcripts_and_a_part_in_the_demo() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing: Vec<String> = suite::commands()
        .iter()
        .map(clap::Command::get_name)
        .flat_map(|name| {
            let transcripts = ["help", "usage-errors"];
            let mut files =
                transcripts.map(|file| format!("tests/cmd/{name}/{file}.trycmd")).to_vec();
            files.push(format!("examples/demo/{name}.sh"));
            files
        })
        .filter(|file| !root.join(file).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
