//! Arguments, help, and readers that go away.

use std::process::Stdio;

use super::common::{Folder, Run, command, run};

/// Runs with a standard output that nobody reads any more.
fn unread(args: &[&str]) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command(args);
    command.stdout(writer).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::new(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn help_is_a_success_and_explains_the_status() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["replay", "--help"],
        &["rules", "--help"],
        &["pattern", "--help"],
    ] {
        let run = run(args);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
        assert!(
            run.out.contains("Usage: portcullis"),
            "{args:?}: {}",
            run.out
        );
    }
    let replay = run(&["replay", "--help"]).out;
    for word in [
        "--format",
        "--output",
        "--thresholds",
        "--policies",
        "--baseline",
        "--since",
        "--until",
        "--rule",
        "--threads",
        "--fail-on",
        "Exit status",
    ] {
        assert!(replay.contains(word), "{word}: {replay}");
    }
    let version = run(&["--version"]);
    assert_eq!(
        (version.code, version.out),
        (0, format!("portcullis {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn wrong_arguments_are_refused_on_standard_error() {
    let table: [(&[&str], &str); 9] = [
        (&[], "Usage: portcullis"),
        (&["replay"], "<PATH>..."),
        (&["replya", "x"], "'replay'"),
        (
            &["replay", "x", "--format", "yaml"],
            "possible values: text, jsonl",
        ),
        (&["replay", "x", "--threads", "0"], "1..=1024"),
        (&["replay", "x", "--threads", "many"], "--threads"),
        (
            &["replay", "x", "--fail-on", "bad"],
            "one of low, medium, high, critical",
        ),
        (&["replay", "x", "--fail-onn", "high"], "'--fail-on'"),
        (&["rules", "--format", "html"], "possible values"),
    ];
    for (args, said) in table {
        let run = run(args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.contains(said), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let no_match: &[&str] = &[
        "pattern",
        "functions/api-lifecycle/pattern.json",
        "examples/incident-baseline.ndjson",
    ];
    let table: [(&[&str], i32); 7] = [
        (&["replay", "examples/incident"], 0),
        (&["replay", "examples/incident", "--format", "jsonl"], 0),
        (&["rules"], 0),
        (&["rules", "--format", "jsonl"], 0),
        (&["rules", "--format", "markdown"], 0),
        (no_match, 1),
        (&["--help"], 0),
    ];
    for (args, code) in table {
        let run = unread(args);
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
        assert!(
            !run.err.contains("panic") && !run.err.contains("error"),
            "{args:?}: {}",
            run.err
        );
    }
}

#[test]
fn unreadable_files_are_named_even_if_nobody_reads_the_findings() {
    let folder = Folder::new();
    let empty = folder.write("empty.json", "");
    let run = unread(&["replay", "examples/incident", &empty]);
    assert!(
        run.err.contains(&format!("{empty}: the file is empty")),
        "{}",
        run.err
    );
    assert_eq!(run.code, 2);
}

#[test]
fn standard_error_may_be_closed_too() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let folder = Folder::new();
    let empty = folder.write("empty.json", "");
    let mut command = command(&["replay", "examples/incident", &empty, "--format", "jsonl"]);
    command.stderr(writer).stdout(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        41
    );
}
