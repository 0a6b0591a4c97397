//! Why a pattern is refused, and at which field.

/// A pattern that EventBridge would refuse.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// The text is not JSON.
    #[error("pattern is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// The text is JSON of another kind.
    #[error("pattern must be an object such as `{{\"source\": [\"aws.apigateway\"]}}`")]
    NotAnObject,
    /// A field or an object of fields is wrong.
    #[error("{path}: {problem}")]
    Field {
        /// The names down to the field, joined by dots; `pattern` for the outermost object.
        path: String,
        /// What is wrong there.
        problem: Problem,
    },
}

impl PatternError {
    /// Reading the same pattern again gives the same answer.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// What is wrong with a field of a pattern. Unless a variant says otherwise, the reference refuses it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// An object without fields.
    #[error("an object needs at least one field")]
    EmptyObject,
    /// A scalar where a list belongs.
    #[error("a field takes a list of values, such as `[\"value\"]`, or an object of fields")]
    NotAList,
    /// A list without values.
    #[error("a list needs at least one value")]
    EmptyList,
    /// A list inside a list of values.
    #[error("a list of values cannot contain a list")]
    NestedList,
    /// No operator or several in one object.
    #[error("an object in a list has exactly one operator, this one has {0}")]
    NotOneOperator(usize),
    /// An operator that does not exist.
    #[error("unknown operator `{name}`{}", suggestion(*.nearest))]
    UnknownOperator {
        /// The name in the pattern.
        name: String,
        /// The operator that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An operator inside an operator that does not take it.
    #[error("`{operator}` cannot contain `{name}`{}", suggestion(*.nearest))]
    UnknownInnerOperator {
        /// The outer operator.
        operator: &'static str,
        /// The inner name in the pattern.
        name: String,
        /// The operator that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An operator with an operand of the wrong type.
    #[error("`{operator}` takes {expected}")]
    Operand {
        /// The operator.
        operator: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// `**` in a wildcard.
    #[error("wildcard `{0}` has two stars in a row, write one")]
    ConsecutiveStars(String),
    /// A backslash in a wildcard that escapes neither a star nor a backslash.
    #[error("wildcard `{0}` has a `\\` that is not followed by `*` or `\\`")]
    BadEscape(String),
    /// An operator of `numeric` that does not exist or does not stand there.
    #[error(
        "`numeric` does not take `{0}` there; write one of `=`, `<`, `<=`, `>`, `>=`, or a range from `>` or `>=` to `<` or `<=`"
    )]
    NumericOperator(String),
    /// A range without numbers in it.
    #[error("`numeric` range is empty, `{low}` is not less than `{high}`")]
    EmptyRange {
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A number beyond what numeric matching is documented for (AWS docs, content filtering).
    #[error("`{0}` is outside the range -5e9 to 5e9 of numeric matching")]
    NumberTooLarge(f64),
    /// Text that is not a range of addresses.
    #[error(
        "`{0}` is not an address and a prefix length below that of one address, such as `10.0.0.0/8`"
    )]
    Cidr(String),
    /// `$or` with something else than a list.
    #[error("`$or` takes a list of objects")]
    OrNotAList,
    /// `$or` with fewer than two objects.
    #[error("`$or` needs at least two objects, this one has {0}")]
    OrTooShort(usize),
    /// `$or` with something else than objects in its list.
    #[error("`$or` takes objects only, such as `{{\"eventName\": [\"UpdateStage\"]}}`")]
    OrMemberNotAnObject,
    /// A field inside `$or` with a name that is kept for operators.
    #[error("`{0}` cannot be the name of a field inside `$or`")]
    ReservedName(String),
    /// More combinations of `$or` members than EventBridge takes (AWS docs, content filtering).
    #[error("the `$or` lists give {0} combinations, EventBridge takes 1000")]
    TooManyCombinations(usize),
}

fn suggestion(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// The name that `name` was probably meant to be.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), *known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| known)
}
