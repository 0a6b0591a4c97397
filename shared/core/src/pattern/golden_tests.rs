//! The golden cases: patterns and events with the verdicts of the reference matcher.
//!
//! They stay outside the project; `PORTCULLIS_SHARED` says where.

use std::{env, fs};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Pattern;

#[derive(Deserialize)]
struct Case<'j> {
    id: String,
    #[serde(borrow)]
    pattern: &'j RawValue,
    event: Value,
    /// Missing where the reference refuses the pattern.
    #[serde(rename = "match")]
    matches: Option<bool>,
}

#[test]
fn the_reference_agrees() {
    let shared = env::var("PORTCULLIS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let path = format!("{shared}/event-patterns/golden.jsonl");
    let Ok(lines) = fs::read_to_string(&path) else {
        println!("skipped: there are no golden cases at {path}");
        return;
    };
    let mut wrong = Vec::new();
    for line in lines.lines() {
        let case: Case<'_> = serde_json::from_str(line).unwrap();
        let verdict = Pattern::parse(case.pattern.get())
            .ok()
            .map(|pattern| pattern.matches(&case.event));
        if verdict != case.matches {
            wrong.push(case.id);
        }
    }
    assert_eq!(lines.lines().count(), 121);
    assert_eq!(wrong, Vec::<String>::new());
}
