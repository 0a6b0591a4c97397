//! Everything in Portcullis that decides, on plain values: no AWS SDK, no clock, no input or output.
//!
//! A CloudTrail [`record`] becomes a typed [`change`]; the [`rules`] judge it against the
//! [`settings`] before (a [`baseline`]) and after; what fires is a [`finding`]; findings are counted
//! in [`window`]s. [`replay`] runs all of it over history, with event time as its clock.

pub mod baseline;
pub mod causes;
pub mod change;
pub mod config;
pub mod counting;
pub mod detection;
pub mod driver;
pub mod escape;
pub mod finding;
pub mod functions;
pub mod heard;
pub mod keeper;
pub mod metrics;
pub mod notification;
pub mod operations;
pub mod outcome;
pub mod pattern;
pub mod pipeline;
pub mod ports;
pub mod record;
pub mod remediation;
pub mod replay;
pub mod responders;
pub mod rules;
pub mod settings;
pub mod thresholds;
pub mod window;

mod availability;
mod logging;

/// The candidate that a mistyped name comes nearest to; empty without candidates.
pub fn nearest(name: &str, candidates: impl Iterator<Item = &'static str>) -> &'static str {
    candidates
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))
        .unwrap_or_default()
}
