//! `check_axigen_queue` on real trees.

mod count;
