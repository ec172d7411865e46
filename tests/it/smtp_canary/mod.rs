//! `smtp_canary` as servers meet it, step by step, and whatever they say to it.

mod steps;
mod trouble;
