//! Measures `check_axigen_queue` against `find` and against the physical limit, on trees named like
//! an Axigen queue. Prints the markdown tables of `benches/README.md`, which explains them.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use rustix::fs::{statvfs, sync};
use tempfile::TempDir;

/// 00 to 3F, as with `queueEntryCount = 64`.
const SUBDIRECTORIES: u64 = 64;
/// Ages are spread over six days, so that every age bucket gets messages.
const OLDEST_SECONDS: u64 = 6 * 24 * 3600;
/// Few, because each one waits for the disk and slows down the rest of the host.
const COLD_ROUNDS: u64 = 5;
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

const FIND_NAME: &str = "`find DIR -name 'S*' \\| wc -l`";
const FIND_PRINTF: &str = "`find DIR -name 'S*' -printf '%T@\\n'`";
const LIMIT: &str = "getdents64 loop in C";
const LIMIT_WITH_AGES: &str = "getdents64 and statx loop in C";
const CHECK: &str = "`check_axigen_queue`";
/// Stands for the tree in a command line.
const QUEUE: &str = "{queue}";

/// Compare `check_axigen_queue` with find and with a bare getdents64 loop
#[derive(Parser)]
struct Args {
    /// Files in each tree, half of them messages; 0 is an empty queue
    #[arg(default_values_t = [0, 1_000, 100_000, 200_000, 1_000_000])]
    entries: Vec<u64>,
    /// Runs of each command on warm caches
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Where the trees are built: this file system is measured
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    dir: PathBuf,
    /// Given by cargo to every bench target
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let scratch = TempDir::with_prefix_in("queue-bench-", &args.dir)?;
    let subjects = subjects(&compile_limit(scratch.path())?);
    let empty = Tree::build(scratch.path(), 0)?;
    let can_drop_caches = OpenOptions::new().write(true).open(DROP_CACHES).is_ok();

    say(&describe_host(scratch.path())?)?;
    if !can_drop_caches {
        say(&format!("Cold caches: not measured, {DROP_CACHES} cannot be written.\n"))?;
    }
    for entries in args.entries {
        let tree = Tree::build(scratch.path(), entries)?;
        // These runs also warm the caches.
        let peaks = peaks(&subjects, &tree)?;
        let warm = measure(&subjects, &tree, args.rounds, || Ok(()))?;
        say(&table(&format!("{entries} entries, warm"), &warm, &peaks)?)?;

        if can_drop_caches {
            let cold = measure(&subjects, &tree, COLD_ROUNDS, || {
                sync(); // what is dirty is not dropped
                fs::write(DROP_CACHES, "3")?;
                // The queue shall be cold, not the programs.
                subjects.iter().try_for_each(|subject| subject.time(&empty).map(drop))
            })?;
            say(&table(&format!("{entries} entries, cold"), &cold, &peaks)?)?;
        }
    }
    Ok(())
}

/// What the numbers belong to, in one line.
fn describe_host(dir: &Path) -> io::Result<String> {
    let first_line = |command: &mut Command| -> io::Result<String> {
        let output = String::from_utf8_lossy(&command.output()?.stdout).into_owned();
        Ok(output.lines().next().unwrap_or_default().to_owned())
    };
    Ok(format!(
        "Linux {}, {}, {}.\n",
        fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
        first_line(Command::new("stat").args(["-f", "-c", "%T"]).arg(dir))?,
        first_line(Command::new("find").arg("--version"))?,
    ))
}

fn compile_limit(scratch: &Path) -> io::Result<String> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/getdents_loop.c");
    let program = scratch.join("getdents_loop");
    let cc = Command::new("cc").args(["-O2", source, "-o"]).arg(&program).status()?;
    if !cc.success() {
        return Err(io::Error::other("cc could not compile getdents_loop.c"));
    }
    Ok(program.display().to_string())
}

/// A queue on disk, removed when dropped.
struct Tree {
    root: TempDir,
    messages: u64,
}

impl Tree {
    fn build(scratch: &Path, entries: u64) -> io::Result<Self> {
        let messages = entries / 2;
        let disk = statvfs(scratch)?;
        // File systems without a fixed number of inodes report 0 of 0.
        if disk.f_files != 0 && disk.f_favail < entries + SUBDIRECTORIES {
            return Err(io::Error::other(format!(
                "{}: {} free inodes do not hold {entries} entries, choose another --dir",
                scratch.display(),
                disk.f_favail
            )));
        }

        let root = TempDir::with_prefix_in("tree-", scratch)?;
        for number in 0..SUBDIRECTORIES {
            fs::create_dir(root.path().join(format!("{number:02X}")))?;
        }
        let now = SystemTime::now();
        for message in 0..messages {
            let directory = root.path().join(format!("{:02X}", message % SUBDIRECTORIES));
            let id = 0x1000 + message * 7; // with gaps, as deliveries leave them
            let age = Duration::from_secs(message * 7919 % OLDEST_SECONDS);
            for letter in ['S', 'M'] {
                File::create(directory.join(format!("{letter}{id:X}")))?.set_modified(now - age)?;
            }
        }
        sync(); // else the disk is still busy with it while we measure
        Ok(Self { root, messages })
    }
}

/// One of the commands that are compared.
struct Subject {
    label: &'static str,
    words: Vec<String>,
    /// Prints the number of messages; the output of the others is thrown away.
    counts: bool,
}

