//! A notifier with a bug: shows that no panic loses an alert in silence. The file that `LOST` names notes the loss.

use std::path::PathBuf;
use std::process::ExitCode;

use suite::program::{Delivery, Errand, Notifier, NotifierOptions, Outcome, run_notifier};

#[derive(clap::Parser)]
struct Args {
    #[command(flatten)]
    common: NotifierOptions,
    /// Panics while it is read
    #[arg(long, value_parser = broken)]
    broken: Option<String>,
    /// Panics in the worker alone
    #[arg(long)]
    worker: bool,
}

impl AsRef<NotifierOptions> for Args {
    fn as_ref(&self) -> &NotifierOptions {
        &self.common
    }
}

#[expect(clippy::panic, reason = "the bug this example shows the end of")]
fn broken(_: &str) -> Result<String, String> {
    panic!("a bug while reading")
}

#[expect(clippy::panic, reason = "the bug this example shows the end of")]
fn notify(args: &Args, _: &Errand) -> Outcome {
    let name = std::env::args().next().unwrap_or_default();
    if args.worker && !name.ends_with("(worker)") {
        return Outcome::new(Delivery::Accepted, "sent without a spool");
    }
    panic!("a bug | with=1\nforeign text")
}

fn main() -> ExitCode {
    run_notifier(&Notifier {
        service: "PANIC",
        notify,
        places: |_| Vec::new(),
        at_stake: |_| std::env::var_os("LOST").map(PathBuf::from),
        note_loss: |place, _| drop(std::fs::write(place, "lost")),
    })
}
