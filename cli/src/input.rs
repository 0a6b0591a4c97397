//! Files in, API Gateway's CloudTrail records out: bounded memory, whatever the bytes are.
//!
//! `paths` finds the files, `gzip` inflates them, `split` cuts the text into objects, `classify` says what each one is.
//! Nothing is skipped in silence: what cannot be read becomes a `Problem` that names file and position.
//! What a record means is not decided here, and names are kept as they are: whoever prints them escapes them.

mod classify;
mod gzip;
mod paths;
mod problem;
mod reader;
mod split;
mod structure;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(crate) use classify::ClassifyError;
pub(crate) use paths::{Source, expand};
pub(crate) use problem::{Break, Problem, ProblemKind};
pub(crate) use reader::Reader;

/// The longest record that is read. CloudTrail's own limit is 256 KB, so a longer one is damage or an attempt to fill memory.
pub(crate) const MAX_RECORD: usize = 16 << 20;

/// What one gzip file may inflate to. CloudTrail's files stay below 50 MB; 1 GiB leaves room for archives joined by hand.
pub(crate) const MAX_INFLATED: u64 = 1 << 30;

/// The problems reported for one file; one more says how many were left out.
pub(crate) const MAX_PROBLEMS: u64 = 1_000;

/// How much of one file is read, held and reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of one record.
    pub record: usize,
    /// Bytes that one gzip file may inflate to.
    pub inflated: u64,
    /// Problems reported for one file.
    pub problems: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record: MAX_RECORD,
            inflated: MAX_INFLATED,
            problems: MAX_PROBLEMS,
        }
    }
}

/// Takes what a [`Reader`] finds, in the order of the file.
pub(crate) trait Sink {
    /// One API Gateway record, or an EventBridge event that carries one.
    fn item(&mut self, item: Item<'_>);
    /// A record or event of another service; often only its boundaries were looked at.
    fn other(&mut self);
    /// A CloudTrail digest file.
    fn digest(&mut self);
    /// Something that could not be read.
    fn problem(&mut self, problem: Problem);
    /// `bytes` more were read from the source, as they lie on disk, for progress bars.
    fn progress(&mut self, bytes: u64);
}

/// One API Gateway record and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// Where the record, or the item that holds it, begins.
    pub position: Position,
    /// Whether the JSON is the record itself or an event around it.
    pub form: Form,
    /// The JSON object; owned if it had to be decoded from a string.
    pub json: Cow<'a, str>,
}

/// How a record came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A bare CloudTrail record.
    Record,
    /// An EventBridge event with the record as its `detail`.
    Event,
}

/// A place in a file, after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which record of the file, from 1, counting those that could not be read.
    pub record: u64,
    /// Line, from 1.
    pub line: u64,
    /// Offset of the first byte, from 0.
    pub byte: u64,
}
