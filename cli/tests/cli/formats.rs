//! The same records in every order, number of copies, file layout and form that is read: always the same findings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;

use serde_json::{Value, json};

use super::common::{
    Folder, INCIDENT, command, deletion, event, finish, gzip, ndjson, read, replay, run, run_on,
};

fn expected() -> String {
    read("examples/expected.jsonl")
}

/// Without a word about the first difference, a failure would print two times 45 kB.
fn assert_expected(found: &str, what: &str) {
    let expected = expected();
    let differs = |(found, expected): &(&str, &str)| found != expected;
    let first = found.lines().zip(expected.lines()).find(differs);
    assert_eq!(first, None, "{what}");
    assert_eq!(found.lines().count(), expected.lines().count(), "{what}");
}

/// Replays what is written into one file.
fn assert_file(name: &str, content: impl AsRef<[u8]>) {
    let folder = Folder::new();
    let run = replay(&[folder.write(name, content)]);
    assert_expected(&run.out, name);
    assert_eq!(run.code, 0, "{name}: {}", run.err);
}

fn api_gateway() -> impl Iterator<Item = &'static String> {
    let ours = |record: &&String| record.contains(r#""eventSource":"apigateway.amazonaws.com""#);
    INCIDENT.iter().filter(ours)
}

fn events() -> impl Iterator<Item = String> {
    api_gateway().map(|record| event(record))
}

fn list<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    let values: Vec<_> = values
        .into_iter()
        .map(|value| value.as_ref().to_owned())
        .collect();
    format!("[{}]", values.join(",\n"))
}

#[test]
fn the_example_is_whole() {
    assert_eq!(INCIDENT.len(), 3248);
    assert_eq!(api_gateway().count(), 390);
}

