//! Transcripts in tests/cmd: the wording of help and of mistakes, where no queue is looked at.

use crate::support::program;

#[test]
fn offline_transcripts_are_current() {
    let cases = trycmd::TestCases::new();
    for command in suite::commands() {
        cases.register_bin(command.get_name(), program(command.get_name()).as_path());
    }
    cases.case("tests/cmd/*/*.trycmd");
}
