//! Every operator: what it lets through and what is refused.

use serde_json::Value;

use crate::pattern::{Pattern, PatternError, Problem};

/// Whether the list, as that of the field `a`, lets the value of `a` through.
fn passes(list: &str, value: &str) -> bool {
    let pattern = Pattern::parse(&format!(r#"{{"a": {list}}}"#)).unwrap();
    let event: Value = serde_json::from_str(&format!(r#"{{"a": {value}}}"#)).unwrap();
    pattern.matches(&event)
}

fn check(cases: &[(&str, &str, bool)]) {
    for (list, value, expected) in cases {
        assert_eq!(passes(list, value), *expected, "{list} on {value}");
    }
}

fn problem(list: &str) -> Problem {
    match Pattern::parse(&format!(r#"{{"a": {list}}}"#)) {
        Err(PatternError::Field { path, problem }) if path == "a" => problem,
        other => panic!("{list}: {other:?}"),
    }
}

#[test]
fn plain_values() {
    check(&[
        (r#"["x"]"#, r#""x""#, true),
        (r#"["x", "y"]"#, r#""y""#, true),
        (r#"["x"]"#, r#""X""#, false),
        (r#"["x"]"#, "{}", false),
        (r#"["x"]"#, "[]", false),
        (r#"["x"]"#, r#"[1, "x"]"#, true),
        (r#"[""]"#, r#""""#, true),
        (r#"[{"exactly": "x"}]"#, r#""x""#, true),
        ("[10]", "10.0", true),
        ("[10]", r#""10""#, false),
        (r#"["10"]"#, "10", false),
        ("[true]", "true", true),
        ("[true]", r#""true""#, false),
        ("[false]", "true", false),
        ("[null]", "null", true),
        ("[null]", r#""null""#, false),
        ("[null]", "0", false),
    ]);
}

#[test]
fn prefix_and_suffix() {
    check(&[
        (r#"[{"prefix": "ab"}]"#, r#""abc""#, true),
        (r#"[{"prefix": "ab"}]"#, r#""Abc""#, false),
        (r#"[{"prefix": "1"}]"#, "12", false),
        (r#"[{"prefix": ""}]"#, r#""""#, true),
        (r#"[{"prefix": ""}]"#, "12", false),
        (r#"[{"suffix": "bc"}]"#, r#""abc""#, true),
        (r#"[{"suffix": "bc"}]"#, r#""bcd""#, false),
        (r#"[{"suffix": ""}]"#, "null", false),
        (
            r#"[{"prefix": {"equals-ignore-case": "AB"}}]"#,
            r#""abc""#,
            true,
        ),
        (
            r#"[{"prefix": {"equals-ignore-case": "AB"}}]"#,
            r#""a""#,
            false,
        ),
        (
            r#"[{"suffix": {"equals-ignore-case": "BC"}}]"#,
            r#""abc""#,
            true,
        ),
        (
            r#"[{"suffix": {"equals-ignore-case": "BC"}}]"#,
            r#""cb""#,
            false,
        ),
    ]);
}

#[test]
fn ignoring_case_and_wildcard() {
    check(&[
        (r#"[{"equals-ignore-case": "Off"}]"#, r#""OFF""#, true),
        (r#"[{"equals-ignore-case": "Off"}]"#, r#""OFFS""#, false),
        (r#"[{"wildcard": "/*/x"}]"#, r#""/a/b/x""#, true),
        (r#"[{"wildcard": "/*/x"}]"#, r#""/x""#, false),
        (r#"[{"wildcard": "/\\*/x"}]"#, r#""/*/x""#, true),
        (r#"[{"wildcard": "*"}]"#, "1", false),
    ]);
}

#[test]
fn anything_but() {
    check(&[
        (r#"[{"anything-but": "x"}]"#, r#""y""#, true),
        (r#"[{"anything-but": "x"}]"#, r#""x""#, false),
        (r#"[{"anything-but": "x"}]"#, "1", true),
        (r#"[{"anything-but": "x"}]"#, "null", true),
        (r#"[{"anything-but": "x"}]"#, "{}", false),
        (r#"[{"anything-but": ["x", "y"]}]"#, r#""y""#, false),
        (r#"[{"anything-but": ["x", "y"]}]"#, r#"["y", "z"]"#, true),
        (r#"[{"anything-but": 1}]"#, "1.0", false),
        (r#"[{"anything-but": [1, 2]}]"#, "2", false),
        (r#"[{"anything-but": [1, 2]}]"#, r#""2""#, true),
    ]);
}

#[test]
fn anything_but_an_operator() {
    check(&[
        (
            r#"[{"anything-but": {"prefix": "Get"}}]"#,
            r#""GetStage""#,
            false,
        ),
        (
            r#"[{"anything-but": {"prefix": ["Get", "Li"]}}]"#,
            r#""List""#,
            false,
        ),
        (
            r#"[{"anything-but": {"prefix": ["Get", "Li"]}}]"#,
            r#""Update""#,
            true,
        ),
        (
            r#"[{"anything-but": {"suffix": "Stage"}}]"#,
            r#""GetStage""#,
            false,
        ),
        (
            r#"[{"anything-but": {"suffix": ["Api", "Stage"]}}]"#,
            r#""GetApis""#,
            true,
        ),
        (
            r#"[{"anything-but": {"wildcard": "*a*"}}]"#,
            r#""bab""#,
            false,
        ),
        (
            r#"[{"anything-but": {"wildcard": ["*a*", "b"]}}]"#,
            r#""b""#,
            false,
        ),
        (
            r#"[{"anything-but": {"equals-ignore-case": "Off"}}]"#,
            r#""OFF""#,
            false,
        ),
        (
            r#"[{"anything-but": {"equals-ignore-case": ["a", "b"]}}]"#,
            r#""c""#,
            true,
        ),
        (
            r#"[{"anything-but": {"equals-ignore-case": ["a", "b"]}}]"#,
            r#""B""#,
            false,
        ),
    ]);
}

#[test]
fn numeric() {
    check(&[
        (r#"[{"numeric": ["=", 5]}]"#, "5.0", true),
        (r#"[{"numeric": ["=", 5]}]"#, r#""5""#, false),
        (r#"[{"numeric": ["<", 5]}]"#, "5", false),
        (r#"[{"numeric": ["<=", 5]}]"#, "5", true),
        (r#"[{"numeric": [">", 5]}]"#, "5", false),
        (r#"[{"numeric": [">=", 5]}]"#, "5", true),
        (r#"[{"numeric": [">", 0, "<=", 5]}]"#, "5", true),
        (r#"[{"numeric": [">", 0, "<=", 5]}]"#, "0", false),
        (r#"[{"numeric": [">=", -1.5, "<", 5]}]"#, "-1.5", true),
    ]);
}

#[test]
fn addresses() {
    check(&[
        (r#"[{"cidr": "192.0.2.0/24"}]"#, r#""192.0.2.255""#, true),
        (r#"[{"cidr": "192.0.2.0/24"}]"#, r#""192.0.3.0""#, false),
        (
            r#"[{"cidr": "192.0.2.0/24"}]"#,
            r#""apigateway.amazonaws.com""#,
            false,
        ),
        (r#"[{"cidr": "192.0.2.0/24"}]"#, r#""2001:db8::1""#, false),
        (r#"[{"cidr": "0.0.0.0/0"}]"#, r#""192.0.2.1""#, true),
        (
            r#"[{"cidr": "2001:db8::/32"}]"#,
            r#""2001:db8:ffff::1""#,
            true,
        ),
        (r#"[{"cidr": "2001:db8::/32"}]"#, r#""2001:db9::1""#, false),
        (r#"["2001:db8::1"]"#, r#""2001:0db8:0::1""#, true),
        (r#"["192.0.2.1"]"#, r#""192.0.2.1""#, true),
    ]);
}

#[test]
fn exists() {
    check(&[
        (r#"[{"exists": true}]"#, "null", true),
        (r#"[{"exists": true}]"#, r#"{"b": 1}"#, false),
        (r#"[{"exists": true}]"#, "[]", false),
        (r#"[{"exists": true}]"#, "[[1]]", true),
        (r#"[{"exists": false}]"#, "null", false),
        (r#"[{"exists": false}]"#, "{}", true),
        (r#"[{"exists": false}]"#, "[]", true),
        (r#"["x", {"exists": false}]"#, "{}", true),
        (r#"["x", {"exists": false}]"#, r#""x""#, true),
        (r#"["x", {"exists": false}]"#, r#""y""#, false),
    ]);
}

fn check_problems(cases: &[(&str, Problem)]) {
    for (list, expected) in cases {
        assert_eq!(problem(list), *expected, "{list}");
    }
}

#[test]
fn shape_is_refused() {
    check_problems(&[
        ("[]", Problem::EmptyList),
        ("[[1]]", Problem::NestedList),
        ("[{}]", Problem::NotOneOperator(0)),
        (
            r#"[{"prefix": "a", "suffix": "b"}]"#,
            Problem::NotOneOperator(2),
        ),
        (
            r#"[{"prefix": "a", "prefix": "b"}]"#,
            Problem::NotOneOperator(2),
        ),
        (
            r#"[{"anything-but": {"prefix": "a", "suffix": "b"}}]"#,
            Problem::NotOneOperator(2),
        ),
        (r#"[{"anything-but": []}]"#, Problem::EmptyList),
        (r#"[{"anything-but": {"prefix": []}}]"#, Problem::EmptyList),
    ]);
}

#[test]
fn unknown_operators_are_refused() {
    let cases = [
        ("sufix", Some("suffix")),
        ("anythingbut", Some("anything-but")),
        ("equalsIgnoreCase", Some("equals-ignore-case")),
        ("regex", None),
    ];
    for (name, nearest) in cases {
        let expected = Problem::UnknownOperator {
            name: name.to_owned(),
            nearest,
        };
        assert_eq!(problem(&format!(r#"[{{"{name}": "a"}}]"#)), expected);
    }
}

#[test]
fn wildcards_and_ranges_of_addresses_are_refused() {
    let stars = |text: &str| Problem::ConsecutiveStars(text.to_owned());
    check_problems(&[
        (r#"[{"wildcard": "a**"}]"#, stars("a**")),
        (
            r#"[{"anything-but": {"wildcard": ["a", "**"]}}]"#,
            stars("**"),
        ),
        (
            r#"[{"wildcard": "a\\b"}]"#,
            Problem::BadEscape(r"a\b".to_owned()),
        ),
        (
            r#"[{"cidr": "10.0.0.0"}]"#,
            Problem::Cidr("10.0.0.0".to_owned()),
        ),
    ]);
}

#[test]
fn numeric_is_refused() {
    let operator = |text: &str| Problem::NumericOperator(text.to_owned());
    let empty = |low, high| Problem::EmptyRange { low, high };
    check_problems(&[
        (r#"[{"numeric": ["<", 6e9]}]"#, Problem::NumberTooLarge(6e9)),
        (
            r#"[{"anything-but": 6000000000}]"#,
            Problem::NumberTooLarge(6e9),
        ),
        (r#"[{"numeric": ["!", 1]}]"#, operator("!")),
        (r#"[{"numeric": ["<", 0, ">", 1]}]"#, operator("<")),
        (r#"[{"numeric": ["=", 0, "<", 1]}]"#, operator("=")),
        (r#"[{"numeric": [">", 0, "=", 1]}]"#, operator("=")),
        (r#"[{"numeric": ["<", 1, ">", 0]}]"#, empty(1.0, 0.0)),
        (r#"[{"numeric": [">=", 1, "<=", 1]}]"#, empty(1.0, 1.0)),
    ]);
    for list in [
        r#"[{"numeric": 1}]"#,
        r#"[{"numeric": []}]"#,
        r#"[{"numeric": [1]}]"#,
        r#"[{"numeric": [">"]}]"#,
        r#"[{"numeric": ["=", "1"]}]"#,
        r#"[{"numeric": [">", 0, "<"]}]"#,
        r#"[{"numeric": [">", 0, "<", 5, "<", 6]}]"#,
    ] {
        assert_eq!(
            problem(list).to_string(),
            "`numeric` takes a list such as `[\">\", 0]` or `[\">=\", 0, \"<\", 5]`",
            "{list}"
        );
    }
}

fn check_messages(cases: &[(&str, &str)]) {
    for (list, expected) in cases {
        assert_eq!(problem(list).to_string(), *expected, "{list}");
    }
}

#[test]
fn operands_are_refused() {
    check_messages(&[
        (r#"[{"exactly": 1}]"#, "`exactly` takes one string"),
        (r#"[{"prefix": ["a", "b"]}]"#, "`prefix` takes one string"),
        (r#"[{"suffix": 1}]"#, "`suffix` takes one string"),
        (r#"[{"wildcard": ["a"]}]"#, "`wildcard` takes one string"),
        (
            r#"[{"equals-ignore-case": ["a"]}]"#,
            "`equals-ignore-case` takes one string",
        ),
        (r#"[{"cidr": ["10.0.0.0/8"]}]"#, "`cidr` takes one string"),
        (
            r#"[{"exists": "true"}]"#,
            "`exists` takes `true` or `false`",
        ),
        (
            r#"[{"prefix": {"suffix": "a"}}]"#,
            "`prefix` cannot contain `suffix`",
        ),
    ]);
}

#[test]
fn operands_of_anything_but_are_refused() {
    check_messages(&[
        (
            r#"[{"anything-but": null}]"#,
            "`anything-but` takes strings or numbers",
        ),
        (
            r#"[{"anything-but": [true]}]"#,
            "`anything-but` takes strings or numbers",
        ),
        (
            r#"[{"anything-but": ["a", 1]}]"#,
            "`anything-but` takes strings or numbers, not both in one list",
        ),
        (
            r#"[{"anything-but": {"prefix": ""}}]"#,
            "`prefix` takes text that is not empty in `anything-but`",
        ),
        (
            r#"[{"anything-but": {"suffix": [1]}}]"#,
            "`suffix` takes one string",
        ),
        (
            r#"[{"anything-but": {"sufix": "a"}}]"#,
            "`anything-but` cannot contain `sufix`, did you mean `suffix`?",
        ),
        (
            r#"[{"anything-but": {"numeric": ["=", 1]}}]"#,
            "`anything-but` cannot contain `numeric`",
        ),
    ]);
}
