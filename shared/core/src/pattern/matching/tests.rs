//! Arrays, absence, dotted keys, and events made to exhaust the search.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::pattern::Pattern;

fn check(cases: &[(&str, Value, bool)]) {
    for (pattern, event, expected) in cases {
        let matched = Pattern::parse(pattern).unwrap().matches(event);
        assert_eq!(matched, *expected, "{pattern} on {event}");
    }
}

#[test]
fn one_element_must_satisfy_all_fields() {
    let pattern = r#"{"d": {"x": [1], "y": [2]}}"#;
    check(&[
        (pattern, json!({"d": [{"x": 1, "y": 2}]}), true),
        (pattern, json!({"d": [{"x": 1}, {"y": 2}]}), false),
        (pattern, json!({"d": [{"x": 1}, {"x": 1, "y": 2}]}), true),
        (pattern, json!({"d": [{"x": [0, 1], "y": [2, 3]}]}), true),
        (pattern, json!({"d": {"x": [1], "y": 2}}), true),
    ]);
}

#[test]
fn nested_arrays_and_arrays_of_arrays() {
    let deep = r#"{"a": {"b": {"x": [1], "y": [2]}, "c": [3]}}"#;
    let flat = r#"{"d": {"x": [1], "y": [2]}}"#;
    check(&[
        (
            deep,
            json!({"a": [{"b": [{"x": 1, "y": 2}], "c": 3}]}),
            true,
        ),
        (
            deep,
            json!({"a": [{"b": [{"x": 1}, {"y": 2}], "c": 3}]}),
            false,
        ),
        (
            deep,
            json!({"a": [{"b": [{"x": 1, "y": 2}]}, {"c": 3}]}),
            false,
        ),
        (
            deep,
            json!({"a": [{"b": {"x": 1, "y": 2}, "c": [4, 3]}]}),
            true,
        ),
        (flat, json!({"d": [[{"x": 1}, {"y": 2}]]}), false),
        (flat, json!({"d": [[{"x": 1}], [{"y": 2}]]}), false),
        (flat, json!({"d": [[{"x": 1}], [{"x": 1, "y": 2}]]}), true),
        (r#"{"d": [1]}"#, json!({"d": [[[0], [1]]]}), true),
        // A plain value is in no element; the object next to it is.
        (
            r#"{"d": [1], "d.x": [2]}"#,
            json!({"d": [1, {"x": 2}]}),
            true,
        ),
        (
            r#"{"d": [1], "d.x": [2]}"#,
            json!({"d": [[1], {"x": 2}]}),
            false,
        ),
    ]);
}

#[test]
fn absence_is_relative_to_elements_chosen_by_earlier_names() {
    let absent_y = r#"{"d": {"x": [1], "y": [{"exists": false}]}}"#;
    let absent_w = r#"{"d": {"x": [1], "w": [{"exists": false}]}}"#;
    check(&[
        (absent_y, json!({"d": [{"x": 1}, {"x": 2, "y": 3}]}), true),
        (absent_y, json!({"d": [{"x": 1, "y": 3}]}), false),
        // `w` comes before `x`, so no element is chosen when it is asked for.
        (absent_w, json!({"d": [{"x": 1}, {"x": 2, "w": 3}]}), false),
        (absent_w, json!({"d": [{"x": 1}]}), true),
    ]);
}

#[test]
fn dotted_keys() {
    check(&[
        (r#"{"a.b": [1]}"#, json!({"a": {"b": 1}}), true),
        (r#"{"a": {"b": [1]}}"#, json!({"a.b": 1}), true),
        (
            r#"{"a": {"b": {"c": [1]}}}"#,
            json!({"a.b": {"c": 1}}),
            true,
        ),
        (
            r#"{"a": {"b": [1]}}"#,
            json!({"a.b": 2, "a": {"b": 1}}),
            true,
        ),
        (r#"{"a": {"": [1]}}"#, json!({"a": {"": 1}}), true),
        (r#"{"a": {"": [1]}}"#, json!({"a": 1}), false),
        (
            r#"{"a-b": [1], "a": {"b": [2]}}"#,
            json!({"a-b": 1, "a": {"b": 2}}),
            true,
        ),
        // Two arrays of one path are two arrays.
        (
            r#"{"a": {"b": {"x": [1], "y": [2]}}}"#,
            json!({"a": {"b": [{"x": 1}, {}]}, "a.b": [{}, {"y": 2}]}),
            true,
        ),
    ]);
}

#[test]
fn an_event_that_is_no_object_matches_nothing() {
    let absent = r#"{"a": [{"exists": false}]}"#;
    check(&[
        (absent, json!({}), true),
        (absent, json!([]), false),
        (absent, json!(null), false),
    ]);
}

/// The verdict, which must not take long even in a build without optimisation.
fn quick(pattern: &str, event: &Value) -> bool {
    let start = Instant::now();
    let matched = Pattern::parse(pattern).unwrap().matches(event);
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    matched
}

#[test]
fn independent_arrays_do_not_multiply() {
    let elements = vec![json!({"x": 1, "y": 1}); 10_000];
    let event = json!({"a": elements, "b": elements, "c": elements, "d": 1});
    let pattern =
        r#"{"a": {"x": [1], "y": [1]}, "b": {"x": [1], "y": [1]}, "c": {"x": [1]}, "d": [2]}"#;
    assert!(!quick(pattern, &event));
}

#[test]
fn many_elements_take_linear_time() {
    let elements = vec![json!({"w": 1, "x": 1, "y": 1, "z": 2}); 30_000];
    let pattern = r#"{"d": {"w": [1], "x": [1], "y": [1], "z": [1]}}"#;
    assert!(!quick(pattern, &json!({"d": elements})));
}

#[test]
fn deeply_nested_arrays_take_bounded_time() {
    let mut nested = Value::Array(vec![json!([{"x": 1}]); 20_000]);
    for _ in 0..100 {
        nested = json!([1, nested]);
    }
    assert!(!quick(
        r#"{"d": {"x": [1], "y": [1]}}"#,
        &json!({"d": nested})
    ));
}

#[test]
fn an_exhausted_search_counts_as_a_match() {
    let elements = vec![json!({"x": 1, "y": 1, "z": 2}); 10_000];
    let event = json!({"a.b": elements, "a": {"b": elements}});
    assert!(quick(
        r#"{"a": {"b": {"x": [1], "y": [1], "z": [1]}}}"#,
        &event
    ));
}
