//! The vocabulary of monitoring plugins: states, ranges, metrics, reports and their output.
//!
//! Knows nothing of mail, TLS or Pushover, and does no I/O, so every program and every test can use it as it is.

pub mod duration;
pub mod metric;
pub mod range;
pub mod render;
pub mod report;
pub mod state;
pub mod thresholds;
pub mod value;

pub use metric::{Label, Metric, Unit};
pub use range::Range;
pub use report::{Finding, Report};
pub use state::State;
pub use thresholds::Thresholds;
pub use value::Value;
