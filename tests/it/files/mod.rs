//! Files that must agree with the programs: README, docs, man pages, completions, configuration, packaging, transcripts.

mod boundaries;
mod configuration;
mod director;
mod docs;
mod examples;
mod generated;
mod glossary;
mod graphs;
mod install;
mod packages;
mod pushover;
mod transcripts;
