//! What cannot be read: named with file, position and field on standard error, exit 2, and everything else goes on.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::{Value, json};

use super::common::{Folder, deletion, gzip, logging_off, ndjson, replay, run_on};

/// Replays a bad file beside a good one, and returns what is said of the bad one.
fn said(folder: &Folder, bad: &str) -> Vec<String> {
    let good = folder.write("good/good.ndjson", ndjson([deletion(1, "10:00:00")]));
    let run = replay(&[bad, &good]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(
        run.out.contains("00000000-0000-4000-8000-000000000001"),
        "{bad}: {}",
        run.err
    );
    let (_, list) = run.err.split_once("\nunreadable ").unwrap();
    let mut lines = list.lines();
    let count: usize = lines.next().unwrap().parse().unwrap();
    let name = format!("           {bad}: ");
    let strip = |line: &str| {
        line.strip_prefix(&name)
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned()
    };
    let said: Vec<String> = lines.map(strip).collect();
    assert_eq!(said.len(), count);
    said
}

/// As [`said`], of a file with this content.
fn said_of(content: impl AsRef<[u8]>) -> Vec<String> {
    let folder = Folder::new();
    let bad = folder.write("bad", content);
    said(&folder, &bad)
}

/// A log file with so many records that gzip has several blocks to break in.
fn log() -> String {
    let records: Vec<Value> = (2..400)
        .map(|number| deletion(number, "11:00:00"))
        .collect();
    json!({"Records": records}).to_string()
}

#[test]
fn files_that_are_no_json_are_named() {
    assert_eq!(said_of(""), ["the file is empty"]);
    assert_eq!(said_of(" \n\n\t"), ["the file is empty"]);
    let binary: Vec<u8> = (0..=255).cycle().take(5000).collect();
    assert_eq!(
        said_of(binary),
        ["not JSON but binary data, or text that is not UTF-8"]
    );
    let text = said_of("one\ntwo\n");
    assert_eq!(text.len(), 1);
    assert!(
        text.concat()
            .starts_with("record 1 (line 1, byte 0): text that is not JSON"),
        "{text:?}"
    );
    let other = said_of(r#"{"hello":"world"}"#);
    assert!(
        other
            .concat()
            .starts_with("record 1 (line 1, byte 0): neither a CloudTrail record nor an event"),
        "{other:?}"
    );
}

#[test]
fn paths_without_files_are_named() {
    let folder = Folder::new();
    let missing = folder.path("missing.json");
    let [said_of_it] = said(&folder, &missing).try_into().unwrap();
    assert!(
        said_of_it.starts_with("cannot find or open it: No such file"),
        "{said_of_it}"
    );
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let [said_of_it] = said(&folder, &empty).try_into().unwrap();
    assert!(
        said_of_it.starts_with("the folder has no files"),
        "{said_of_it}"
    );
    let glob = folder.path("*.gz");
    assert_eq!(said(&folder, &glob), ["no file matches this pattern"]);
}

#[test]
fn standard_input_is_named_by_its_dash() {
    let run = run_on(&["replay", "-"], b"");
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .ends_with("unreadable 1\n           -: the file is empty\n"),
        "{}",
        run.err
    );
}

#[test]
fn a_damaged_gzip_file_is_named() {
    let mut data = gzip(log());
    let middle = data.len() / 2;
    for byte in data.iter_mut().skip(middle).take(8) {
        *byte ^= 0xff;
    }
    let said = said_of(data).join("\n");
    assert!(said.contains("the gzip data is damaged"), "{said}");
    assert!(said.contains("(line 1, byte "), "{said}");
}

#[test]
fn a_truncated_gzip_file_keeps_what_came_before() {
    let data = gzip(log());
    let folder = Folder::new();
    let (half, _) = data.split_at(data.len() / 2);
    let bad = folder.write("bad.gz", half);
    let said_of_it = said(&folder, &bad).join("\n");
    assert!(
        said_of_it.contains("the gzip data ends too early"),
        "{said_of_it}"
    );
    let kept = replay(&[bad]).findings();
    let deletions = kept
        .iter()
        .filter(|finding| finding["rule"] == "api-deleted")
        .count();
    assert!((50..398).contains(&deletions), "{deletions}");
}

#[test]
fn truncated_json_keeps_what_came_before() {
    let folder = Folder::new();
    let log = log();
    let (head, _) = log.as_bytes().split_at(log.len() - 100);
    let bad = folder.write("bad.json", head);
    let [said_of_it] = said(&folder, &bad).try_into().unwrap();
    assert!(
        said_of_it.starts_with("record 398 (line 1, byte "),
        "{said_of_it}"
    );
    assert!(
        said_of_it.ends_with("): ends in the middle of a record"),
        "{said_of_it}"
    );
    let kept = replay(&[bad]).findings();
    assert_eq!(
        kept.iter()
            .filter(|finding| finding["rule"] == "api-deleted")
            .count(),
        397
    );
}

#[test]
fn a_line_of_200_megabytes_is_one_problem() {
    let folder = Folder::new();
    let bad = folder.path("long");
    let mut file = BufWriter::new(File::create(&bad).unwrap());
    let megabyte = vec![b'x'; 1_000_000];
    for _ in 0..200 {
        file.write_all(&megabyte).unwrap();
    }
    write!(file, "\n{}", deletion(7, "12:00:00")).unwrap();
    drop(file);
    let [said_of_it] = said(&folder, &bad).try_into().unwrap();
    assert_eq!(
        said_of_it,
        "record 1 (line 1, byte 0): text that is not JSON (seen at byte 0); reading goes on at byte 200000001"
    );
    let [finding] = replay(&[bad]).findings().try_into().unwrap();
    assert_eq!(
        finding["event_ids"][0],
        "00000000-0000-4000-8000-000000000007"
    );
}

/// Replays three records, the second with `value` at `path`, and returns what is said of it.
fn said_of_field(record: &Value, path: &str, value: Value) -> String {
    let mut wrong = record.clone();
    *wrong.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    let first = deletion(8, "10:00:00");
    let start = first.to_string().len() + 1;
    let [said] = said_of(ndjson([first, wrong, deletion(9, "10:00:00")]))
        .try_into()
        .unwrap();
    let place = format!("record 2 (line 2, byte {start}): ");
    said.strip_prefix(&place)
        .unwrap_or_else(|| panic!("{said}"))
        .to_owned()
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    let mut record = logging_off(2, "10:00:00", "prod");
    record["errorCode"] = Value::Null;
    let table = [
        ("/eventTime", json!(5), "`eventTime`"),
        ("/eventTime", json!("yesterday"), "`eventTime`"),
        ("/eventName", json!(["UpdateStage"]), "`eventName`"),
        ("/eventSource", json!(4), "`eventSource`"),
        ("/eventID", json!(7), "`eventID`"),
        ("/awsRegion", json!({}), "`awsRegion`"),
        ("/awsRegion", Value::Null, "`awsRegion`"),
        (
            "/recipientAccountId",
            json!(111_122_223_333_u64),
            "`recipientAccountId`",
        ),
        ("/userAgent", json!([1]), "`userAgent`"),
        ("/sourceIPAddress", json!(true), "`sourceIPAddress`"),
        ("/errorCode", json!(4), "`errorCode`"),
        ("/readOnly", json!("maybe"), "`readOnly`"),
        ("/userIdentity", json!("root"), "`userIdentity`"),
        ("/userIdentity/arn", json!(4), "`userIdentity.arn`"),
        (
            "/requestParameters/stageName",
            json!(4),
            "`requestParameters.stageName`",
        ),
        (
            "/requestParameters/updateStageInput/patchOperations",
            json!("x"),
            "`requestParameters.updateStageInput.patchOperations`",
        ),
        (
            "/responseElements/methodSettings",
            json!(3),
            "`responseElements.methodSettings`",
        ),
    ];
    for (path, value, field) in table {
        let said = said_of_field(&record, path, value);
        assert!(said.contains(field), "{path}: {said}");
    }
}

#[test]
fn a_list_is_no_object() {
    let record = logging_off(2, "10:00:00", "prod");
    for (path, field) in [
        ("/userIdentity", "`userIdentity`"),
        (
            "/userIdentity/sessionContext",
            "`userIdentity.sessionContext`",
        ),
        ("/requestParameters", "`requestParameters`"),
        ("/responseElements", "`responseElements`"),
    ] {
        let said = said_of_field(&record, path, json!([]));
        assert!(said.contains(field), "{path}: {said}");
    }
}

#[test]
fn a_wrong_body_is_explained_once_and_in_plain_words() {
    let said = said_of_field(&deletion(2, "10:00:00"), "/requestParameters", json!("x"));
    assert_eq!(said.matches("invalid type").count(), 1, "{said}");
    assert!(said.contains("field `requestParameters`"), "{said}");
    assert!(!said.contains("struct"), "{said}");
}
