//! What a recorded run did to the files below one directory, call by call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A call that has succeeded. Paths are absolute.
#[derive(Debug)]
pub(super) enum Call {
    Create(PathBuf),
    MakeDir(PathBuf),
    Write(PathBuf, Vec<u8>),
    Truncate(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    Sync(PathBuf),
    /// A peer was called.
    Connect,
    /// A peer has said this.
    Receive(Vec<u8>),
}

/// Reads what `strace -f -y -xx` wrote.
pub(super) fn calls(log: &str) -> Vec<Call> {
    let mut begun: BTreeMap<&str, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        // Calls of several threads lie within one another; each counts when it is over.
        if let Some(begin) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, begin.to_owned());
            continue;
        }
        let whole = match rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, end)) => begun.remove(thread).unwrap_or_default() + end,
            None => rest.to_owned(),
        };
        calls.extend(call(&whole));
    }
    calls
}

fn call(line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (words, result) = rest.rsplit_once(" = ")?;
    let arguments = Arguments(words);
    if name == "connect" {
        return Some(Call::Connect);
    }
    let count: usize = result.split(['<', ' ']).next()?.parse().ok()?;
    Some(match name {
        "openat" if words.contains("O_CREAT") => Call::Create(arguments.path(0)?),
        "mkdirat" => Call::MakeDir(arguments.path(0)?),
        "write" => {
            let mut data = arguments.strings().next()?;
            data.truncate(count);
            Call::Write(arguments.descriptor(0)?, data)
        }
        "ftruncate" => {
            let size = words.rsplit_once(", ")?.1.trim_end_matches(')').parse().ok()?;
            Call::Truncate(arguments.descriptor(0)?, size)
        }
        "renameat" | "renameat2" => Call::Rename(arguments.path(0)?, arguments.path(1)?),
        "linkat" => Call::Link(arguments.path(0)?, arguments.path(1)?),
        "unlinkat" => Call::Unlink(arguments.path(0)?),
        "fsync" | "fdatasync" => Call::Sync(arguments.descriptor(0)?),
        "recvfrom" => Call::Receive(arguments.strings().next()?),
        // A call that changes files and is not known here would make all of this worthless.
        "rename" | "unlink" | "mkdir" | "link" | "symlinkat" | "pwrite64" | "sendfile"
        | "copy_file_range" | "fallocate" | "truncate" | "sync" | "syncfs" => {
            panic!("not understood: {line}")
        }
        _ => return None,
    })
}

/// The arguments of a call as strace writes them.
struct Arguments<'a>(&'a str);

impl Arguments<'_> {
    /// The strings, read back from hexadecimal.
    fn strings(&self) -> impl Iterator<Item = Vec<u8>> {
        self.0.split('"').skip(1).step_by(2).map(bytes)
    }

    /// The files behind descriptors; that of a removed one has more behind its name.
    fn descriptor(&self, number: usize) -> Option<PathBuf> {
        let written = self.0.split('<').nth(number + 1)?.split('>').next()?;
        Some(PathBuf::from(String::from_utf8(bytes(written)).ok()?))
    }

    /// A name with the directory before it.
    fn path(&self, number: usize) -> Option<PathBuf> {
        let name = String::from_utf8(self.strings().nth(number)?).ok()?;
        let path = self.descriptor(number)?.join(name);
        Some(path.components().collect())
    }
}

fn bytes(written: &str) -> Vec<u8> {
    let digits = written.split("\\x").skip(1);
    digits.map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap()).collect()
}

/// The calls from `Path` downwards in words, for whoever has to find out what went wrong.
pub(super) fn describe(calls: &[Call], root: &Path) -> String {
    let short = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let words = calls.iter().map(|call| match call {
        Call::Create(path) => format!("create {}", short(path)),
        Call::MakeDir(path) => format!("mkdir {}", short(path)),
        Call::Write(path, data) => format!("write {} {}", short(path), data.len()),
        Call::Truncate(path, size) => format!("truncate {} {size}", short(path)),
        Call::Rename(path, new) => format!("rename {} {}", short(path), short(new)),
        Call::Link(path, new) => format!("link {} {}", short(path), short(new)),
        Call::Unlink(path) => format!("unlink {}", short(path)),
        Call::Sync(path) => format!("sync {}", short(path)),
        Call::Connect => "connect".to_owned(),
        Call::Receive(_) => "receive".to_owned(),
    });
    words.collect::<Vec<_>>().join("\n  ")
}
