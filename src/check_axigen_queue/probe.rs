//! Looks at the queue: names of all directories first, then what they do not explain and free space, then ages with the
//! time left.

mod arrivals;
pub(super) mod axigen_cfg;
mod count;
mod kin;
mod locate;
pub(super) mod metrics;
mod names;
mod scan;
mod space;
mod tree;
mod unexplained;
mod watch;

use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags, fstat, fstatvfs, statx};
use rustix::io::Errno;

use super::facts::{Facts, Obstacle, ProbeError, Queue, Unread};
use super::target::Target;
use crate::clock::seconds;
use crate::program::{Progress, Run};
use arrivals::AgeLimit;
use names::Names;
use unexplained::Suspects;
use watch::Watch;

/// Memory for message names, all queues together: about 400,000 names.
const REMEMBERED_BYTES: usize = 4 * 1024 * 1024;

/// Gathers the facts.
pub(super) fn probe(
    target: &Target,
    run: &Run,
    progress: &Progress<Facts>,
) -> Result<(), ProbeError> {
    let located = locate::locate(&target.queue_dirs, target.config.as_deref(), &run.deadline)?;
    let queue = |path| Queue { path, ..Queue::default() };
    let mut queues: Vec<Queue> = located.queue_dirs.into_iter().map(queue).collect();
    progress.note(|facts| {
        facts.found_by = Some(located.found_by);
        facts.queues.clone_from(&queues);
    });
    let end = look(target, run, &mut queues, progress);
    progress.note(|facts| {
        facts.queues = queues;
        facts.cut_short = end.is_break().then(|| run.out_of_time());
    });
    if progress.read(Facts::is_denied) {
        run.deadline.enter("looking up this account's name");
        let account = account();
        progress.note(|facts| facts.account = account);
    }
    Ok(())
}

/// The count of all queues comes before every other step: it matters most, and ages cost most.
fn look(
    target: &Target,
    run: &Run,
    queues: &mut [Queue],
    progress: &Progress<Facts>,
) -> ControlFlow<()> {
    let now = seconds(run.now);
    let mut opened = count_all(target, run, queues, progress)?;
    for Opened { queue, root, suspects, watch, .. } in &mut opened {
        count::settle(queue, root.as_fd(), now, watch)?;
        suspects.settle(queue, root.as_fd(), now, watch)?;
        watch.enter(&queue.path, scan::ROOT, "asking for the free space of");
        let space = fstatvfs(root).map_err(Obstacle::System);
        queue.free = Some(space.and_then(|space| space::free(&space)));
        watch.tick(queue)?;
    }
    if let Some(older_than) = target.ages {
        let limit = AgeLimit { now, older_than };
        for Opened { queue, root, names, watch, .. } in &mut opened {
            arrivals::ask_all(queue, root.as_fd(), names, limit, watch)?;
        }
    }
    for Opened { queue, watch, .. } in &mut opened {
        if target.size {
            watch.enter(&queue.path, scan::ROOT, "adding up file sizes in");
            tree::measure(&queue.path, &run.deadline, queue.size.get_or_insert_default())?;
        }
        if target.census {
            watch.enter(&queue.path, scan::ROOT, "taking the census of");
            let census = queue.census.get_or_insert_default();
            tree::census(&queue.path, &run.deadline, now, census)?;
        }
    }
    ControlFlow::Continue(())
}

/// A queue that could be opened, and what the steps need of it.
struct Opened<'a> {
    queue: &'a mut Queue,
    root: OwnedFd,
    names: Names,
    suspects: Suspects,
    watch: Watch<'a>,
}

/// Opens and counts the queues, each directory once.
fn count_all<'a>(
    target: &Target,
    run: &'a Run,
    queues: &'a mut [Queue],
    progress: &'a Progress<Facts>,
) -> ControlFlow<(), Vec<Opened<'a>>> {
    let bytes_for_names = match target.ages {
        Some(_) => REMEMBERED_BYTES / queues.len().max(1),
        None => 0,
    };
    let mut opened: Vec<Opened<'_>> = Vec::new();
    for (index, queue) in queues.iter_mut().enumerate() {
        let watch = Watch::new(&run.deadline, progress, index);
        let Some(root) = open(queue, &watch) else { continue };
        if opened.iter().any(|other| is_same(&root, &other.root)) {
            let (path, obstacle) = (queue.path.clone(), Obstacle::SameAsBefore);
            queue.unread.note(|| Unread { path, obstacle, closed_parent: None });
            continue;
        }
        let mut names = Names::within(bytes_for_names);
        let suspects = count::count(queue, root.as_fd(), &mut names, &watch)?;
        opened.push(Opened { queue, root, names, suspects, watch });
    }
    ControlFlow::Continue(opened)
}

fn open(queue: &mut Queue, watch: &Watch<'_>) -> Option<OwnedFd> {
    watch.enter(&queue.path, scan::ROOT, "opening");
    let note = |errno| {
        let obstacle = Obstacle::System(errno);
        let closed_parent = obstacle.is_denied().then(|| closed_parent(&queue.path)).flatten();
        let path = queue.path.clone();
        queue.unread.note(|| Unread { path, obstacle, closed_parent });
    };
    scan::open_root(&queue.path).map_err(note).ok()
}

/// Whether two names lead to one directory, whose messages would count twice.
fn is_same(a: &OwnedFd, b: &OwnedFd) -> bool {
    match (fstat(a), fstat(b)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
        _ => false,
    }
}

/// The directory on the way to `path` that may not be entered, if there is one.
fn closed_parent(path: &Path) -> Option<PathBuf> {
    let mut way: Vec<&Path> =
        path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    way.reverse();
    let is_hidden = |part: &Path| {
        matches!(statx(CWD, part, AtFlags::empty(), StatxFlags::TYPE), Err(Errno::ACCESS))
    };
    let hidden = way.into_iter().find(|part| is_hidden(part))?;
    hidden.parent().map(Path::to_path_buf)
}

/// The name of the account that looks, or its number when it has none. Nobody can give root more rights than it has.
fn account() -> Option<String> {
    let uid = nix::unistd::geteuid();
    let name = || nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name);
    (!uid.is_root()).then(|| name().unwrap_or_else(|| uid.to_string()))
}
