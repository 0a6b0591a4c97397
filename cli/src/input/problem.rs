//! What can be wrong with an input, and where. A `Display` is one line without its cause; `source()` has the cause.

use std::error::Error;
use std::fmt;
use std::io;

use portcullis_core::change::ChangeError;
use portcullis_core::record::RecordError;

use super::{ClassifyError, Position};

/// Something in a file that could not be read.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The file as the user named it, `-` for standard input.
    pub file: String,
    /// Where in the file, unless the file as a whole is meant.
    pub position: Option<Position>,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if let Some(Position { record, line, byte }) = self.position {
            write!(f, "record {record} (line {line}, byte {byte}): ")?;
        }
        self.kind.fmt(f)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProblemKind {
    /// A record that is API Gateway's and cannot be read.
    #[error("unreadable record")]
    Record(#[from] RecordError),
    /// A record whose parameters or response cannot be understood.
    #[error("unreadable record")]
    Change(#[from] ChangeError),

    /// No such file, or one that may not be looked at.
    #[error("cannot find or open it")]
    Open(#[source] io::Error),
    /// A glob that matches nothing.
    #[error("no file matches this pattern")]
    NoMatch,
    /// A glob that is none.
    #[error("not a valid pattern; quote `[`, `*` and `?` in names as `[[]`, `[*]` and `[?]`")]
    Pattern(#[source] glob::PatternError),
    /// A folder that a glob could not look into.
    #[error("cannot look into the folder")]
    Glob(#[source] glob::GlobError),
    /// A folder, or an entry of one, that cannot be read.
    #[error("cannot read the folder entry")]
    Folder(#[source] walkdir::Error),
    /// A folder without files.
    #[error("the folder has no files (names that start with `.` are left out)")]
    EmptyFolder,
    /// A pipe, socket or device found in a folder.
    #[error("not a regular file; name it itself to read it")]
    NotAFile,

    /// Reading failed midway.
    #[error("reading failed; what follows is not read")]
    Read(#[source] io::Error),
    /// Nothing, or nothing but blanks.
    #[error("the file is empty")]
    Empty,
    /// No text at all.
    #[error("not JSON but binary data, or text that is not UTF-8")]
    Binary,

    /// Compressed data that ends early.
    #[error("the gzip data ends too early; what was left of it is read up to here")]
    GzipTruncated,
    /// Compressed data that cannot be right.
    #[error(
        "the gzip data is damaged; records before this may be wrong, and what follows is not read"
    )]
    GzipDamaged(#[source] flate2::DecompressError),
    /// Bytes after the last gzip member that are no further one.
    #[error("unknown data after the gzip data, at compressed byte {at}, is not read")]
    GzipTrailing {
        /// Offset in the compressed file.
        at: u64,
    },
    /// More inflated data than is allowed.
    #[error("cut off at {limit} inflated bytes; split the file to read the rest")]
    CutOff {
        /// The limit that was met.
        limit: u64,
    },

    /// Text that cannot be split into records.
    #[error("{cause}{}", after(*cause, *at, *resumes))]
    Broken {
        /// What is wrong.
        cause: Break,
        /// The byte at which it showed.
        at: u64,
        /// The byte at which reading goes on; none if the rest of the file is lost.
        resumes: Option<u64>,
    },
    /// A record over the limit.
    #[error("longer than {limit} bytes, not read")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A record nested too deeply.
    #[error("nested more than {limit} levels deep, not read")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A number, string, list or `null` where a record belongs.
    #[error("an element of the list that is not a JSON object")]
    NotAnObject,
    /// A comma too many or too few between the elements of a list.
    #[error("a comma is missing or misplaced before byte {at}; reading goes on")]
    Comma {
        /// Where the next element, comma or bracket is.
        at: u64,
    },

    /// An object that could not be told or taken apart.
    #[error(transparent)]
    Object(#[from] ClassifyError),

    /// Problems that were counted but not reported one by one.
    #[error("{count} more problems in this file")]
    More {
        /// How many.
        count: u64,
    },
}

/// Why text could not be split into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Break {
    /// Neither an object nor a list.
    #[error("text that is not JSON")]
    NotJson,
    /// The text ended, or went on with what cannot belong to the record.
    #[error("ends in the middle of a record")]
    End,
    /// The text ended between the records of a list.
    #[error("ends before its list of records is closed")]
    EndOfList,
    /// A bracket that opens where no value can begin.
    #[error("a bracket opens where no value can begin")]
    Opener,
    /// A bracket that closes something else.
    #[error("a closing bracket that does not match")]
    Closer,
    /// A line that ends inside a string.
    #[error("a line break inside a string")]
    LineFeed,
}

/// What the reader did about a break.
fn after(cause: Break, at: u64, resumes: Option<u64>) -> String {
    match (cause, resumes) {
        (Break::End | Break::EndOfList, None) => String::new(),
        (_, Some(resumes)) => format!(" (seen at byte {at}); reading goes on at byte {resumes}"),
        (_, None) => format!("; the rest of the file from byte {at} is not read"),
    }
}
