//! Random patterns and events against a second matcher, which tries every combination.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::Pattern;

/// A value of an event: its path and the array elements that it is in.
struct Leaf {
    path: String,
    value: Value,
    elements: Vec<Element>,
}

/// Number of an array and index in it.
type Element = (usize, usize);

/// Lists of values by the path of their field.
type Fields = BTreeMap<&'static str, Vec<Value>>;

fn flatten(value: &Value, path: &str, elements: &[Element], arrays: &mut usize) -> Vec<Leaf> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(value, &path, elements, arrays)
            })
            .collect(),
        Value::Array(items) => {
            let array = *arrays;
            *arrays += 1;
            let mut leaves = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let mut elements = elements.to_vec();
                if item.is_object() || item.is_array() {
                    elements.push((array, index));
                }
                leaves.extend(flatten(item, path, &elements, arrays));
            }
            leaves
        }
        scalar => vec![Leaf {
            path: path.to_owned(),
            value: scalar.clone(),
            elements: elements.to_vec(),
        }],
    }
}

fn consistent(left: &[Element], right: &[Element]) -> bool {
    left.iter().all(|(array, index)| {
        right
            .iter()
            .all(|(other, at)| array != other || index == at)
    })
}

/// Only the entries that the generator makes.
fn entry_matches(entry: &Value, value: &Value) -> bool {
    match entry.get("anything-but") {
        Some(excluded) => excluded != value,
        None => entry == value || *entry == json!({"exists": true}),
    }
}

/// Tries every value for every field, in the order of names.
fn try_all(fields: &[(&str, &[Value])], chosen: &[Element], leaves: &[Leaf]) -> bool {
    let Some(((name, entries), later)) = fields.split_first() else {
        return true;
    };
    let mut candidates = leaves
        .iter()
        .filter(|leaf| leaf.path == *name && consistent(&leaf.elements, chosen))
        .peekable();
    if candidates.peek().is_none() {
        return entries.contains(&json!({"exists": false})) && try_all(later, chosen, leaves);
    }
    candidates
        .filter(|leaf| {
            entries
                .iter()
                .any(|entry| entry_matches(entry, &leaf.value))
        })
        .any(|leaf| try_all(later, &[chosen, &leaf.elements].concat(), leaves))
}

fn brute_force(common: &Fields, members: &[Fields], event: &Value) -> bool {
    let leaves = flatten(event, "", &[], &mut 0);
    let matches = |fields: &Fields| {
        let fields: Vec<(&str, &[Value])> = fields
            .iter()
            .map(|(name, entries)| (*name, entries.as_slice()))
            .collect();
        try_all(&fields, &[], &leaves)
    };
    if members.is_empty() {
        return matches(common);
    }
    members.iter().any(|member| {
        let mut fields = common.clone();
        fields.extend(member.clone());
        matches(&fields)
    })
}

fn pattern_text(common: &Fields, members: &[Fields]) -> String {
    let mut pattern = json!(common);
    if members.is_empty() {
        return pattern.to_string();
    }
    // Keys of a `Value` are sorted, and `$` sorts first: `$or` has to be put last by hand.
    let or = json!(members);
    pattern["~"] = or;
    pattern.to_string().replacen("\"~\":", "\"$or\":", 1)
}

fn fields(absence: bool) -> impl Strategy<Value = Fields> {
    let mut entries = vec![
        json!(0),
        json!(1),
        json!("x"),
        json!({"exists": true}),
        json!({"anything-but": 0}),
    ];
    if absence {
        entries.push(json!({"exists": false}));
    }
    let names = select(vec![
        "a", "b", "a.a", "a.b", "b.a", "a-b.a", "a.b.a", "a.b.b",
    ]);
    btree_map(names, vec(select(entries), 1..4), 1..4)
}

/// No members means no `$or`.
fn members(absence: bool) -> impl Strategy<Value = Vec<Fields>> {
    prop_oneof![Just(Vec::new()), vec(fields(absence), 2..4),]
}

fn event() -> impl Strategy<Value = Value> {
    let scalar = select(vec![
        json!(0),
        json!(1),
        json!(1.0),
        json!("x"),
        json!(null),
    ]);
    let value = scalar.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 0..4).prop_map(Value::Array),
            2 => object(inner),
        ]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    btree_map(select(vec!["a", "b", "a.b", "a-b"]), value, 1..4).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

/// 1.0 and 1 are one number to patterns but two to `Value`.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(with_whole_numbers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, with_whole_numbers(value)))
            .collect(),
        Value::Number(number) if number.as_f64() == Some(1.0) => json!(1),
        other => other,
    }
}

fn operation() -> impl Strategy<Value = Value> {
    let path = select(vec![
        "/*/*/logging/loglevel",
        "/accessLogSettings",
        "/variables/x",
    ]);
    let value = select(vec![json!("OFF"), json!("INFO"), json!(null)]);
    (select(vec!["replace", "remove"]), path, value)
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_brute_force(common in fields(false), members in members(false), event in event()) {
        let pattern = Pattern::parse(&pattern_text(&common, &members)).unwrap();
        let expected = brute_force(&common, &members, &with_whole_numbers(event.clone()));
        prop_assert_eq!(pattern.matches(&event), expected);
    }

    #[test]
    fn agrees_with_brute_force_on_absence(common in fields(true), members in members(true), event in event()) {
        let pattern = Pattern::parse(&pattern_text(&common, &members)).unwrap();
        let expected = brute_force(&common, &members, &with_whole_numbers(event.clone()));
        prop_assert_eq!(pattern.matches(&event), expected);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        let _ = Pattern::parse(&text);
    }

    #[test]
    fn any_tokens_are_parsed_or_refused(tokens in vec(select(vec![
        "{", "}", "[", "]", ":", ",", "\"a\"", "\"$or\"", "\"prefix\"", "\"numeric\"", "\"wildcard\"",
        "\"anything-but\"", "\"cidr\"", "\"**\"", "\"\\\\\"", "\">\"", "1", "-1e300", "true", "null",
    ]), 0..30)) {
        let _ = Pattern::parse(&tokens.concat());
        let _ = Pattern::parse(&format!("{{\"a\":[{{{}}}]}}", tokens.concat()));
    }

    #[test]
    fn any_operand_is_parsed_or_refused(
        operator in select(vec!["prefix", "suffix", "wildcard", "numeric", "cidr", "exists", "anything-but"]),
        operand in prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            vec(any::<String>().prop_map(Value::from), 0..4).prop_map(Value::Array),
        ],
        value in any::<String>(),
    ) {
        let text = json!({"a": [{operator: operand}]}).to_string();
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.matches(&json!({"a": value}));
        }
    }

    #[test]
    fn the_order_of_operations_does_not_matter(
        (operations, shuffled) in vec(operation(), 0..6)
            .prop_flat_map(|operations| (Just(operations.clone()), Just(operations).prop_shuffle())),
    ) {
        for pattern in [
            r#"{"patchOperations": {"path": [{"suffix": "/loglevel"}], "value": ["OFF"]}}"#,
            r#"{"patchOperations": {"op": ["remove"], "path": [{"prefix": "/access"}]}}"#,
            r#"{"patchOperations": {"op": ["remove"], "other": [{"exists": false}], "value": [null]}}"#,
            r#"{"patchOperations": {"$or": [{"op": ["remove"], "value": ["INFO"]}, {"path": [{"anything-but": "/variables/x"}]}]}}"#,
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            let matches = |operations: &[Value]| pattern.matches(&json!({"patchOperations": operations}));
            prop_assert_eq!(matches(&operations), matches(&shuffled));
        }
    }
}