/// The same numbers for the same seed (`SplitMix64`), so that a failure can be repeated by its seed.
fn numbers(mut seed: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

#[test]
fn order_does_not_matter() {
    for seed in 1..=4 {
        let mut records: Vec<_> = numbers(seed).zip(&*INCIDENT).collect();
        records.sort();
        let records = records.into_iter().map(|(_, record)| record);
        assert_file(&format!("seed-{seed}.ndjson"), ndjson(records));
    }
}

#[test]
fn the_split_over_files_does_not_matter() {
    for seed in 1..=3 {
        let mut files: BTreeMap<u64, Vec<&String>> = BTreeMap::new();
        for (number, record) in numbers(seed).zip(&*INCIDENT) {
            files.entry(number % 40).or_default().push(record);
        }
        let folder = Folder::new();
        for (part, records) in files {
            let log = format!(r#"{{"Records":{}}}"#, list(&records));
            match part % 3 {
                0 => folder.write(&format!("{}/{part}.json", part % 7), log),
                1 => folder.write(&format!("b{}/deep/{part}.json.gz", part % 5), gzip(log)),
                _ => folder.write(&format!("c{part}"), ndjson(records)),
            };
        }
        let run = replay(&[folder.path("")]);
        assert_expected(&run.out, &format!("seed {seed}"));
        assert_eq!(run.code, 0, "{}", run.err);
    }
}

#[test]
fn neither_reversal_nor_duplication_matters() {
    assert_file("reversed.ndjson", ndjson(INCIDENT.iter().rev()));
    assert_file(
        "twice.ndjson",
        ndjson(INCIDENT.iter().chain(INCIDENT.iter().rev())),
    );
    let run = replay(&["examples/incident", "examples/incident/AWSLogs"]);
    assert_expected(&run.out, "a folder named twice");
    assert!(
        run.err.contains("read       81 files, 3248 records"),
        "{}",
        run.err
    );

    let folder = Folder::new();
    let copy = folder.write(
        "copy.json",
        format!(r#"{{"Records":{}}}"#, list(&*INCIDENT)),
    );
    let run = replay(&["examples/incident", &copy]);
    assert_expected(&run.out, "a copy beside the example");
    assert!(
        run.err.contains("read       82 files, 6496 records"),
        "{}",
        run.err
    );
    assert!(run.err.contains("undecided  9 records"), "{}", run.err);
}

#[test]
fn eventbridge_events_count_as_their_records() {
    assert_file("events.ndjson", ndjson(events()));
    assert_file("events.json", list(events()));
    let mixed = events().step_by(2).chain(api_gateway().cloned());
    assert_file("mixed.ndjson", ndjson(mixed));
}

#[test]
fn one_event_is_enough_and_its_envelope_says_where() {
    let record = deletion(1, "10:00:00");
    let mut event: Value = serde_json::from_str(&event(&record.to_string())).unwrap();
    event["account"] = json!("999988887777");
    event["region"] = json!("sa-east-1");
    let folder = Folder::new();
    for (name, text) in [
        ("one-line.json", event.to_string()),
        (
            "indented.json",
            serde_json::to_string_pretty(&event).unwrap(),
        ),
        ("array.json", json!([event]).to_string()),
    ] {
        let run = replay(&[folder.write(name, text)]);
        let [finding] = run.findings().try_into().unwrap();
        assert_eq!(finding["rule"], "api-deleted", "{name}");
        assert_eq!(finding["account"], "999988887777", "{name}");
        assert_eq!(finding["region"], "sa-east-1", "{name}");
        assert_eq!(run.code, 0, "{name}: {}", run.err);
    }
}

#[test]
fn the_output_of_lookup_events_counts_as_its_records() {
    let item = |record: &String| {
        let fields: Value = serde_json::from_str(record).unwrap();
        json!({
            "EventId": fields["eventID"],
            "EventName": fields["eventName"],
            "ReadOnly": "false",
            "EventTime": fields["eventTime"],
            "EventSource": fields["eventSource"],
            "Resources": [],
            "CloudTrailEvent": record,
        })
    };
    let items: Vec<Value> = INCIDENT.iter().map(item).collect();
    let output = json!({"Events": items, "NextToken": "x"});
    assert_file(
        "lookup.json",
        serde_json::to_string_pretty(&output).unwrap(),
    );
    assert_file("lookup-items.ndjson", ndjson(&items));
}

#[test]
fn log_files_are_read_plain_compressed_and_indented() {
    let log = format!(r#"{{"Records":{}}}"#, list(&*INCIDENT));
    let value: Value = serde_json::from_str(&log).unwrap();
    assert_file("log.json", &log);
    assert_file(
        "indented.json",
        serde_json::to_string_pretty(&value).unwrap(),
    );
    assert_file("array.json", list(&*INCIDENT));
    assert_file("log.json.gz", gzip(&log));
    assert_file("gzip-by-content.txt", gzip(&log));
    assert_file(
        "windows.ndjson",
        format!("\u{feff}{}", ndjson(&*INCIDENT).replace('\n', "\r\n")),
    );
    let members: Vec<u8> = INCIDENT
        .chunks(500)
        .flat_map(|part| gzip(ndjson(part)))
        .collect();
    assert_file("members.ndjson.gz", members);
    let cut = log.len() / 2;
    let (head, tail) = log.as_bytes().split_at(cut);
    assert_file(
        "member-ends-in-a-record.json.gz",
        [gzip(head), gzip(tail)].concat(),
    );
}

#[test]
fn standard_input_is_read_like_a_file() {
    let text = ndjson(&*INCIDENT);
    for (what, input) in [("plain", text.clone().into_bytes()), ("gzip", gzip(&text))] {
        let run = run_on(&["replay", "-", "--format", "jsonl"], &input);
        assert_expected(&run.out, what);
        assert_eq!(run.code, 0, "{}", run.err);
    }
    let (half, rest) = INCIDENT.split_at(1500);
    let folder = Folder::new();
    let file = folder.write("half.ndjson", ndjson(half));
    let run = run_on(
        &["replay", &file, "-", "--format", "jsonl"],
        ndjson(rest).as_bytes(),
    );
    assert_expected(&run.out, "half from a file");
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = command(&["replay", "-", "--format", "jsonl"]);
    command.stdin(reader);
    let feeder = std::thread::spawn(move || writer.write_all(ndjson(&*INCIDENT).as_bytes()));
    let run = finish(command);
    feeder.join().unwrap().unwrap();
    assert_expected(&run.out, "pipe");
}

#[test]
fn globs_and_threads_do_not_matter() {
    let glob = "examples/incident/AWSLogs/*/*/CloudTrail/**/*.json.gz";
    let run = replay(&[glob]);
    assert_expected(&run.out, "glob");
    assert!(
        run.err
            .contains("read       80 files, 3248 records, 390 of API Gateway, in"),
        "{}",
        run.err
    );
    for threads in ["1", "2", "8"] {
        let run = replay(&["examples/incident", "--threads", threads]);
        assert_expected(&run.out, threads);
        assert_eq!(run.code, 0);
    }
}

#[test]
fn output_goes_to_a_file_instead() {
    let folder = Folder::new();
    let file = folder.path("findings.jsonl");
    drop(File::create(&file).unwrap());
    let quiet = replay(&["examples/incident", "--output", &file]);
    assert_eq!((quiet.code, quiet.out.as_str()), (0, ""));
    assert_expected(&std::fs::read_to_string(&file).unwrap(), "file");

    let text = folder.path("findings.txt");
    let to_file = run(&["replay", "examples/incident", "--output", &text]);
    assert_eq!(to_file.out, "");
    let printed = run(&["replay", "examples/incident"]).out;
    assert_eq!(std::fs::read_to_string(&text).unwrap(), printed);

    let nowhere = folder.path("no/such/folder");
    let run = replay(&["examples/incident", "--output", &nowhere]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err
            .starts_with(&format!("error: cannot write to `{nowhere}`: ")),
        "{}",
        run.err
    );
}
