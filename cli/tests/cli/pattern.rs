//! `portcullis pattern`: verdicts, lints, exit status, and the golden cases of AWS's own matcher.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::common::{Folder, deletion, event, lines, run, run_on, workspace};

fn files(folder: &Folder, pattern: &str) -> [String; 3] {
    let gateway = event(&deletion(1, "10:00:00").to_string());
    let other = json!({"source": "aws.s3", "detail": {}}).to_string();
    [
        folder.write("pattern.json", pattern),
        folder.write("gateway.json", gateway),
        folder.write("other.json", other),
    ]
}

#[test]
fn verdicts_come_one_a_line_and_decide_the_status() {
    let folder = Folder::new();
    let [pattern, gateway, other] = files(&folder, r#"{"source":["aws.apigateway"]}"#);
    let both = run(&["pattern", &pattern, &gateway, &other]);
    let expected = format!("match     {gateway} 1\nno match  {other} 1\n");
    assert_eq!(
        (both.code, both.out, both.err),
        (0, expected, String::new())
    );
    let none = run(&["pattern", &pattern, &other]);
    assert_eq!((none.code, none.out), (1, format!("no match  {other} 1\n")));
}

#[test]
fn events_come_from_arrays_streams_and_standard_input() {
    let folder = Folder::new();
    let [pattern, ..] = files(&folder, r#"{"source":["aws.apigateway"]}"#);
    let (yes, no) = (
        json!({"source": "aws.apigateway"}),
        json!({"source": "aws.s3"}),
    );
    let many = folder.write("many.json", format!("[{no},{yes}]\n{no}"));
    let run = run(&["pattern", &pattern, &many]);
    assert_eq!(
        run.out,
        format!("no match  {many} 1\nmatch     {many} 2\nno match  {many} 3\n")
    );
    let piped = run_on(&["pattern", &pattern, "-"], yes.to_string().as_bytes());
    assert_eq!((piped.code, piped.out.as_str()), (0, "match     - 1\n"));
}

#[test]
fn what_is_accepted_and_hardly_meant_is_a_warning() {
    let folder = Folder::new();
    let pattern = r#"{"source":["aws.apigateway"],"source":["aws.s3"]}"#;
    let [pattern, _, other] = files(&folder, pattern);
    let run = run(&["pattern", &pattern, &other]);
    assert_eq!(run.code, 0);
    assert_eq!(run.out, format!("match     {other} 1\n"));
    assert!(
        run.err.starts_with("warning: ") && run.err.contains("source"),
        "{}",
        run.err
    );
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new();
    let [good, gateway, _] = files(&folder, r#"{"source":["aws.apigateway"]}"#);
    let bad_pattern = folder.write("bad-pattern.json", r#"{"source":"aws.s3"}"#);
    let bad_event = folder.write("bad-event.json", "{}\n{\"source\":");
    let missing = folder.path("missing.json");
    let table = [
        (
            [&bad_pattern, &gateway],
            format!("error: `{bad_pattern}` is no valid pattern: source: "),
        ),
        (
            [&good, &bad_event],
            format!("error: `{bad_event}`, value 2: "),
        ),
        (
            [&missing, &gateway],
            format!("error: cannot read `{missing}`: "),
        ),
        (
            [&good, &missing],
            format!("error: cannot read `{missing}`: "),
        ),
    ];
    for ([pattern, event], message) in table {
        let run = run(&["pattern", pattern, event]);
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(run.err.starts_with(&message), "{}", run.err);
    }
}

#[test]
fn the_arguments_are_needed_and_exclude_cases() {
    let folder = Folder::new();
    let [pattern, event, _] = files(&folder, r#"{"source":["x"]}"#);
    let table: [&[&str]; 4] = [
        &["pattern"],
        &["pattern", &pattern],
        &["pattern", "--cases", &event, &pattern],
        &["pattern", "--cases"],
    ];
    for args in table {
        let run = run(args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn a_bad_case_is_named_and_the_rest_goes_on() {
    let folder = Folder::new();
    let case = |id: u32, source: &str| {
        json!({"id": id, "pattern": {"source": ["x"]}, "event": {"source": source}}).to_string()
    };
    let wrong = r#"{"id":"w","pattern":{"source":"x"},"event":{}}"#;
    let text = [
        &case(1, "x"),
        "nonsense",
        r#"{"id":2}"#,
        "",
        wrong,
        &case(3, "y"),
    ]
    .join("\n");
    let cases = folder.write("cases.jsonl", text);
    let run = run(&["pattern", "--cases", &cases]);
    assert_eq!(run.code, 2);
    let [first, error, last] = lines(&run.out).try_into().unwrap();
    assert_eq!(first, json!({"id": 1, "match": true}));
    assert_eq!(
        (&error["id"], error["error"].is_string()),
        (&json!("w"), true)
    );
    assert_eq!(last, json!({"id": 3, "match": false}));
    let named: Vec<_> = run.err.lines().collect();
    let [second, third] = named.try_into().unwrap();
    assert!(
        second.starts_with(&format!("error: {cases}: line 2: ")),
        "{second}"
    );
    assert!(
        third.starts_with(&format!("error: {cases}: line 3: missing field `pattern`")),
        "{third}"
    );
}

#[test]
fn golden_cases_agree() {
    let shared = std::env::var_os("PORTCULLIS_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| workspace().join("../shared"));
    let golden = shared.join("event-patterns/golden.jsonl");
    let Ok(text) = std::fs::read_to_string(&golden) else {
        eprintln!("skipped: there is no `{}`", golden.display());
        return;
    };
    let run = run(&["pattern", "--cases", golden.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let by_id = |cases: Vec<Value>| -> BTreeMap<String, Value> {
        let key = |case: Value| (case["id"].to_string(), case);
        cases.into_iter().map(key).collect()
    };
    let (cases, verdicts) = (by_id(lines(&text)), by_id(lines(&run.out)));
    let agree = |id: &String, case: &Value| {
        let verdict = &verdicts[id];
        verdict["match"] == case["match"]
            && verdict["error"].is_string() == case.get("error").is_some()
    };
    let disagree: Vec<_> = cases.iter().filter(|(id, case)| !agree(id, case)).collect();
    assert!(disagree.is_empty(), "{disagree:#?}");
    assert_eq!(
        (cases.len(), verdicts.len(), run.out.lines().count()),
        (121, 121, 121)
    );
}
