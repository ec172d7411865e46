//! What only shows after a thousand runs: an alert that is lost, a queue that is counted too small.
//!
//! `make lab` runs a sample, `make soak` all of it; docs/soak.md says what is tried and holds the last figures. The seed
//! is printed, and `SOAK_SEED` sets it.

mod calls;
mod checks;
mod crashes;
mod deeds;
mod domains;
mod faults;
mod kills;
mod load;
mod phone;
mod resolvers;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether all of it is wanted, not a sample.
fn is_whole() -> bool {
    std::env::var_os("SOAK").is_some()
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("SOAK_SEED").map_or(1, |seed| seed.parse().unwrap());
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but not including `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    /// All of it, or `count` of it when a sample is wanted.
    fn sample<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        while !is_whole() && all.len() > count {
            let drawn = self.below(all.len());
            all.swap_remove(drawn);
        }
        all
    }
}

/// What `run` makes of each, on several threads: the runs wait more than they compute.
fn for_each<T: Sync, V: Send>(all: &[T], run: impl Fn(usize, &T) -> V + Sync) -> Vec<V> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(one) = all.get(number) else { return };
                    let verdict = run(number, one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(verdict);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
