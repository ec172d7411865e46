//! `check_pushover` on real spools and before a stand-in of Pushover.

mod judgement;
mod upkeep;
