//! Real file systems that behave as they must not: no answer, no file types in directories.

use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

use super::open_tempdir;

/// A FUSE mount whose server never answers: every access waits for ever, or until its process is killed. Ends when it is
/// dropped.
pub(crate) struct HungMount {
    dir: TempDir,
    _server: File,
}

impl HungMount {
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        let server = mount_fuse(dir.path());
        Self { dir, _server: server }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for HungMount {
    fn drop(&mut self) {
        let _ = unmount(self.dir.path(), UnmountFlags::DETACH);
    }
}

/// A FUSE mount whose server takes every request and answers none: every access waits in state D, which no signal ends,
/// as on a dead NFS server that is mounted hard. Ends when it is dropped.
pub(crate) struct DeadMount {
    path: PathBuf,
    dir: Option<TempDir>,
    end: Option<PipeWriter>,
    server: Option<JoinHandle<()>>,
}

impl DeadMount {
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        let mut dead = Self::over(dir.path());
        dead.dir = Some(dir);
        dead
    }

    /// In the place of a directory that is there.
    pub(crate) fn over(path: &Path) -> Self {
        let mut device = mount_fuse(path);
        let (ended, end) = std::io::pipe().unwrap();
        let server = std::thread::spawn(move || {
            let mut request = vec![0; 1 << 17];
            loop {
                let mut ready =
                    [PollFd::new(&device, PollFlags::IN), PollFd::new(&ended, PollFlags::IN)];
                poll(&mut ready, None).unwrap();
                if !ready[1].revents().is_empty() {
                    // With the device the mount is gone, and whoever waits for it is told.
                    return;
                }
                let Ok(length) = device.read(&mut request) else { return };
                if let Some(reply) = fuse_init_reply(&request[..length]) {
                    device.write_all(&reply).unwrap();
                }
            }
        });
        Self { path: path.to_owned(), dir: None, end: Some(end), server: Some(server) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DeadMount {
    fn drop(&mut self) {
        let _ = unmount(&self.path, UnmountFlags::DETACH);
        drop(self.end.take());
        let _ = self.dir.take().map(TempDir::close);
        let _ = self.server.take().map(JoinHandle::join);
    }
}

fn mount_fuse(path: &Path) -> File {
    let server = File::options().read(true).write(true).open("/dev/fuse").expect("/dev/fuse");
    let options =
        format!("fd={},rootmode=40755,user_id=0,group_id=0,allow_other", server.as_raw_fd());
    let options = std::ffi::CString::new(options).unwrap();
    mount("hung", path, "fuse", MountFlags::NODEV | MountFlags::NOSUID, options.as_c_str())
        .unwrap();
    server
}

/// The answer to the first request (`linux/fuse.h`, `fuse_init_out` of version 7.31), without which none other comes.
fn fuse_init_reply(request: &[u8]) -> Option<Vec<u8>> {
    const FUSE_INIT: [u8; 4] = 26_u32.to_ne_bytes();
    if request.get(4..8)? != FUSE_INIT {
        return None;
    }
    let mut body = Vec::new();
    for word in [7_u32, 31, 65_536, 0, 0, 65_536, 1] {
        body.extend(word.to_ne_bytes());
    }
    body.resize(64, 0);
    let mut reply = 80_u32.to_ne_bytes().to_vec();
    reply.extend([0; 4]);
    reply.extend(request.get(8..16)?);
    reply.extend(body);
    Some(reply)
}

/// An ext4 that keeps no file types in its directories, so each entry reads as `DT_UNKNOWN`.
pub(crate) struct UntypedExt4 {
    dir: TempDir,
    image: PathBuf,
}

impl UntypedExt4 {
    pub(crate) fn new() -> Self {
        let dir = open_tempdir();
        let image = dir.path().join("image");
        std::fs::create_dir(dir.path().join("mnt")).unwrap();
        File::create(&image).unwrap().set_len(16 * 1024 * 1024).unwrap();
        let ext4 = Self { dir, image };
        tool(Command::new("mkfs.ext4").args(["-q", "-O", "^filetype"]).arg(&ext4.image));
        ext4.mount();
        ext4
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("mnt")
    }

    /// Sets a file's birth time, which only works on the unmounted image. `path` is relative to the file system.
    pub(crate) fn set_birth(&self, path: &str, seconds: u64) {
        tool(Command::new("umount").arg(self.path()));
        for request in [
            format!("set_inode_field {path} crtime @{seconds}"),
            format!("set_inode_field {path} crtime_extra 0"),
        ] {
            let _ = Command::new("debugfs")
                .args(["-w", "-R", &request])
                .arg(&self.image)
                .output()
                .expect("debugfs");
        }
        self.mount();
    }

    fn mount(&self) {
        tool(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(self.path()));
    }
}

impl Drop for UntypedExt4 {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}

fn tool(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A file system of a few pages, mounted over a directory; it is full when asked to be.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    pub(crate) fn mount(at: &Path) -> Self {
        let flags = MountFlags::NODEV | MountFlags::NOSUID;
        mount("tmpfs", at, "tmpfs", flags, c"size=64k,mode=755").unwrap();
        Self { at: at.to_owned() }
    }

    pub(crate) fn fill(&self) {
        let mut file = File::create(self.at.join("filler")).unwrap();
        while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.at.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(&self.at, UnmountFlags::DETACH);
    }
}
