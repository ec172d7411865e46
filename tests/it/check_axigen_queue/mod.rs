//! `check_axigen_queue` on real trees: never a false low, and the verdicts an administrator expects.

mod count;
mod filesystems;
mod layout;
mod locate;
mod metrics;
mod rights;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Outcome, program, run};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn check(queue_dir: &Path, options: &[&str]) -> Outcome {
    run(Command::new(program("check_axigen_queue")).arg("--queue-dir").arg(queue_dir).args(options))
}

#[track_caller]
fn assert_partial(outcome: &Outcome, at_least: u64) {
    assert_eq!(outcome.metric("messages"), Some("U"), "{}", outcome.stdout);
    if at_least > 0 {
        assert!(
            outcome.first_line().contains(&format!("at least {at_least} message")),
            "{}",
            outcome.stdout
        );
    }
}
