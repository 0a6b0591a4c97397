//! `$or`, fields named twice, errors and lints.

use serde_json::json;

use crate::pattern::{Pattern, PatternError, PatternLint};

fn error(json: &str) -> String {
    Pattern::parse(json).unwrap_err().to_string()
}

fn lints(json: &str) -> Vec<PatternLint> {
    Pattern::parse(json).unwrap().lints()
}

fn replaced(path: &str) -> PatternLint {
    PatternLint::FieldReplaced {
        path: path.to_owned(),
    }
}

fn duplicate(path: &str) -> PatternLint {
    PatternLint::DuplicateKey {
        path: path.to_owned(),
    }
}

#[test]
fn errors_name_the_field() {
    let cases = [
        (
            r#"{"detail": {"eventName": [{"sufix": "x"}]}}"#,
            "detail.eventName: unknown operator `sufix`, did you mean `suffix`?",
        ),
        (
            r#"{"detail": {"eventName": "UpdateStage"}}"#,
            "detail.eventName: a field takes a list of values, such as `[\"value\"]`, or an object of fields",
        ),
        ("{}", "pattern: an object needs at least one field"),
        (
            r#"{"detail": {}}"#,
            "detail: an object needs at least one field",
        ),
        (
            r#"{"detail": {"a": []}}"#,
            "detail.a: a list needs at least one value",
        ),
        (
            r#"{"$or": {"a": [1]}}"#,
            "pattern: `$or` takes a list of objects",
        ),
        (
            r#"{"detail": {"$or": [{"a": [1]}]}}"#,
            "detail: `$or` needs at least two objects, this one has 1",
        ),
        (
            r#"{"$or": [{"a": [1]}, "b"]}"#,
            "pattern: `$or` takes objects only, such as `{\"eventName\": [\"UpdateStage\"]}`",
        ),
        (
            r#"{"$or": [{"a": [1]}, {}]}"#,
            "pattern: an object needs at least one field",
        ),
        (
            r#"{"$or": [{"a": [1]}, {"b": {"prefix": ["c"]}}]}"#,
            "b: `prefix` cannot be the name of a field inside `$or`",
        ),
        (
            "[]",
            "pattern must be an object such as `{\"source\": [\"aws.apigateway\"]}`",
        ),
        ("{", "pattern is not JSON"),
        (r#"{"a": [1]} x"#, "pattern is not JSON"),
        ("", "pattern is not JSON"),
    ];
    for (json, expected) in cases {
        assert_eq!(error(json), expected, "{json}");
    }
    assert!(!Pattern::parse("").unwrap_err().is_retryable());
    assert!(matches!(
        Pattern::parse("1"),
        Err(PatternError::NotAnObject)
    ));
}

#[test]
fn combinations_are_limited() {
    let or = r#""$or": [{"a": [1]}, {"b": [1]}, {"c": [1]}, {"d": [1]}, {"e": [1]},
        {"f": [1]}, {"g": [1]}, {"h": [1]}, {"i": [1]}, {"j": [1]}]"#;
    assert!(Pattern::parse(&format!("{{{or}, {or}, {or}}}")).is_ok());
    assert_eq!(
        error(&format!("{{{or}, {or}, {or}, {or}}}")),
        "pattern: the `$or` lists give 10000 combinations, EventBridge takes 1000"
    );
}

#[test]
fn the_later_of_two_fields_replaces_the_earlier() {
    let cases = [
        (r#"{"a": ["x"], "a": ["y"]}"#, json!({"a": "x"}), false),
        (r#"{"a": ["x"], "a": ["y"]}"#, json!({"a": "y"}), true),
        (
            r#"{"a": {"b": ["x"]}, "a": {"c": ["y"]}}"#,
            json!({"a": {"b": "x"}}),
            false,
        ),
        (
            r#"{"a": {"b": ["x"]}, "a.b": ["y"]}"#,
            json!({"a": {"b": "y"}}),
            true,
        ),
        (
            r#"{"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]}"#,
            json!({"a": "y"}),
            true,
        ),
        (
            r#"{"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]}"#,
            json!({"a": "x"}),
            false,
        ),
        (
            r#"{"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]}"#,
            json!({"a": "x", "b": "z"}),
            true,
        ),
        (
            r#"{"$or": [{"a": ["y"]}, {"b": ["z"]}], "a": ["x"]}"#,
            json!({"a": "x"}),
            true,
        ),
        (
            r#"{"$or": [{"a": ["y"]}, {"b": ["z"]}], "a": ["x"]}"#,
            json!({"a": "y"}),
            false,
        ),
    ];
    for (pattern, event, expected) in cases {
        let matched = Pattern::parse(pattern).unwrap().matches(&event);
        assert_eq!(matched, expected, "{pattern} on {event}");
    }
}

#[test]
fn nested_or() {
    let pattern = r#"{"a": [1], "$or": [
        {"b": [2]},
        {"c": {"$or": [{"d": [3]}, {"e": [4]}]}}
    ]}"#;
    let pattern = Pattern::parse(pattern).unwrap();
    let cases = [
        (json!({"a": 1, "b": 2}), true),
        (json!({"a": 1, "c": {"d": 3}}), true),
        (json!({"a": 1, "c": {"e": 4}}), true),
        (json!({"a": 1, "c": {"d": 4}}), false),
        (json!({"b": 2}), false),
    ];
    for (event, expected) in cases {
        assert_eq!(pattern.matches(&event), expected, "{event}");
    }
    assert_eq!(pattern.lints(), []);
}

#[test]
fn replaced_fields_are_linted() {
    let cases = [
        (
            r#"{"detail": {"n": ["x"], "$or": [{"n": ["y"]}, {"b": ["z"]}]}}"#,
            vec![replaced("detail.n")],
        ),
        (
            r#"{"detail": {"$or": [{"n": ["y"]}, {"b": ["z"]}], "n": ["x"]}}"#,
            vec![replaced("detail.n")],
        ),
        (r#"{"$or": [{"a": [1]}, {"a": [2]}]}"#, vec![]),
        (r#"{"a": {"b": [1]}, "a.b": [2]}"#, vec![replaced("a.b")]),
        (r#"{"a": [1], "a": [2]}"#, vec![duplicate("a")]),
        (
            r#"{"a": {"b": [1]}, "a": {"c": [2]}}"#,
            vec![duplicate("a")],
        ),
        (
            r#"{"$or": [{"a": [1]}, {"b": [1]}], "$or": [{"c": [1]}, {"d": [1]}]}"#,
            vec![duplicate("$or")],
        ),
    ];
    for (pattern, expected) in cases {
        assert_eq!(lints(pattern), expected, "{pattern}");
    }
}

#[test]
fn suspicious_lists_are_linted() {
    let path = || "a".to_owned();
    let cases = [
        (
            r#"{"a": [{"anything-but": "x"}, {"anything-but": "y"}]}"#,
            vec![PatternLint::AnythingButTwice { path: path() }],
        ),
        (r#"{"a": [{"anything-but": ["x", "y"]}]}"#, vec![]),
        (
            r#"{"a": [{"cidr": "10.0.0.0/8"}, {"suffix": ".amazonaws.com"}]}"#,
            vec![PatternLint::AddressAndText { path: path() }],
        ),
        (r#"{"a": [{"cidr": "10.0.0.0/8"}, "192.0.2.1"]}"#, vec![]),
    ];
    for (pattern, expected) in cases {
        assert_eq!(lints(pattern), expected, "{pattern}");
    }
    assert_eq!(
        replaced("a").to_string(),
        "a: named more than once, also counting `$or`; the last one replaces the others instead of adding to them"
    );
}
