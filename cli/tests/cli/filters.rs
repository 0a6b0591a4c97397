//! Options of `replay` that filter findings and decide the exit status.

use super::common::{Folder, Run, four, logging_off, ndjson, replay};

fn times(run: &Run) -> Vec<String> {
    let findings = run.findings();
    let shown = findings.iter().map(|finding| {
        let time = finding["time"].as_str().unwrap();
        format!(
            "{} {}",
            time.get(11..16).unwrap(),
            finding["rule"].as_str().unwrap()
        )
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

#[test]
fn since_and_until_filter_findings_after_windows_are_counted() {
    let folder = Folder::new();
    let four = four(&folder);
    let table: [(&[&str], &[&str]); 6] = [
        (
            &[],
            &[
                "10:00 api-deleted",
                "10:02 api-deleted",
                "10:04 api-deleted",
                "10:06 api-deleted",
                "10:06 apis-deleted-in-bulk",
            ],
        ),
        (
            &["--since", "2026-11-02T10:06:00Z"],
            &["10:06 api-deleted", "10:06 apis-deleted-in-bulk"],
        ),
        (
            &["--since", "2026-11-02T12:06:00+02:00"],
            &["10:06 api-deleted", "10:06 apis-deleted-in-bulk"],
        ),
        (&["--since", "2026-11-02T10:06:01Z"], &[]),
        (
            &["--until", "2026-11-02T10:04:00Z"],
            &["10:00 api-deleted", "10:02 api-deleted"],
        ),
        (
            &["--since", "2026-11-02T10:01:00", "--until", "2026-11-03"],
            &[
                "10:02 api-deleted",
                "10:04 api-deleted",
                "10:06 api-deleted",
                "10:06 apis-deleted-in-bulk",
            ],
        ),
    ];
    for (options, expected) in table {
        let run = replay(&[&[four.as_str()], options].concat());
        assert_eq!(times(&run), expected, "{options:?}");
        assert_eq!(run.code, 0);
    }
}

#[test]
fn times_that_are_none_are_refused() {
    for option in ["--since", "--until"] {
        let run = replay(&["examples/incident", option, "yesterday"]);
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(
            run.err.contains("'yesterday'") && run.err.contains("2026-11-02T10:00:00Z"),
            "{}",
            run.err
        );
    }
}

#[test]
fn rule_keeps_the_findings_of_the_rules_named() {
    let folder = Folder::new();
    let four = four(&folder);
    let one = replay(&[&four, "--rule", "apis-deleted-in-bulk"]);
    assert_eq!(one.fired(), ["apis-deleted-in-bulk"]);
    let two = replay(&[
        &four,
        "--rule",
        "apis-deleted-in-bulk",
        "--rule",
        "api-deleted",
    ]);
    assert_eq!(two.fired().len(), 5);
    let other = replay(&[&four, "--rule", "api-created"]);
    assert_eq!((other.code, other.out.as_str()), (0, ""));
    assert!(other.err.contains("findings   none\n"), "{}", other.err);
}

#[test]
fn an_unknown_rule_is_refused_with_the_nearest_name() {
    let run = replay(&["examples/incident", "--rule", "stage-loging-disabled"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.contains("did you mean `stage-logging-disabled`?"),
        "{}",
        run.err
    );
}

#[test]
fn fail_on_looks_at_severity_and_unreadable_wins() {
    let folder = Folder::new();
    let high = folder.write("high.ndjson", ndjson([logging_off(1, "10:00:00", "prod")]));
    let empty = folder.write("empty.json", "");
    let table: [(&[&str], i32); 8] = [
        (&[&high, "--fail-on", "low"], 1),
        (&[&high, "--fail-on", "high"], 1),
        (&[&high, "--fail-on", "critical"], 0),
        (&["examples/incident", "--fail-on", "critical"], 1),
        (&[&high, &empty, "--fail-on", "high"], 2),
        (&[&high, "--fail-on", "high", "--rule", "api-deleted"], 0),
        (&[&high, "--fail-on", "high", "--since", "2026-11-03"], 0),
        (&[&high, "--fail-on", "worst"], 2),
    ];
    for (args, code) in table {
        let run = replay(args);
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
    }
    let both = replay(&[&high, &empty, "--fail-on", "high"]);
    assert_eq!(both.fired(), ["stage-logging-disabled"]);
}
