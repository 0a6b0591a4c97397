//! The ports of `portcullis-core` on AWS, one file per concern, and what every Lambda starts with.
//!
//! Without the feature `functions` only what the command line needs is built: reading the baseline
//! table and, with `invoke`, telling a function to do something. The feature `writes` adds what changes
//! API Gateway, and the ledger and the switch that such writes need; a function without it cannot write.

pub mod baselines;
#[cfg(feature = "functions")]
pub mod bootstrap;
pub mod clients;
#[cfg(feature = "functions")]
pub mod clock;
#[cfg(feature = "functions")]
pub mod drafts;
mod error;
#[cfg(feature = "invoke")]
pub mod invoke;
#[cfg(feature = "functions")]
pub mod keeping;
#[cfg(feature = "writes")]
pub mod kill_switch;
#[cfg(feature = "functions")]
pub mod ledger;
#[cfg(feature = "functions")]
pub mod live;
#[cfg(feature = "functions")]
pub mod outbox;
#[cfg(feature = "functions")]
pub mod pace;
#[cfg(feature = "functions")]
pub mod publication;
#[cfg(feature = "functions")]
pub mod queue;
#[cfg(test)]
#[cfg(feature = "writes")]
mod replay;
#[cfg(feature = "functions")]
pub mod settings;
#[cfg(feature = "functions")]
mod settings_json;
#[cfg(feature = "functions")]
pub mod sns;
#[cfg(feature = "functions")]
pub mod windows;
#[cfg(feature = "writes")]
pub mod writer;
#[cfg(feature = "writes")]
pub mod writing;
