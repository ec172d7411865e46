//! A check with a bug: shows that a panic ends as UNKNOWN on standard output, with exit code 3.

use std::process::ExitCode;

use suite::monitoring::Report;
use suite::program::{CheckOptions, Run, UsageError, run_check};

#[derive(clap::Parser)]
struct Args {
    #[command(flatten)]
    common: CheckOptions,
}

impl AsRef<CheckOptions> for Args {
    fn as_ref(&self) -> &CheckOptions {
        &self.common
    }
}

#[expect(clippy::panic, reason = "the bug this example shows the end of")]
fn check(_: &Args, _: &Run) -> Result<Report, UsageError> {
    panic!("a bug | with=1\nforeign text")
}

fn main() -> ExitCode {
    run_check("PANIC", check)
}
