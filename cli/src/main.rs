//! `portcullis`: the command line. It reads arguments, calls one command and turns its outcome into
//! an exit code.

mod approve;
mod args;
mod baseline;
mod input;
mod output;
mod pattern;
mod render;
mod replay;
mod rules;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use output::complain;
use portcullis_core::causes::chain;

/// What a command came to, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Done,
    /// It ran, and the answer is the one that was asked to fail on.
    Found,
    /// Something could not be read, or was asked for wrongly.
    Incomplete,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Found => Self::from(1),
            Outcome::Incomplete => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Replay(args) => replay::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Pattern(args) => pattern::run(&args),
        Command::Baseline(args) => baseline::run(&args),
        Command::Approve(args) => approve::approve(&args),
        Command::Undo(args) => approve::undo(&args),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            complain(&chain(error.as_ref()));
            Outcome::Incomplete.into()
        }
    }
}
