//! What is left on the file system of a queue.

use rustix::fs::StatVfs;

use crate::check_axigen_queue::facts::{Free, Obstacle};

/// Space for an ordinary account: what is reserved for root counts as used, as `df` has it.
pub(super) fn free(space: &StatVfs) -> Result<Free, Obstacle> {
    let bytes_percent = percent(space.f_bavail, space.f_blocks.saturating_sub(space.f_bfree))
        .ok_or(Obstacle::NotTold)?;
    let inodes_percent = match space.f_files {
        0 => None,
        files => percent(space.f_favail, files.saturating_sub(space.f_ffree)),
    };
    Ok(Free { bytes_percent, inodes_percent })
}

/// `free` of `free + used` in per cent, rounded down to 0.01 so that a limit is never missed by rounding.
fn percent(free: u64, used: u64) -> Option<f64> {
    let all = u128::from(free) + u128::from(used);
    let hundredths = (u128::from(free) * 10_000).checked_div(all)?;
    u32::try_from(hundredths).ok().map(|hundredths| f64::from(hundredths) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_rounded_down() {
        assert_eq!(percent(1, 2), Some(33.33));
        assert_eq!(percent(29_999, 970_001), Some(2.99));
        assert_eq!(percent(0, 5), Some(0.0));
        assert_eq!(percent(5, 0), Some(100.0));
        assert_eq!(percent(u64::MAX, u64::MAX), Some(50.0));
        assert_eq!(percent(0, 0), None);
    }
}
