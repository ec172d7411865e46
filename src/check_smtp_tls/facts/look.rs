//! What was seen at each address of a name, or at the first that answered.

use std::net::SocketAddr;

use super::{Facts, ProbeError, Progress};
use crate::program::{Gathered, OutOfTime};

/// What was seen at one address.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The address, where one was chosen; otherwise the facts name the one that answered.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) progress: Progress,
    /// How it ended, once it has.
    pub(crate) ended: Option<Result<(), ProbeError>>,
}

/// All that one run looks at.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    pub(crate) each: Vec<Look>,
}

impl Look {
    fn new(address: Option<SocketAddr>, nothing: Facts) -> Self {
        Self { address, progress: Progress::new(nothing), ended: None }
    }

    /// What was seen, or why nothing was.
    pub(crate) fn seen(&self) -> Result<Facts, ProbeError> {
        match &self.ended {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(())) | None => Ok(self.progress.read(Facts::clone)),
        }
    }
}

impl Looks {
    /// One look, at the first address that answers or, where each is to be asked, at none yet; `nothing` is known before.
    pub(crate) fn new(nothing: Facts) -> Self {
        Self { each: vec![Look::new(None, nothing)] }
    }

    /// A look at each of these addresses.
    pub(crate) fn at_each(&mut self, addresses: &[SocketAddr]) {
        let mut nothing = self.each.first().map(|look| look.progress.read(Facts::clone));
        if let Some(nothing) = &mut nothing {
            nothing.addresses = addresses.len();
        }
        let look = |address: &SocketAddr| Some(Look::new(Some(*address), nothing.clone()?));
        self.each = addresses.iter().filter_map(look).collect();
    }
}

impl Gathered for Looks {
    fn cut_short(&mut self, by: OutOfTime) {
        for look in self.each.iter().filter(|look| look.ended.is_none()) {
            look.progress
                .note(|facts| facts.cut_short = Some(super::CutShort::OutOfTime(by.clone())));
        }
    }
}
