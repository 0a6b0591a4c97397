//! Reads the list of a field: plain values and objects with one operator.

use std::ops::Bound;

use serde_json::Number;

use super::address;
use super::error::{Problem, nearest};
use super::json::{Json, Member};
use super::text::{AnyCase, TextTest, Wildcard};
use super::value::{Excluded, Matcher, Range};

/// The documented operators. `exactly` is the reference's long form of a plain string.
const OPERATORS: [&str; 9] = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exactly",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
];

/// What `anything-but` can negate.
const NEGATED: [&str; 4] = ["equals-ignore-case", "prefix", "suffix", "wildcard"];

/// Numeric matching is documented for numbers from -5e9 to 5e9 (AWS docs, content filtering).
const LARGEST_NUMBER: f64 = 5e9;

/// Reads the list of a field.
pub(super) fn parse_list(items: &[Json]) -> Result<Vec<Matcher>, Problem> {
    if items.is_empty() {
        return Err(Problem::EmptyList);
    }
    items.iter().map(parse_item).collect()
}

fn parse_item(item: &Json) -> Result<Matcher, Problem> {
    Ok(match item {
        Json::Null => Matcher::Null,
        Json::Bool(value) => Matcher::Bool(*value),
        Json::Number(number) => Matcher::Number(number.clone()),
        Json::String(text) => match address::parse(text) {
            Some(address) => Matcher::Address(address),
            None => Matcher::Text(TextTest::Equals(text.clone())),
        },
        Json::Object(members) => parse_operator(members)?,
        Json::List(_) => return Err(Problem::NestedList),
    })
}

fn parse_operator(members: &[Member]) -> Result<Matcher, Problem> {
    let (name, operand) = single(members)?;
    Ok(match name {
        "anything-but" => Matcher::AnythingBut(parse_anything_but(operand)?),
        "cidr" => Matcher::AddressRange(address::parse_range(string("cidr", operand)?)?),
        "exactly" => Matcher::Text(TextTest::Equals(string("exactly", operand)?.to_owned())),
        "exists" => match operand {
            Json::Bool(true) => Matcher::Exists,
            Json::Bool(false) => Matcher::Absent,
            _ => return Err(wrong_operand("exists", "`true` or `false`")),
        },
        "numeric" => Matcher::Numeric(parse_numeric(operand)?),
        "prefix" => Matcher::Text(match any_case("prefix", operand)? {
            Some(text) => TextTest::PrefixAnyCase(text),
            None => parse_text("prefix", operand)?,
        }),
        "suffix" => Matcher::Text(match any_case("suffix", operand)? {
            Some(text) => TextTest::SuffixAnyCase(text),
            None => parse_text("suffix", operand)?,
        }),
        "equals-ignore-case" => Matcher::Text(parse_text("equals-ignore-case", operand)?),
        "wildcard" => Matcher::Text(parse_text("wildcard", operand)?),
        unknown => {
            return Err(Problem::UnknownOperator {
                name: unknown.to_owned(),
                nearest: nearest(unknown, &OPERATORS),
            });
        }
    })
}

/// An operator that takes one string and nothing else.
fn parse_text(operator: &'static str, operand: &Json) -> Result<TextTest, Problem> {
    let text = string(operator, operand)?;
    Ok(match operator {
        "prefix" => TextTest::Prefix(text.to_owned()),
        "suffix" => TextTest::Suffix(text.to_owned()),
        "wildcard" => TextTest::Wildcard(Wildcard::parse(text)?),
        _ => TextTest::EqualsAnyCase(AnyCase::new(text)),
    })
}

/// The text in `{"equals-ignore-case": "text"}`; `None` if the operand is no object.
fn any_case(operator: &'static str, operand: &Json) -> Result<Option<AnyCase>, Problem> {
    let Json::Object(members) = operand else {
        return Ok(None);
    };
    match single(members)? {
        ("equals-ignore-case", text) => Ok(Some(AnyCase::new(string("equals-ignore-case", text)?))),
        (name, _) => Err(unknown_inner(operator, name, &["equals-ignore-case"])),
    }
}

fn parse_anything_but(operand: &Json) -> Result<Excluded, Problem> {
    match operand {
        Json::Object(members) => parse_negated(members).map(Excluded::Texts),
        Json::List(items) => parse_excluded(items),
        scalar => parse_excluded(std::slice::from_ref(scalar)),
    }
}