fn subjects(limit: &str) -> [Subject; 7] {
    let check = env!("CARGO_BIN_EXE_check_axigen_queue");
    let find_wc = r#"find "$0" -name 'S*' | wc -l"#;
    let subject = |label, counts, words: &[&str]| Subject {
        label,
        words: words.iter().map(|&word| word.to_owned()).collect(),
        counts,
    };
    // -t: a cold disk may need longer than the default time-out.
    [
        subject("`true`", false, &["true"]),
        subject(FIND_NAME, true, &["sh", "-c", find_wc, QUEUE]),
        subject(LIMIT, true, &[limit, QUEUE]),
        subject(
            "`check_axigen_queue --count-only`",
            true,
            &[check, "-t", "600", "--count-only", "--queue-dir", QUEUE],
        ),
        subject(FIND_PRINTF, false, &["find", QUEUE, "-name", "S*", "-printf", "%T@\\n"]),
        subject(LIMIT_WITH_AGES, true, &[limit, "-a", QUEUE]),
        subject(CHECK, true, &[check, "-t", "600", "--queue-dir", QUEUE]),
    ]
}

impl Subject {
    fn time(&self, tree: &Tree) -> io::Result<Duration> {
        let mut command = self.command(tree, &[]);
        let start = Instant::now();
        let output = command.output()?;
        let elapsed = start.elapsed();
        self.verify_count(tree, &output.stdout)?;
        Ok(elapsed)
    }

    /// Peak resident memory. GNU time starts the command, because a child of ours would be charged
    /// with our own peak.
    fn peak_kib(&self, tree: &Tree) -> io::Result<u64> {
        let output = self.command(tree, &["time", "-q", "-f", "%M"]).output()?;
        self.verify_count(tree, &output.stdout)?;
        let report = String::from_utf8_lossy(&output.stderr);
        report
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("no number from time: {report}")))
    }

    fn command(&self, tree: &Tree, prefix: &[&str]) -> Command {
        let queue = tree.root.path().display().to_string();
        let words =
            self.words.iter().map(|word| if word == QUEUE { &queue } else { word.as_str() });
        let mut words = prefix.iter().copied().chain(words);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        if !self.counts {
            command.stdout(Stdio::null());
        }
        command
    }

    fn verify_count(&self, tree: &Tree, stdout: &[u8]) -> io::Result<()> {
        let stdout = String::from_utf8_lossy(stdout);
        if self.counts && count(&stdout) != Some(tree.messages) {
            return Err(io::Error::other(format!(
                "{}: {} messages expected, printed: {stdout}",
                self.label, tree.messages
            )));
        }
        Ok(())
    }
}

/// The check says `messages=N` in its performance data, the others print the bare number.
fn count(stdout: &str) -> Option<u64> {
    let number = stdout.split_once("messages=").map_or(stdout, |(_, number)| number);
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Median and fastest run of one subject.
struct Times {
    label: &'static str,
    median: Duration,
    fastest: Duration,
}

/// Runs every subject once per round, so that a busy moment of the host hits them alike.
fn measure(
    subjects: &[Subject],
    tree: &Tree,
    rounds: u64,
    prepare: impl Fn() -> io::Result<()>,
) -> io::Result<Vec<Times>> {
    let mut runs = vec![Vec::new(); subjects.len()];
    for _ in 0..rounds {
        for (subject, runs) in subjects.iter().zip(&mut runs) {
            prepare()?;
            runs.push(subject.time(tree)?);
        }
    }
    let times = subjects.iter().zip(&mut runs).map(|(subject, runs)| {
        runs.sort_unstable();
        Times {
            label: subject.label,
            median: runs.get(runs.len() / 2).copied().unwrap_or_default(),
            fastest: runs.first().copied().unwrap_or_default(),
        }
    });
    Ok(times.collect())
}

fn peaks(subjects: &[Subject], tree: &Tree) -> io::Result<Vec<u64>> {
    subjects.iter().map(|subject| subject.peak_kib(tree)).collect()
}

/// Ratios are of medians.
fn table(title: &str, times: &[Times], peaks: &[u64]) -> io::Result<String> {
    let median = |label| {
        let found = times.iter().find(|row| row.label == label);
        found.map_or(f64::NAN, |row| row.median.as_secs_f64())
    };
    let mut text = format!(
        "### {title}\n\n\
         | | median ms | fastest ms | find -name / this | find -printf / this | this / limit | peak RSS KiB |\n\
         |-|-:|-:|-:|-:|-:|-:|\n"
    );
    for (row, peak) in times.iter().zip(peaks) {
        let seconds = row.median.as_secs_f64();
        writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {peak} |",
            row.label,
            seconds * 1e3,
            row.fastest.as_secs_f64() * 1e3,
            median(FIND_NAME) / seconds,
            median(FIND_PRINTF) / seconds,
            seconds / median(limit_of(row.label)),
        )
        .map_err(io::Error::other)?;
    }
    Ok(text)
}

/// What is physically possible for the same work.
fn limit_of(label: &str) -> &'static str {
    let asks_for_ages = [FIND_PRINTF, LIMIT_WITH_AGES, CHECK].contains(&label);
    if asks_for_ages { LIMIT_WITH_AGES } else { LIMIT }
}

/// At once: a whole run takes minutes.
fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
