//! The ports of `portcullis-core` on AWS, one file per concern, and what every Lambda starts with.
//!
//! Without the feature `functions` only what the command line needs is built: reading the baseline
//! table and, with the feature `invoke`, telling a function to do something.

pub mod baselines;
#[cfg(feature = "functions")]
pub mod bootstrap;
pub mod clients;
mod error;
#[cfg(feature = "invoke")]
pub mod invoke;
#[cfg(feature = "functions")]
pub mod keeping;
#[cfg(feature = "functions")]
pub mod live;
#[cfg(feature = "functions")]
pub mod outbox;
#[cfg(feature = "functions")]
pub mod pace;
#[cfg(feature = "functions")]
pub mod queue;
#[cfg(feature = "functions")]
pub mod settings;
#[cfg(feature = "functions")]
mod settings_json;
#[cfg(feature = "functions")]
pub mod sns;
#[cfg(feature = "functions")]
pub mod windows;
