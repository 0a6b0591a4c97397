//! The command line as a person meets it: every test runs the real binary and looks at what it prints and how it exits.
//!
//! One test program, so that its helpers (`common`) are compiled and linked once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helper functions of tests may"
)]

mod approve;
mod bad_input;
mod baseline;
mod common;
mod configuration;
mod contract;
mod filters;
mod formats;
mod hostile;
mod pattern;
mod replay;
mod rules;
mod text;
mod usage;
