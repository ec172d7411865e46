//! `notify_pushover` with a stand-in of Pushover.

mod acknowledge;
mod closed;
mod delivery;
mod escalation;
mod faults;
mod hanging;
mod input;
mod key;
mod losses;
mod processes;
mod recovery;
mod rights;
mod secrets;
mod spool;
mod storm;
mod stuck;
mod unit;
