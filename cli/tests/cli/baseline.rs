//! `portcullis baseline export`: what it says when it cannot; what it writes needs a table, and is
//! tested where there is one.

use crate::common::{command, finish, run};

#[test]
fn a_missing_table_says_how_to_name_one() {
    let run = run(&["baseline", "export"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("PORTCULLIS_BASELINE_TABLE"), "{}", run.err);
    assert!(run.err.contains("--table NAME"), "{}", run.err);
}

#[test]
fn a_missing_region_is_told() {
    let mut command = command(&["baseline", "export", "--table", "t"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let run = finish(command);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("AWS_REGION"), "{}", run.err);
}

#[test]
fn a_table_that_cannot_be_reached_is_named() {
    let mut command = command(&["baseline", "export", "--table", "lost"]);
    // Nothing listens on the port for discarding.
    command
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let run = finish(command);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("table `lost`"), "{}", run.err);
}

#[test]
fn a_wrong_time_is_refused() {
    let run = run(&["baseline", "export", "--at", "noon"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("not a time"), "{}", run.err);
}
