//! The example: the findings that the documentation promises, each as the contract has it.

use std::collections::BTreeSet;

use serde_json::json;

use super::common::{Folder, lines, logging_off, read, replay, run};
use super::contract;

const INCIDENT: &str = "examples/incident";
const BASELINE: [&str; 3] = [INCIDENT, "--baseline", "examples/incident-baseline.ndjson"];

/// Equal texts, or the first line that differs: the whole of both is unreadable.
fn assert_same(found: &str, expected: &str) {
    for (at, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", at + 1);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn the_example_gives_what_its_readme_promises() {
    let cases = [
        (&[INCIDENT][..], "examples/expected.jsonl"),
        (&BASELINE[..], "examples/expected-with-baseline.jsonl"),
    ];
    for (args, expected) in cases {
        let run = replay(args);
        assert_same(&run.out, &read(expected));
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.err.contains("unreadable 0\n"), "{}", run.err);
        assert!(
            run.err
                .contains("read       81 files, 3248 records, 390 of API Gateway, 1 digest file")
        );
    }
}

#[test]
fn every_line_keeps_the_contract() {
    for args in [&[INCIDENT][..], &BASELINE[..]] {
        let run = replay(args);
        assert!(contract::check(&run.out).len() > 40);
    }
}

/// Needs the ledger of the responder, which replay does not have.
const LIVE_ONLY: &str = "responder-role-misused";

#[test]
fn each_run_trips_every_rule() {
    let rules = lines(&run(&["rules", "--format", "jsonl"]).out);
    let ids = rules.iter().map(|rule| rule["id"].as_str().unwrap());
    let ids: BTreeSet<_> = ids
        .filter(|id| *id != LIVE_ONLY)
        .map(str::to_owned)
        .collect();
    assert_eq!(ids.len(), 14);
    for args in [&[INCIDENT][..], &BASELINE[..]] {
        let fired: BTreeSet<_> = replay(args).fired().into_iter().collect();
        assert_eq!(fired, ids, "{args:?}");
    }
}

/// How often what stood before is unknown, known not to be set, and known.
fn befores(args: &[&str]) -> (usize, usize, usize) {
    let run = replay(args);
    let findings = contract::check(&run.out);
    let changes = || findings.iter().flat_map(|finding| &finding.changes);
    let count = |form: fn(&Option<Option<String>>) -> bool| {
        changes().filter(|change| form(&change.before)).count()
    };
    (
        count(Option::is_none),
        count(|before| *before == Some(None)),
        count(|before| matches!(before, Some(Some(_)))),
    )
}

#[test]
fn what_stood_before_is_absent_while_unknown_and_null_where_not_set() {
    assert_eq!(befores(&[INCIDENT]), (26, 0, 0));
    assert_eq!(befores(&BASELINE), (0, 0, 31));

    let folder = Folder::new();
    let mut zero = logging_off(1, "10:00:00", "prod");
    zero["requestParameters"]["updateStageInput"]["patchOperations"] =
        json!([{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "0"}]);
    zero["responseElements"]["methodSettings"]["*/*"]["throttlingRateLimit"] = json!(0.0);
    let record = folder.write("record.json", zero.to_string());
    let known = json!({
        "kind": "stage", "account": "111122223333", "region": "eu-west-1",
        "api": {"id": "a1b2c3d4e5", "type": "REST", "name": "shop"}, "stage": "prod",
        "time": "2026-11-01T02:00:00Z", "source": "read",
        "settings": {"stageName": "prod", "deploymentId": "43s4u5", "methodSettings": {}}
    });
    let baseline = folder.write("baseline.ndjson", known.to_string());
    assert_eq!(befores(&[&record]), (1, 0, 0));
    assert_eq!(befores(&[&record, "--baseline", &baseline]), (0, 1, 0));
    let newer = folder.write("newer.ndjson", known.to_string().replace("11-01", "11-03"));
    assert_eq!(befores(&[&record, "--baseline", &newer]), (1, 0, 0));
}

#[test]
fn the_summary_counts_every_finding_under_its_rule() {
    let run = replay(&[INCIDENT]);
    for rule in run.fired() {
        let count = run.fired().iter().filter(|fired| **fired == rule).count();
        assert!(
            run.err.contains(&format!("{count:>17}  {rule}\n")),
            "{rule}: {}",
            run.err
        );
    }
    assert!(
        run.err
            .contains("findings   41: 8 critical, 25 high, 5 medium, 3 low\n")
    );
    assert!(
        run.err.contains(
            "undecided  9 records (the record alone does not tell; --baseline FILE may)\n"
        )
    );
    assert!(replay(&BASELINE).err.contains("undecided  0 records\n"));
}
