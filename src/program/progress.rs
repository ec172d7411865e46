//! Facts that grow while a probe works.

use std::sync::{Arc, Mutex, PoisonError};

/// The facts as they grow, shared with whoever reports them when the run is cut short.
#[derive(Debug)]
pub struct Progress<F>(Arc<Mutex<F>>);

impl<F> Progress<F> {
    /// What is known before the probe begins.
    #[must_use]
    pub fn new(facts: F) -> Self {
        Self(Arc::new(Mutex::new(facts)))
    }

    /// Looks at what is known by now.
    pub fn read<T>(&self, read: impl FnOnce(&F) -> T) -> T {
        read(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what was found out.
    pub fn note<T>(&self, note: impl FnOnce(&mut F) -> T) -> T {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<F> Clone for Progress<F> {
    /// The same facts, not a copy of them.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
