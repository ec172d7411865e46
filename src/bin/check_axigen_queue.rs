//! Is mail stuck? Counts the messages in an Axigen queue and how old they are.

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::program::run_check("AXIGEN QUEUE", suite::check_axigen_queue::check)
}
