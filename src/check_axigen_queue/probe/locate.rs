//! Finds the queue directories: named on the command line, in axigen.cfg, or at the vendor's default places.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::axigen_cfg;
use crate::check_axigen_queue::facts::{ConfigSays, FoundBy, Obstacle, ProbeError};
use crate::deadline::Deadline;

/// Where Axigen keeps its configuration: Linux, then BSD
/// (<https://www.axigen.com/documentation/axigen-working-directory-p47120596>).
const CONFIGS: [&str; 2] = ["/var/opt/axigen/run/axigen.cfg", "/var/axigen/run/axigen.cfg"];
/// Where Axigen keeps its queue: Linux, the official container, BSD (same page).
const QUEUES: [&str; 3] = ["/var/opt/axigen/queue", "/axigen/var/queue", "/var/axigen/queue"];
/// Largest configuration file that is read.
const CONFIG_BYTES: u64 = 16 * 1024 * 1024;

/// The queue directories and how they were found.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) queue_dirs: Vec<PathBuf>,
    pub(crate) found_by: FoundBy,
}

/// Looks in the order an administrator expects: what is named, then what is configured, then what is usual.
pub(crate) fn locate(
    queue_dirs: &[PathBuf],
    config: Option<&Path>,
    deadline: &Deadline,
) -> Result<Located, ProbeError> {
    if !queue_dirs.is_empty() {
        return Ok(Located { queue_dirs: queue_dirs.to_vec(), found_by: FoundBy::QueueDir });
    }
    if let Some(path) = config {
        return queue_of(path, deadline)?
            .ok_or_else(|| ProbeError::NoQueuePath { path: path.to_path_buf() });
    }
    let mut config_says = ConfigSays::NoFile;
    for path in CONFIGS.map(Path::new) {
        match queue_of(path, deadline) {
            Ok(Some(located)) => return Ok(located),
            Ok(None) => config_says = ConfigSays::NoQueuePath(path.to_path_buf()),
            Err(ProbeError::ConfigUnreadable { cause: Obstacle::System(Errno::NOENT), .. }) => {}
            // Axigen's configuration is closed to other accounts as a rule, so that is no reason to give up. A disk that
            // fails is one: the file may name another queue than the usual.
            Err(ProbeError::ConfigUnreadable {
                path,
                cause: cause @ Obstacle::System(Errno::ACCESS | Errno::PERM),
            }) => config_says = ConfigSays::Unreadable(path, cause),
            Err(error) => return Err(error),
        }
    }
    first_existing(deadline, config_says)
}

/// The first default directory that exists, or might: behind a closed parent that cannot be told, and opening it will
/// say so.
fn first_existing(deadline: &Deadline, config_says: ConfigSays) -> Result<Located, ProbeError> {
    for queue in QUEUES.map(Path::new) {
        deadline.enter(format!("looking for {}", queue.display()));
        if !matches!(queue.try_exists(), Ok(false)) {
            let found_by = FoundBy::Default(config_says);
            return Ok(Located { queue_dirs: vec![queue.to_path_buf()], found_by });
        }
    }
    Err(ProbeError::NoQueue(&QUEUES))
}

fn queue_of(path: &Path, deadline: &Deadline) -> Result<Option<Located>, ProbeError> {
    deadline.enter(format!("reading {}", path.display()));
    let text = read(path)
        .map_err(|cause| ProbeError::ConfigUnreadable { path: path.to_path_buf(), cause })?;
    let queue_path = axigen_cfg::queue_path(&text)
        .map_err(|cause| ProbeError::ConfigBroken { path: path.to_path_buf(), cause })?;
    let Some(queue_path) = queue_path else {
        return Ok(None);
    };
    let queue_dir = if queue_path.is_absolute() {
        queue_path
    } else {
        working_directory(path)?.join(queue_path)
    };
    Ok(Some(Located { queue_dirs: vec![queue_dir], found_by: FoundBy::Config(path.to_path_buf()) }))
}

/// The configuration lies in `run/` below the working directory, which relative paths start from.
fn working_directory(config: &Path) -> Result<&Path, ProbeError> {
    config
        .parent()
        .filter(|run| run.file_name().is_some_and(|name| name == "run"))
        .and_then(Path::parent)
        .filter(|dir| dir.is_absolute())
        .ok_or_else(|| ProbeError::RelativeQueuePath { path: config.to_path_buf() })
}

fn read(path: &Path) -> Result<Vec<u8>, Obstacle> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Obstacle::NotAFile);
    }
    let mut text = Vec::new();
    file.take(CONFIG_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > CONFIG_BYTES {
        return Err(Obstacle::TooLarge);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_working_directory_is_above_run() {
        let dir = working_directory(Path::new("/var/opt/axigen/run/axigen.cfg")).unwrap();
        assert_eq!(dir, Path::new("/var/opt/axigen"));
        for elsewhere in ["/etc/axigen.cfg", "run/axigen.cfg", "axigen.cfg"] {
            assert!(working_directory(Path::new(elsewhere)).is_err(), "{elsewhere}");
        }
    }
}
