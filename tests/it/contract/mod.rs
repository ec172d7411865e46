//! What holds for every program of the suite.

mod every_program;
mod json;
mod openmetrics;
mod server_log;
mod unread;
mod worker;
