//! Files that configure `replay`: thresholds, policies and baselines, used as they stand or refused whole.

use super::common::{Folder, four, ndjson, replay};

#[test]
fn thresholds_change_the_windows() {
    let folder = Folder::new();
    let four = four(&folder);
    let bulk = |name: &str, members: &str| {
        let file = folder.write(name, format!("[rules.apis-deleted-in-bulk]\n{members}\n"));
        let run = replay(&[
            &four,
            "--rule",
            "apis-deleted-in-bulk",
            "--thresholds",
            &file,
        ]);
        assert_eq!(run.code, 0, "{}", run.err);
        let show = |f: &serde_json::Value| {
            let window = &f["window"];
            format!(
                "{} {} {} {}",
                f["time"], window["distinct"], window["threshold"], window["level"]
            )
        };
        run.findings().iter().map(show).collect::<Vec<_>>()
    };
    assert_eq!(bulk("default", ""), [r#""2026-11-02T10:06:00Z" 4 3 0"#]);
    assert_eq!(bulk("higher", "threshold = 4"), [""; 0]);
    assert_eq!(
        bulk("lower", "threshold = 1"),
        [
            r#""2026-11-02T10:02:00Z" 2 1 0"#,
            r#""2026-11-02T10:06:00Z" 4 1 1"#
        ]
    );
    // Half-open: what lies exactly 360 seconds back is out.
    assert_eq!(bulk("exactly", "seconds = 360"), [""; 0]);
    assert_eq!(
        bulk("just", "seconds = 361"),
        [r#""2026-11-02T10:06:00Z" 4 3 0"#]
    );
}

#[test]
fn policies_name_a_folder_with_thresholds() {
    let folder = Folder::new();
    let four = four(&folder);
    folder.write(
        "policies/thresholds.toml",
        "[rules.apis-deleted-in-bulk]\nthreshold = 2\n",
    );
    let policies = folder.path("policies");
    let run = replay(&[
        &four,
        "--policies",
        &policies,
        "--rule",
        "apis-deleted-in-bulk",
    ]);
    let [finding] = run.findings().try_into().unwrap();
    assert_eq!(finding["time"], "2026-11-02T10:04:00Z");
    assert_eq!(replay(&[&four, "--policies", "policies"]).fired().len(), 5);

    let missing = folder.path("elsewhere");
    let run = replay(&[&four, "--policies", &missing]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err
            .starts_with(&format!("error: cannot read `{missing}/thresholds.toml`: ")),
        "{}",
        run.err
    );
    let both = replay(&[
        &four,
        "--policies",
        "policies",
        "--thresholds",
        "policies/thresholds.toml",
    ]);
    assert_eq!(both.code, 2);
}

#[test]
fn bad_thresholds_are_refused_whole() {
    let folder = Folder::new();
    let four = four(&folder);
    let table = [
        (
            "[rules.apis-deleted-in-bluk]",
            "`apis-deleted-in-bluk` is no rule, did you mean `apis-deleted-in-bulk`?",
        ),
        (
            "[rules.api-deleted]\nthreshold = 3",
            "`api-deleted` counts nothing, so it has no threshold",
        ),
        (
            "[rules.apis-deleted-in-bulk]\nseconds = 59",
            "`seconds` is 59, must lie between 60 and 3600",
        ),
        (
            "[rules.apis-deleted-in-bulk]\nseconds = 3601",
            "`seconds` is 3601, must lie between 60 and 3600",
        ),
        (
            "[rules.apis-deleted-in-bulk]\nthreshold = 0",
            "`threshold` is 0, must lie between 1 and",
        ),
        ("[rules.apis-deleted-in-bulk]\nthreshold = 'x'", "line 2"),
        (
            "[rules.apis-deleted-in-bulk]\ntreshold = 3",
            "unknown field `treshold`",
        ),
        ("nonsense", "not a thresholds file"),
    ];
    for (text, message) in table {
        let file = folder.write("bad.toml", text);
        let run = replay(&[&four, "--thresholds", &file]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{text}");
        assert!(
            run.err
                .starts_with(&format!("error: cannot use `{file}`: ")),
            "{}",
            run.err
        );
        assert!(run.err.contains(message), "{text}: {}", run.err);
    }
}

#[test]
fn a_bad_baseline_is_refused_with_version_and_field() {
    let folder = Folder::new();
    let four = four(&folder);
    let good = r#"{"kind":"api","account":"1","region":"r","api":{"id":"a","type":"REST","name":null},"time":"2026-11-01T00:00:00Z","settings":{}}"#;
    let table = [
        (
            good.replace("T00:00:00Z", "T99"),
            &["version 2", "`time`"][..],
        ),
        (
            good.replace(r#""region":"r","#, ""),
            &["version 2", "`region`"],
        ),
        (
            good.replace(r#""account":"1""#, r#""account":1"#),
            &["version 2", "`account`"],
        ),
        (
            good.replace("api\",\"acc", "apis\",\"acc"),
            &["version 2", "`kind`"],
        ),
        (good.replace("kind", "kinds"), &["version 2", "`kinds`"]),
        (
            good.replace(
                r#""settings":{}"#,
                r#""settings":{"disableExecuteApiEndpoint":"no"}"#,
            ),
            &["version 2", "`settings.disableExecuteApiEndpoint`"],
        ),
        ("{".to_owned(), &["version 2", "not JSON"]),
    ];
    for (line, parts) in table {
        let file = folder.write("bad.ndjson", ndjson([good, &line]));
        let run = replay(&[&four, "--baseline", &file]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}");
        for part in parts {
            assert!(run.err.contains(part), "{line}: {}", run.err);
        }
        assert!(
            run.err
                .starts_with(&format!("error: cannot use `{file}`: ")),
            "{}",
            run.err
        );
    }
    let missing = replay(&[&four, "--baseline", &folder.path("none")]);
    assert_eq!(missing.code, 2);
}
