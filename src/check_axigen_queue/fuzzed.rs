//! What tests/fuzz reaches of this program.

use super::probe::axigen_cfg;

/// axigen.cfg: whatever stands there, the queue has a name or there is none.
///
/// # Panics
/// When the name is empty.
pub fn config(text: &[u8]) {
    if let Ok(Some(path)) = axigen_cfg::queue_path(text) {
        assert!(!path.as_os_str().is_empty());
    }
}
