//! Whole sources through the reader: every container, every kind of damage, and the limits.

use std::error::Error;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const OURS: &str = r#"{"eventSource":"apigateway.amazonaws.com"}"#;
const OTHER: &str = r#"{"eventSource":"s3.amazonaws.com"}"#;

#[derive(Default)]
struct Seen {
    items: Vec<Position>,
    others: u64,
    digests: u64,
    problems: Vec<String>,
    bytes: u64,
}

impl Sink for Seen {
    fn item(&mut self, item: Item<'_>) {
        assert_eq!(item.json, OURS);
        self.items.push(item.position);
    }

    fn other(&mut self) {
        self.others += 1;
    }

    fn digest(&mut self) {
        self.digests += 1;
    }

    fn problem(&mut self, problem: Problem) {
        let cause = problem
            .source()
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        self.problems.push(format!("{problem}{cause}"));
    }

    fn progress(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

fn read_with(limits: Limits, mut input: impl Read) -> Seen {
    let mut seen = Seen::default();
    Reader::new(limits).read_from("f", &mut input, &mut seen);
    seen
}

fn read(input: impl AsRef<[u8]>) -> Seen {
    read_with(Limits::default(), input.as_ref())
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Lines that do not compress to nothing, so that damage can hit between them.
fn lines(count: u64) -> String {
    let line = |n: u64| {
        let noise = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{{\"eventSource\":\"s3.amazonaws.com\",\"eventID\":\"{noise:x}\"}}\n")
    };
    (0..count).map(line).collect()
}

#[test]
fn good_files_have_no_problems() {
    let document = format!(r#"{{"Records":[{OURS},{OTHER}]}}"#);
    let pretty = document.replace(',', ",\n  ");
    let two = [gzip(&document), gzip(&document)].concat();
    let empty_member = [gzip(""), gzip(&document), gzip("")].concat();
    let split = document.split_at(30);
    let across_members = [gzip(split.0), gzip(split.1)].concat();
    let table: [(&str, Vec<u8>, usize); 9] = [
        ("document", document.clone().into(), 1),
        ("pretty", pretty.into(), 1),
        ("lines", format!("{OURS}\r\n{OTHER}\r\n").into(), 1),
        ("list", format!("[{OTHER},{OURS}]").into(), 1),
        ("gzip", gzip(&document), 1),
        ("two equal members", two, 2),
        ("empty members", empty_member, 1),
        ("a record across members", across_members, 1),
        (
            "documents line by line",
            format!("{document}\n{document}\n").into(),
            2,
        ),
    ];
    for (name, bytes, ours) in table {
        let size = bytes.len() as u64;
        let seen = read(bytes);
        assert_eq!(seen.problems, [""; 0], "{name}");
        assert_eq!(seen.bytes, size, "{name}");
        assert_eq!(
            (seen.items.len(), seen.others),
            (ours, ours as u64),
            "{name}"
        );
    }
    let digest = read(r#"{"digestS3Object":"x","digestEndTime":"y"}"#);
    assert_eq!((digest.digests, digest.problems.len()), (1, 0));
}

#[test]
fn positions_are_those_of_the_text() {
    let seen = read(gzip(&format!("{OTHER}\n\n  {OURS}")));
    let position = Position {
        record: 2,
        line: 3,
        byte: OTHER.len() as u64 + 4,
    };
    assert_eq!(seen.items, [position]);
}

#[test]
fn bad_files_are_one_problem() {
    const EMPTY: &str = "f: the file is empty";
    const BINARY: &str = "f: not JSON but binary data, or text that is not UTF-8";
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let table = [
        (Vec::new(), EMPTY),
        (b" \r\n\n".to_vec(), EMPTY),
        (b"\xEF\xBB\xBF".to_vec(), EMPTY),
        (gzip(""), EMPTY),
        (noise, BINARY),
        (b"PK\x03\x04 zipped\n{}\n{}".to_vec(), BINARY),
        (b"\x28\xB5\x2F\xFDzstd\n{}".to_vec(), BINARY),
        (utf16(OURS), BINARY),
        (utf16(&format!("\u{FEFF}{OURS}")), BINARY),
        (gzip("\0\0"), BINARY),
        (
            b"eventTime,eventName\n1,2\n".to_vec(),
            "f: record 1 (line 1, byte 0): text that is not JSON; the rest of the file from byte 0 is not read",
        ),
        (
            OTHER.as_bytes()[..20].into(),
            "f: record 1 (line 1, byte 0): ends in the middle of a record",
        ),
        (
            b"[null]".to_vec(),
            "f: record 1 (line 1, byte 1): an element of the list that is not a JSON object",
        ),
        (
            br#"{"a":1}"#.to_vec(),
            "f: record 1 (line 1, byte 0): neither a CloudTrail record nor an event with one (no `eventSource`, \
             `detail-type` with `detail`, or `CloudTrailEvent`)",
        ),
    ];
    for (bytes, problem) in table {
        let seen = read(&bytes);
        assert_eq!(
            seen.problems,
            [problem],
            "{}",
            bytes[..bytes.len().min(40)].escape_ascii()
        );
        assert_eq!((seen.items.len(), seen.others), (0, 0));
    }
}

#[test]
fn records_before_damage_are_read() {
    const EARLY: &str = "the gzip data ends too early; what was left of it is read up to here";
    const CHECKSUM: &str = "the gzip data is damaged; records before this may be wrong";
    const TAIL: &str = "unknown data after the gzip data, at compressed byte";
    let whole = gzip(&lines(20_000));
    let (half, _) = whole.split_at(whole.len() / 2);
    let mut checksum = whole.clone();
    checksum[whole.len() - 6] ^= 1;
    let all = 20_000..20_001;
    let table = [
        (half.to_vec(), 5_000..20_000, EARLY),
        ([&whole, half].concat(), 25_000..40_000, EARLY),
        ([&whole, gzip::MAGIC].concat(), all.clone(), EARLY),
        (checksum, all.clone(), CHECKSUM),
        ([&whole, "tail".as_bytes()].concat(), all.clone(), TAIL),
        ([whole.as_slice(), &[0; 512]].concat(), all, TAIL),
    ];
    for (index, (bytes, others, problem)) in table.into_iter().enumerate() {
        let Seen {
            others: read,
            problems,
            ..
        } = read(bytes);
        assert!(others.contains(&read), "{index}: {read}");
        assert_eq!(problems.len(), 1, "{index}: {problems:?}");
        let next = read + 1;
        let start = format!("f: record {next} (line {next}, byte ");
        assert!(problems[0].starts_with(&start), "{index}: {problems:?}");
        assert!(problems[0].contains(problem), "{index}: {problems:?}");
    }
}

#[test]
fn overwritten_gzip_data_is_damaged_or_ends_early() {
    let mut bytes = gzip(&lines(20_000));
    let half = bytes.len() / 2;
    bytes[half..].fill(0xFF);
    let seen = read(bytes);
    assert!((5_000..20_000).contains(&seen.others), "{}", seen.others);
    let last = seen.problems.last().unwrap();
    assert!(last.contains("the gzip data"), "{last}");
}

#[test]
fn a_failing_source_keeps_what_came_before() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk on fire"))
        }
    }
    let problem =
        "f: record 2 (line 2, byte 35): reading failed; what follows is not read: disk on fire";
    let text = format!("{OTHER}\n{OTHER}");
    let (text, _) = text.split_at(40);
    for bytes in [text.into(), gzip(text)] {
        let seen = read_with(Limits::default(), bytes.chain(Failing));
        assert_eq!((seen.others, seen.problems), (1, vec![problem.to_owned()]));
    }
}

#[test]
fn a_bomb_is_cut_off() {
    let text = lines(50_000);
    let limit = text.len() as u64 / 2;
    let limits = Limits {
        inflated: limit,
        ..Limits::default()
    };
    let seen = read_with(limits, gzip(&text).as_slice());
    assert!((24_000..26_000).contains(&seen.others), "{}", seen.others);
    assert_eq!(seen.problems.len(), 1);
    let end = format!(": cut off at {limit} inflated bytes; split the file to read the rest");
    assert!(seen.problems[0].ends_with(&end), "{}", seen.problems[0]);

    let limits = Limits {
        inflated: text.len() as u64,
        ..Limits::default()
    };
    for members in [gzip(&text), [gzip(""), gzip(&text)].concat()] {
        let seen = read_with(limits, members.as_slice());
        assert_eq!((seen.others, seen.problems.len()), (50_000, 0));
    }
}

#[test]
fn problems_are_bounded() {
    let limits = Limits {
        problems: 3,
        ..Limits::default()
    };
    let seen = read_with(limits, "{}\n".repeat(10).as_bytes());
    assert_eq!(seen.problems.len(), 4);
    assert_eq!(seen.problems[3], "f: 7 more problems in this file");
}

#[test]
fn a_document_of_200_megabytes_on_one_line_is_read() {
    let record = format!(
        r#"{{"eventSource":"s3.amazonaws.com","x":"{}"}},"#,
        "x".repeat(1 << 14)
    );
    let count = 200_000_000 / record.len() as u64;
    let pieces = std::iter::repeat_n(record.as_bytes(), usize::try_from(count).unwrap());
    let document = br#"{"a":1,"Records":["#.chain(Pieces { pieces, rest: &[] }).chain(OURS.as_bytes()).chain(&b"]}"[..]);
    let seen = read_with(Limits::default(), document);
    assert_eq!(
        (seen.others, seen.items.len(), seen.problems.len()),
        (count, 1, 0)
    );
    assert_eq!(seen.items[0].byte, 18 + count * record.len() as u64);
}

/// Reads one slice after the other.
struct Pieces<'a, I> {
    pieces: I,
    rest: &'a [u8],
}

impl<'a, I: Iterator<Item = &'a [u8]>> Read for Pieces<'a, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.pieces.next().unwrap_or_default();
        }
        self.rest.read(buffer)
    }
}

#[test]
fn files_are_read_and_missing_ones_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, gzip(OURS)).unwrap();
    let mut reader = Reader::new(Limits::default());
    let mut seen = Seen::default();
    reader.read(&Source::File(path), &mut seen);
    reader.read(&Source::File("/nowhere/x".into()), &mut seen);
    assert_eq!(seen.items.len(), 1);
    assert_eq!(
        seen.problems,
        ["/nowhere/x: cannot find or open it: No such file or directory (os error 2)"]
    );
}
