//! `check_axigen_version` before a scripted CLI service.

mod answers;
