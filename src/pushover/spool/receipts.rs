//! The receipts of emergencies that may still be acknowledged, each in a file of its own: whoever sends adds one, whoever
//! asks for them takes it away, and neither waits for the other.

use std::io;

use super::super::receipt::{KEPT_SECONDS, Receipt, ReceiptId};
use super::Spool;
use super::directory::SpoolDir;
use super::error::SpoolError;
use super::name::TEMPORARY;
use super::turn::{self, Lock};

const RECEIPTS: &str = "receipts";

/// The open receipts of a spool.
#[derive(Debug)]
pub(crate) struct Receipts {
    directory: SpoolDir,
    _turn: Lock,
}

impl Spool {
    /// Remembers an emergency that Pushover has accepted.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be written: nobody will be told of its acknowledgement.
    pub(crate) fn keep_receipt(&self, id: &ReceiptId, receipt: &Receipt) -> Result<(), SpoolError> {
        let failed = self.trouble("cannot keep a receipt");
        let directory = self.waiting.make_below(RECEIPTS).map_err(&failed)?;
        // Where nobody asks for receipts they must not fill the disk.
        for name in directory.names().unwrap_or_default() {
            let changed = directory.changed(&name).unwrap_or(u64::MAX);
            let is_old = receipt.since.saturating_sub(changed) > KEPT_SECONDS;
            if is_old && ReceiptId::parse(name.trim_start_matches(TEMPORARY)).is_some() {
                let _ = directory.remove(&name);
            }
        }
        write(&directory, id, receipt).map_err(failed)
    }

    /// The receipts, unless there never was one, or another process asks for them now.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when they are there and of no use.
    pub(crate) fn receipts(&self) -> Result<Option<Receipts>, SpoolError> {
        let directory = match self.waiting.below(RECEIPTS) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(self.trouble("cannot open the receipts"))?,
        };
        let turn = turn::take(&directory)?;
        Ok(turn.map(|turn| Receipts { directory, _turn: turn }))
    }
}

impl Receipts {
    /// All of them, whoever waits longest to be asked about first. What is no receipt goes.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn all(&self) -> io::Result<Vec<(ReceiptId, Receipt)>> {
        let mut all = Vec::new();
        for id in self.directory.names()?.iter().filter_map(|name| ReceiptId::parse(name)) {
            // A link or a pipe that somebody put there, or a disk that fails.
            let Ok(bytes) = self.directory.read(id.as_str()) else { continue };
            match serde_json::from_slice(&bytes) {
                Ok(receipt) => all.push((id, receipt)),
                Err(_) => self.forget(&id),
            }
        }
        all.sort_by_key(|(_, receipt): &(_, Receipt)| (receipt.asked, receipt.since));
        Ok(all)
    }

    /// Writes one anew. Where that cannot be done it is asked for once more.
    pub(crate) fn update(&self, id: &ReceiptId, receipt: &Receipt) {
        let _ = write(&self.directory, id, receipt);
    }

    /// Takes one out.
    pub(crate) fn forget(&self, id: &ReceiptId) {
        let _ = self.directory.remove(id.as_str());
    }
}

fn write(directory: &SpoolDir, id: &ReceiptId, receipt: &Receipt) -> io::Result<()> {
    let bytes = serde_json::to_vec(receipt)?;
    directory.write(id.as_str(), &bytes)
}
