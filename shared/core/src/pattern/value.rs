//! What one value of an event must be for one entry in the list of a field.

use std::net::IpAddr;
use std::ops::{Bound, RangeBounds};

use ipnet::IpNet;
use serde_json::{Number, Value};

use super::address;
use super::text::TextTest;

/// One entry in the list of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    Null,
    Bool(bool),
    Number(Number),
    Text(TextTest),
    /// A string that is an address; a string that is another spelling of it matches too.
    Address(IpAddr),
    AddressRange(IpNet),
    Numeric(Range),
    AnythingBut(Excluded),
    /// Any value, also `null`.
    Exists,
    /// No value: decided by [`super::matching`], which sees the whole event.
    Absent,
}

/// What `anything-but` does not let through. Everything else passes, also values of another type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Excluded {
    Texts(Vec<TextTest>),
    Numbers(Vec<Number>),
}

/// An interval of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) low: Bound<f64>,
    pub(super) high: Bound<f64>,
}

impl Matcher {
    /// Whether a value that is neither an object nor an array passes.
    pub(super) fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) | (Self::Exists, _) => true,
            (Self::Bool(expected), Value::Bool(actual)) => expected == actual,
            (Self::Number(expected), Value::Number(actual)) => equal(expected, actual),
            (Self::Text(test), Value::String(text)) => test.matches(text),
            (Self::Address(expected), Value::String(text)) => {
                address::parse(text).as_ref() == Some(expected)
            }
            (Self::AddressRange(range), Value::String(text)) => {
                address::parse(text).is_some_and(|address| range.contains(&address))
            }
            (Self::Numeric(range), Value::Number(number)) => range.contains(number),
            (Self::AnythingBut(excluded), value) => !excluded.contains(value),
            _ => false,
        }
    }

    /// Whether the reference compares the value as an address for the sake of this entry.
    pub(super) fn reads_addresses(&self) -> bool {
        matches!(self, Self::Address(_) | Self::AddressRange(_))
    }
}

impl Excluded {
    fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Texts(tests), Value::String(text)) => {
                tests.iter().any(|test| test.matches(text))
            }
            (Self::Numbers(numbers), Value::Number(number)) => {
                numbers.iter().any(|excluded| equal(excluded, number))
            }
            _ => false,
        }
    }
}

impl Range {
    fn contains(&self, number: &Number) -> bool {
        number
            .as_f64()
            .is_some_and(|number| (self.low, self.high).contains(&number))
    }
}

/// 10 equals 10.0. Integers are compared as such: beyond 2^53 floating point takes neighbours for equal.
fn equal(left: &Number, right: &Number) -> bool {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left == right,
        _ => left.as_f64() == right.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers() {
        let cases = [
            (json!(10), json!(10.0), true),
            (json!(-0.0), json!(0), true),
            (json!(1e2), json!(100), true),
            (json!(0.1), json!(0.1), true),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
                false,
            ),
            (json!(10), json!("10"), false),
            (json!(1), json!(true), false),
        ];
        for (expected, actual, matches) in cases {
            let matcher = Matcher::Number(expected.as_number().unwrap().clone());
            assert_eq!(matcher.matches(&actual), matches, "{expected} and {actual}");
        }
    }
}