/// The reference takes strings only or numbers only, and no empty list.
fn parse_excluded(items: &[Json]) -> Result<Excluded, Problem> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for item in items {
        match item {
            Json::String(text) => texts.push(TextTest::Equals(text.clone())),
            Json::Number(number) => {
                comparable(number)?;
                numbers.push(number.clone());
            }
            _ => return Err(wrong_operand("anything-but", "strings or numbers")),
        }
    }
    match (texts.is_empty(), numbers.is_empty()) {
        (false, true) => Ok(Excluded::Texts(texts)),
        (true, false) => Ok(Excluded::Numbers(numbers)),
        (true, true) => Err(Problem::EmptyList),
        (false, false) => Err(wrong_operand(
            "anything-but",
            "strings or numbers, not both in one list",
        )),
    }
}

/// `{"prefix": "text"}` or `{"prefix": ["text", "text"]}` inside `anything-but`.
///
/// The reference accepts an empty list here, which excludes nothing; it is refused like any other.
fn parse_negated(members: &[Member]) -> Result<Vec<TextTest>, Problem> {
    let (name, operand) = single(members)?;
    let Some(operator) = NEGATED.iter().copied().find(|known| *known == name) else {
        return Err(unknown_inner("anything-but", name, &NEGATED));
    };
    let operands = match operand {
        Json::List(items) => items.as_slice(),
        scalar => std::slice::from_ref(scalar),
    };
    if operands.is_empty() {
        return Err(Problem::EmptyList);
    }
    let excludes_everything = |item: &Json| *item == Json::String(String::new());
    if matches!(operator, "prefix" | "suffix") && operands.iter().any(excludes_everything) {
        return Err(wrong_operand(
            operator,
            "text that is not empty in `anything-but`",
        ));
    }
    operands
        .iter()
        .map(|operand| parse_text(operator, operand))
        .collect()
}

/// One comparison, or a range from its lower to its upper end: no other order is taken.
fn parse_numeric(operand: &Json) -> Result<Range, Problem> {
    let wrong = || {
        wrong_operand(
            "numeric",
            "a list such as `[\">\", 0]` or `[\">=\", 0, \"<\", 5]`",
        )
    };
    let Json::List(items) = operand else {
        return Err(wrong());
    };
    match items.as_slice() {
        [Json::String(operator), Json::Number(number)] => {
            let number = comparable(number)?;
            let (low, high) = match operator.as_str() {
                "=" => (Bound::Included(number), Bound::Included(number)),
                "<" | "<=" => (Bound::Unbounded, upper_end(operator, number)?),
                _ => (lower_end(operator, number)?, Bound::Unbounded),
            };
            Ok(Range { low, high })
        }
        [
            Json::String(from),
            Json::Number(low),
            Json::String(to),
            Json::Number(high),
        ] => {
            let (low, high) = (comparable(low)?, comparable(high)?);
            if low >= high {
                return Err(Problem::EmptyRange { low, high });
            }
            Ok(Range {
                low: lower_end(from, low)?,
                high: upper_end(to, high)?,
            })
        }
        _ => Err(wrong()),
    }
}

fn lower_end(operator: &str, number: f64) -> Result<Bound<f64>, Problem> {
    match operator {
        ">" => Ok(Bound::Excluded(number)),
        ">=" => Ok(Bound::Included(number)),
        _ => Err(Problem::NumericOperator(operator.to_owned())),
    }
}

fn upper_end(operator: &str, number: f64) -> Result<Bound<f64>, Problem> {
    match operator {
        "<" => Ok(Bound::Excluded(number)),
        "<=" => Ok(Bound::Included(number)),
        _ => Err(Problem::NumericOperator(operator.to_owned())),
    }
}

fn comparable(number: &Number) -> Result<f64, Problem> {
    let number = number.as_f64().unwrap_or(f64::INFINITY);
    if number.abs() <= LARGEST_NUMBER {
        Ok(number)
    } else {
        Err(Problem::NumberTooLarge(number))
    }
}

fn single(members: &[Member]) -> Result<(&str, &Json), Problem> {
    match members {
        [(name, operand)] => Ok((name, operand)),
        _ => Err(Problem::NotOneOperator(members.len())),
    }
}

fn string<'j>(operator: &'static str, operand: &'j Json) -> Result<&'j str, Problem> {
    match operand {
        Json::String(text) => Ok(text),
        _ => Err(wrong_operand(operator, "one string")),
    }
}

fn wrong_operand(operator: &'static str, expected: &'static str) -> Problem {
    Problem::Operand { operator, expected }
}

fn unknown_inner(operator: &'static str, name: &str, known: &[&'static str]) -> Problem {
    Problem::UnknownInnerOperator {
        operator,
        name: name.to_owned(),
        nearest: nearest(name, known),
    }
}

#[cfg(test)]
mod tests;
