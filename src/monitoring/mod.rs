//! The vocabulary of monitoring plugins: states, ranges, metrics, reports and their output.
//!
//! Knows nothing of mail, TLS or Pushover, and does no I/O, so every program and every test can use it as it is.

pub(crate) mod clean;
pub(crate) mod duration;
pub(crate) mod metric;
pub(crate) mod range;
pub(crate) mod render;
pub(crate) mod report;
pub(crate) mod state;
pub(crate) mod thresholds;
pub(crate) mod used;
pub(crate) mod value;

pub(crate) use metric::{Metric, Unit};
pub use range::Range;
pub use report::{Meanings, Report};
pub(crate) use state::State;
pub(crate) use thresholds::Thresholds;
pub(crate) use used::Used;
pub use value::Value;
