//! Files that must agree with the programs: README, man pages, completions, configuration, packaging, transcripts.

mod configuration;
mod generated;
mod install;
mod pushover;
mod readme;
mod transcripts;
