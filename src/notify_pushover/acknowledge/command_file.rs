//! The external command file of Nagios and Naemon, a named pipe
//! (<https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/extcommands.html>).

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use rustix::fs::OFlags;

use super::answer::{Untold, Wording};
use crate::pushover::receipt::Alarm;

/// A longer line could be cut in two by the lines of others (`PIPE_BUF` in limits.h).
const LINE_BYTES: usize = 4096;

/// Writes the acknowledgement into the pipe.
pub(super) fn write(path: &Path, alarm: &Alarm, words: &Wording, now: u64) -> Result<(), Untold> {
    let line = line(alarm, words, now).ok_or(Untold::Name)?;
    let failed = |source: io::Error| match Errno::from_raw(source.raw_os_error().unwrap_or(0)) {
        Errno::ENXIO | Errno::EPIPE => Untold::NoReader(path.to_owned()),
        _ => Untold::File { path: path.to_owned(), source },
    };
    let mut pipe = open(path).map_err(failed)?;
    // All of it or nothing: a pipe takes no part of so short a line.
    pipe.write_all(line.as_bytes()).map_err(failed)
}

/// Opens a named pipe, and nothing in its place, without waiting for whoever reads it.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file =
        OpenOptions::new().write(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is not a named pipe"))
    }
}

/// `[time] ACKNOWLEDGE_SVC_PROBLEM;host;service;sticky;notify;persistent;author;comment`. Not sticky, so that a worse state is
/// told; notify, so that the phones of all others stop.
fn line(alarm: &Alarm, words: &Wording, now: u64) -> Option<String> {
    let Alarm { host, service, .. } = alarm;
    // A name with another sign in place of one that divides would be that of another object.
    let is_name = |name: &str| !name.chars().any(|c| c == ';' || c.is_control());
    if host.is_empty() || !is_name(host) || !is_name(service) {
        return None;
    }
    let object = if service.is_empty() {
        format!("ACKNOWLEDGE_HOST_PROBLEM;{host}")
    } else {
        format!("ACKNOWLEDGE_SVC_PROBLEM;{host};{service}")
    };
    let text = |text: &str| {
        let sign = |c: char| if c == ';' || c.is_control() { ' ' } else { c };
        text.chars().map(sign).take(200).collect::<String>()
    };
    let (author, comment) = (text(&words.author), text(&words.comment));
    let line = format!("[{now}] {object};1;1;0;{author};{comment}\n");
    (line.len() <= LINE_BYTES).then_some(line)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn words() -> Wording {
        Wording {
            author: "al;ice\n by Pushover".to_owned(),
            comment: "c\r\n[1] SHUTDOWN".to_owned(),
        }
    }

    fn alarm(host: &str, service: &str) -> Alarm {
        Alarm { host: host.to_owned(), service: service.to_owned(), at: 1 }
    }

    #[test]
    fn a_command_is_one_line_whatever_the_names_hold() {
        let wanted = "[7] ACKNOWLEDGE_SVC_PROBLEM;h;s;1;1;0;al ice  by Pushover;c  [1] SHUTDOWN\n";
        assert_eq!(line(&alarm("h", "s"), &words(), 7).as_deref(), Some(wanted));
        let wanted = "[7] ACKNOWLEDGE_HOST_PROBLEM;h;1;1;0;al ice  by Pushover;c  [1] SHUTDOWN\n";
        assert_eq!(line(&alarm("h", ""), &words(), 7).as_deref(), Some(wanted));
        let long = "x".repeat(5000);
        for (host, service) in [
            ("", ""),
            ("", "s"),
            ("h;s", ""),
            ("h\n[1] SHUTDOWN", ""),
            ("h", "s;1;1;0;x;y"),
            ("h", "s\r"),
            ("h\0", ""),
            (&long, ""),
        ] {
            assert_eq!(line(&alarm(host, service), &words(), 7), None, "{host:?} {service:?}");
        }
    }

    #[test]
    fn only_a_pipe_that_somebody_reads_is_written_into() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let write = |name: &str| write(&path(name), &alarm("h", "s"), &words(), 7);
        assert!(matches!(write("none"), Err(Untold::File { .. })));
        std::fs::write(path("file"), "").unwrap();
        assert!(matches!(write("file"), Err(Untold::File { .. })));
        assert_eq!(std::fs::read(path("file")).unwrap(), b"");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), kind, mode, 0).unwrap();
        std::os::unix::fs::symlink(path("pipe"), path("link")).unwrap();
        assert!(matches!(write("pipe"), Err(Untold::NoReader(_))));
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let mut reader =
            OpenOptions::new().read(true).custom_flags(flags).open(path("pipe")).unwrap();
        assert!(matches!(write("link"), Err(Untold::File { .. })));
        write("pipe").unwrap();
        let mut seen = String::new();
        reader.read_to_string(&mut seen).unwrap();
        assert!(
            seen.starts_with("[7] ACKNOWLEDGE_SVC_PROBLEM;h;s;") && seen.ends_with("SHUTDOWN\n")
        );
        // Full to the brim: nobody is waited for.
        let mut filler = open(&path("pipe")).unwrap();
        while filler.write(&[b' '; 4096]).is_ok() {}
        assert!(matches!(write("pipe"), Err(Untold::File { .. })));
    }
}
