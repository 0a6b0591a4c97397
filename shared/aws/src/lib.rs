//! The ports of `portcullis-core` on AWS, one file per concern, and what every Lambda starts with.

pub mod baselines;
pub mod bootstrap;
pub mod clients;
mod error;
pub mod keeping;
pub mod live;
pub mod outbox;
pub mod pace;
pub mod queue;
pub mod settings;
mod settings_json;
pub mod sns;
pub mod windows;
