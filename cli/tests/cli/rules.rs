//! `portcullis rules`: list, one in full, JSON, and the page of the documentation.

use super::common::{lines, read, run};

const IDS: [&str; 15] = [
    "access-logs-redirected",
    "account-logging-role-removed",
    "api-created",
    "api-deleted",
    "api-disabled",
    "api-enabled",
    "apis-deleted-across-accounts",
    "apis-deleted-in-bulk",
    "private-api-made-public",
    "responder-role-misused",
    "stage-logging-disabled",
    "stage-logging-disabled-across-accounts",
    "stage-logging-disabled-across-apis",
    "stage-logging-disabled-across-stages",
    "stage-logging-reduced",
];

/// Severities and functions as the contract has them.
fn contract(id: &str) -> (&'static str, &'static str) {
    match id {
        "stage-logging-disabled" => ("high", "stage-logging"),
        "api-deleted" | "api-disabled" => ("high", "api-lifecycle"),
        "api-enabled" => ("medium", "api-lifecycle"),
        "api-created" => ("low", "api-lifecycle"),
        "private-api-made-public" => ("critical", "api-exposure"),
        "stage-logging-reduced" | "access-logs-redirected" => ("medium", "stage-logging"),
        "responder-role-misused" => ("critical", "api-lifecycle"),
        _ if id.starts_with("apis-deleted") => ("critical", "api-lifecycle"),
        _ => ("critical", "stage-logging"),
    }
}

#[test]
fn the_list_has_every_rule() {
    let run = run(&["rules"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let rows = run.out.lines().take_while(|line| !line.is_empty());
    let mut listed: Vec<_> = rows
        .map(|row| row.split_whitespace().take(3).collect::<Vec<_>>())
        .collect();
    listed.sort();
    let expected = IDS.map(|id| vec![id, contract(id).0, contract(id).1]);
    assert_eq!(listed, expected);
}

#[test]
fn jsonl_has_every_member_of_every_rule() {
    let run = run(&["rules", "--format", "jsonl"]);
    assert_eq!(run.code, 0);
    let rules = lines(&run.out);
    let mut ids: Vec<_> = rules
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, IDS);
    for rule in &rules {
        let id = rule["id"].as_str().unwrap();
        let (severity, function) = contract(id);
        assert_eq!(rule["severity"], severity, "{id}");
        assert_eq!(rule["function"], function, "{id}");
        for member in ["title", "gain", "fires", "quiet", "misses", "next"] {
            assert!(!rule[member].as_str().unwrap().is_empty(), "{id}: {member}");
        }
        assert!(!rule["references"].as_array().unwrap().is_empty(), "{id}");
        let base = match id {
            _ if id.starts_with("stage-logging-disabled-across") => Some("stage-logging-disabled"),
            _ if id.starts_with("apis-deleted") => Some("api-deleted"),
            _ => None,
        };
        assert_eq!(rule["counts"].as_str(), base, "{id}");
    }
}

#[test]
fn one_rule_is_shown_in_full() {
    for id in IDS {
        let run = run(&["rules", id]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.starts_with(&format!("{id}: ")), "{}", run.out);
        assert!(
            run.out
                .contains(&format!("  severity        {}\n", contract(id).0)),
            "{}",
            run.out
        );
        for label in [
            "what it gains",
            "fires",
            "quiet",
            "misses",
            "false positives",
            "next",
        ] {
            assert!(
                run.out.contains(&format!("\n  {label:<16}")),
                "{id}: {label}"
            );
        }
        let others = IDS
            .iter()
            .filter(|other| run.out.contains(&format!("\n{other}: ")));
        assert_eq!(others.count(), 0, "{id}");
    }
    let [one] = lines(&run(&["rules", "api-deleted", "--format", "jsonl"]).out)
        .try_into()
        .unwrap();
    assert_eq!(one["id"], "api-deleted");
}

#[test]
fn an_unknown_rule_is_refused_with_the_nearest_name() {
    let run = run(&["rules", "api-deletd"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.contains("did you mean `api-deleted`?"),
        "{}",
        run.err
    );
}

#[test]
fn markdown_is_the_page_of_the_documentation() {
    let run = run(&["rules", "--format", "markdown"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out == read("docs/rules.md"),
        "docs/rules.md is stale: run `make docs`"
    );
}
