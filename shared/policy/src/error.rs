//! Why policies are refused. None of them is used then.

use std::path::PathBuf;

use cedar_policy::{CedarSchemaError, ParseErrors, ValidationError, ValidationWarning};

/// Why policies are refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Everything would be denied, and nobody would know why.
    #[error("there is no policy in `{place}`: add a file that ends in `.cedar`")]
    Nothing {
        /// Where policies were expected.
        place: String,
    },
    /// Not Cedar's policy language.
    #[error("`{file}`, line {line}: not a Cedar policy")]
    Syntax {
        /// The file.
        file: String,
        /// The line of the first mistake.
        line: usize,
        /// The mistakes.
        #[source]
        source: Box<ParseErrors>,
    },
    /// Nothing fills in the blanks of a template.
    #[error("`{file}`: there is a template with `?principal` or `?resource`, write a policy")]
    Template {
        /// The file.
        file: String,
    },
    /// Ledger and messages name policies.
    #[error("`{file}`: policy {number} has no id, write `@id(\"...\")` before it")]
    NoId {
        /// The file.
        file: String,
        /// Which policy of the file, from 1.
        number: usize,
    },
    /// People are told why.
    #[error("`{file}`: policy `{id}` gives no reason, write `@reason(\"...\")` before it")]
    NoReason {
        /// The file.
        file: String,
        /// The policy.
        id: String,
    },
    /// The id would not tell which one decided.
    #[error("`{file}`: there is a policy `{id}` in `{other}` already")]
    Duplicate {
        /// The file.
        file: String,
        /// The policy.
        id: String,
        /// The file with the first one.
        other: String,
    },
    /// It asks for something that there is not.
    #[error("`{file}`: policy `{id}` does not fit the schema{hint}")]
    Invalid {
        /// The file.
        file: String,
        /// The policy.
        id: String,
        /// What Cedar proposes instead, after a comma; empty when it proposes nothing.
        hint: String,
        /// What is wrong.
        #[source]
        source: Box<ValidationError>,
    },
    /// It can never decide anything, or is written to deceive who reads it.
    #[error("`{file}`: policy `{id}` cannot be meant so")]
    Suspicious {
        /// The file.
        file: String,
        /// The policy.
        id: String,
        /// What is wrong.
        #[source]
        source: Box<ValidationWarning>,
    },
    /// Never, as a test shows; the schema is part of the program.
    #[error("the schema of policies is damaged")]
    Schema(#[from] Box<CedarSchemaError>),
    /// Never, as a test shows; the names are part of the program.
    #[error("`{name}` is no name of a type")]
    Name {
        /// The name.
        name: &'static str,
        /// What is wrong.
        #[source]
        source: Box<ParseErrors>,
    },
}
