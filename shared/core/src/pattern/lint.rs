//! Traps: patterns that EventBridge takes and that hardly mean what their author meant.

use std::fmt;

use super::value::Matcher;

/// AWS docs, EventBridge quotas: the size of a pattern in characters. AWS raises it on request, so a
/// longer pattern is no error.
const DEFAULT_LENGTH: usize = 2048;

/// A pattern that is valid and probably wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternLint {
    /// A field named twice, for example outside and inside `$or`.
    FieldReplaced {
        /// The path of the field.
        path: String,
    },
    /// The same key twice in one object.
    DuplicateKey {
        /// The path of the key.
        path: String,
    },
    /// Several `anything-but` in one list.
    AnythingButTwice {
        /// The path of the field.
        path: String,
    },
    /// Addresses and tests on text in one list.
    AddressAndText {
        /// The path of the field.
        path: String,
    },
    /// Longer than the default quota.
    TooLong {
        /// The length without whitespace between the tokens.
        length: usize,
    },
}

impl fmt::Display for PatternLint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldReplaced { path } => write!(
                formatter,
                "{path}: named more than once, also counting `$or`; the last one replaces the others instead of adding to them"
            ),
            Self::DuplicateKey { path } => write!(
                formatter,
                "{path}: the same key stands twice in one object; tools differ in which one they keep"
            ),
            Self::AnythingButTwice { path } => write!(
                formatter,
                "{path}: a value passes if one `anything-but` lets it through; put what to exclude into one `anything-but` list"
            ),
            Self::AddressAndText { path } => write!(
                formatter,
                "{path}: next to an address the reference matcher does not see addresses as text; test text in another `$or` member"
            ),
            Self::TooLong { length } => write!(
                formatter,
                "pattern has {length} characters, EventBridge takes {DEFAULT_LENGTH} unless the quota was raised"
            ),
        }
    }
}

/// What is suspicious about the list of one field.
pub(super) fn check_list(path: &str, matchers: &[Matcher]) -> Vec<PatternLint> {
    let mut lints = Vec::new();
    let is_anything_but = |matcher: &&Matcher| matches!(matcher, Matcher::AnythingBut(_));
    if matchers.iter().filter(is_anything_but).count() > 1 {
        lints.push(PatternLint::AnythingButTwice {
            path: path.to_owned(),
        });
    }
    let sees_text =
        |matcher: &Matcher| matches!(matcher, Matcher::Text(_) | Matcher::AnythingBut(_));
    if matchers.iter().any(Matcher::reads_addresses) && matchers.iter().any(sees_text) {
        lints.push(PatternLint::AddressAndText {
            path: path.to_owned(),
        });
    }
    lints
}

/// Counts a pattern the way it is deployed, without the whitespace that makes its file readable.
pub(super) fn check_length(json: &str) -> Option<PatternLint> {
    let mut in_string = false;
    let mut escaped = false;
    let mut length = 0_usize;
    for character in json.chars() {
        if in_string || !character.is_ascii_whitespace() {
            length += 1;
        }
        if character == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && character == '\\' && !escaped;
    }
    (length > DEFAULT_LENGTH).then_some(PatternLint::TooLong { length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_without_layout() {
        let spaces = " ".repeat(3000);
        assert_eq!(check_length(&format!(r#"{{ "a":{spaces}["b"] }}"#)), None);
        let text = format!(r#"{{"a\"": ["{spaces}"]}}"#);
        assert_eq!(
            check_length(&text),
            Some(PatternLint::TooLong { length: 3012 })
        );
    }
}
