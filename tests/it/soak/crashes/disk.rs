//! A disk and what of it survives a crash: the content that was synced, under the names whose directory was synced.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::trace::Call;
use crate::support::chmod;

/// How much of what was not synced survives. File systems promise none of it, and differ in what they do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unsynced {
    Nothing,
    /// As ext4 and XFS may leave it: a file has its new name, and is empty.
    NamesOnly,
    /// Each such file has the first half of its content.
    NamesAndHalf,
    /// As after a kill.
    Everything,
}

pub(super) const ALL: [Unsynced; 4] =
    [Unsynced::Nothing, Unsynced::NamesOnly, Unsynced::NamesAndHalf, Unsynced::Everything];

/// A file or directory, as a process sees it and as it is on the medium.
#[derive(Clone, Default)]
struct Node {
    seen: Content,
    kept: Content,
}

#[derive(Clone)]
enum Content {
    File(Vec<u8>),
    Directory(BTreeMap<String, usize>),
}

impl Default for Content {
    fn default() -> Self {
        Self::File(Vec::new())
    }
}

/// A directory with all that is in it.
#[derive(Clone)]
pub(super) struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
}

impl Disk {
    /// What is there now, all of it on the medium.
    pub(super) fn of(root: &Path) -> Self {
        let mut disk = Self { root: root.to_owned(), nodes: Vec::new() };
        disk.read(root);
        disk
    }

    fn read(&mut self, path: &Path) -> usize {
        let number = self.nodes.len();
        self.nodes.push(Node::default());
        let content = if path.is_dir() {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
            let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
            Content::Directory(entries.map(|e| (name(&e), self.read(&e.path()))).collect())
        } else {
            Content::File(fs::read(path).unwrap())
        };
        self.nodes[number] = Node { seen: content.clone(), kept: content };
        number
    }

    /// Does what the call did. Files elsewhere are passed over.
    pub(super) fn apply(&mut self, call: &Call) {
        match call {
            Call::Create(path) => self.add(path, Content::default()),
            Call::MakeDir(path) => self.add(path, Content::Directory(BTreeMap::new())),
            Call::Write(path, data) => {
                if let Some(Content::File(content)) = self.seen(path) {
                    content.extend_from_slice(data);
                }
            }
            Call::Truncate(path, size) => {
                if let Some(Content::File(content)) = self.seen(path) {
                    content.truncate(*size);
                }
            }
            Call::Rename(path, new) => {
                let Some(number) = self.find(path) else { return };
                self.enter(path, None);
                self.enter(new, Some(number));
            }
            Call::Link(path, new) => {
                let number = self.find(path);
                self.enter(new, number);
            }
            Call::Unlink(path) => self.enter(path, None),
            Call::Sync(path) => {
                if let Some(number) = self.find(path) {
                    let node = &mut self.nodes[number];
                    node.kept = node.seen.clone();
                }
            }
            Call::Connect | Call::Receive(_) => {}
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let below = path.strip_prefix(&self.root).ok()?;
        below.iter().try_fold(0, |number, name| match &self.nodes[number].seen {
            Content::Directory(entries) => entries.get(name.to_str()?).copied(),
            Content::File(_) => None,
        })
    }

    fn seen(&mut self, path: &Path) -> Option<&mut Content> {
        self.find(path).map(|number| &mut self.nodes[number].seen)
    }

    /// Something new, unless it is there.
    fn add(&mut self, path: &Path, content: Content) {
        if self.find(path).is_some() || !path.starts_with(&self.root) {
            return;
        }
        let empty = match &content {
            Content::Directory(_) => content.clone(),
            Content::File(_) => Content::default(),
        };
        self.nodes.push(Node { seen: content, kept: empty });
        self.enter(path, Some(self.nodes.len() - 1));
    }

    /// Gives a name to something, or to nothing.
    fn enter(&mut self, path: &Path, number: Option<usize>) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(Content::Directory(entries)) = self.seen(path.parent().unwrap()) {
            match number {
                Some(number) => entries.insert(name, number),
                None => entries.remove(&name),
            };
        }
    }

    /// Writes what a crash leaves to `target`, with `adapt` done to the content of files.
    pub(super) fn crash(
        &self,
        unsynced: Unsynced,
        target: &Path,
        adapt: &dyn Fn(Vec<u8>) -> Vec<u8>,
    ) {
        self.write(0, unsynced, target, adapt);
    }

    fn write(
        &self,
        number: usize,
        unsynced: Unsynced,
        target: &Path,
        adapt: &dyn Fn(Vec<u8>) -> Vec<u8>,
    ) {
        let Node { seen, kept } = &self.nodes[number];
        let content = match (unsynced, seen) {
            (Unsynced::Nothing, _) | (Unsynced::NamesOnly, Content::File(_)) => kept.clone(),
            (Unsynced::NamesAndHalf, Content::File(seen)) => match kept {
                Content::File(kept) if kept == seen => Content::File(seen.clone()),
                _ => Content::File(seen[..seen.len() / 2].to_vec()),
            },
            _ => seen.clone(),
        };
        match content {
            Content::File(content) => {
                fs::write(target, adapt(content)).unwrap();
                chmod(target, 0o600);
            }
            Content::Directory(entries) => {
                fs::create_dir_all(target).unwrap();
                chmod(target, 0o700);
                for (name, number) in entries {
                    self.write(number, unsynced, &target.join(name), adapt);
                }
            }
        }
    }
}
