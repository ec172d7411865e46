//! Is an Axigen server alive, and is its release one with a known hole? Asks the CLI service, without a login.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("AXIGEN VERSION", suite::check_axigen_version::check)
}
