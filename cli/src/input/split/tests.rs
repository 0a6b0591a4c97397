//! Every shape and every break, in chunks of many sizes; `properties` has the rest.

mod properties;

use super::*;

/// What comes out of `text`, fed in chunks of `size`: `record:line:byte json`, or `record:line:byte ! problem`.
fn split_by(text: &[u8], size: usize, max_record: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut out = |piece: Piece<'_>| {
        let (Position { record, line, byte }, text) = match piece {
            Piece::Object(position, json) => (position, String::from_utf8_lossy(json).into_owned()),
            Piece::Problem(position, kind) => (position, format!("! {kind}")),
        };
        found.push(format!("{record}:{line}:{byte} {text}"));
    };
    let mut splitter = Splitter::new(max_record);
    for chunk in text.chunks(size) {
        splitter.feed(chunk, &mut out);
    }
    splitter.finish(End::Complete, &mut out);
    found
}

/// The same for all chunk sizes.
fn split(text: &str) -> Vec<String> {
    let whole = split_by(text.as_bytes(), text.len().max(1), 60);
    for size in [1, 2, 3, 7, 16] {
        assert_eq!(
            split_by(text.as_bytes(), size, 60),
            whole,
            "chunks of {size}: {text}"
        );
    }
    whole
}

const SHAPES: &[(&str, &[&str])] = &[
    ("", &[]),
    (" \r\n\t", &[]),
    (r#"{"a":1}"#, &[r#"1:1:0 {"a":1}"#]),
    (
        "{\"a\":1}\n{\"b\":2}\r\n\r\n{}",
        &["1:1:0 {\"a\":1}", "2:2:8 {\"b\":2}", "3:4:19 {}"],
    ),
    ("{}{} {}", &["1:1:0 {}", "2:1:2 {}", "3:1:5 {}"]),
    (
        "{\n \"a\": [\n {}\n ]\n}\n{}",
        &["1:1:0 {\n \"a\": [\n {}\n ]\n}", "2:6:19 {}"],
    ),
    ("[]", &[]),
    ("[{},\n{}]", &["1:1:1 {}", "2:2:5 {}"]),
    ("[{}]\n[{}]", &["1:1:1 {}", "2:2:6 {}"]),
    (r#"{"Records":[]}"#, &[]),
    (
        r#"{"Records":[{"a":1},{"a":2}]}"#,
        &[r#"1:1:12 {"a":1}"#, r#"2:1:20 {"a":2}"#],
    ),
    (
        "{\"Events\" : [ {} ] }\n{ \"Records\":[{}]}",
        &["1:1:14 {}", "2:2:34 {}"],
    ),
    (
        r#"{"a":{"x":[1]},"Records":[{}],"b":[{}],"Events":[{}]}"#,
        &["1:1:26 {}", "2:1:49 {}"],
    ),
    (
        r#"[{"Records":[{}]},{"b":0}]"#,
        &["1:1:13 {}", r#"2:1:18 {"b":0}"#],
    ),
    ("\u{FEFF}{}", &["1:1:3 {}"]),
    ("{}\n\u{FEFF}{}", &["1:1:0 {}", "2:2:6 {}"]),
    // Names that only look like `Records`, and a `Records` that is no list or not on the first level.
    (r#"{"x\"Records":[{}]}"#, &[r#"1:1:0 {"x\"Records":[{}]}"#]),
    (
        r#"{"x, \"Records":[{}]}"#,
        &[r#"1:1:0 {"x, \"Records":[{}]}"#],
    ),
    (r#"{"xRecords":[{}]}"#, &[r#"1:1:0 {"xRecords":[{}]}"#]),
    (r#"{"Records":{}}"#, &[r#"1:1:0 {"Records":{}}"#]),
    (r#"{"Records":null}"#, &[r#"1:1:0 {"Records":null}"#]),
    (
        r#"{"a":{"Records":[{}]}}"#,
        &[r#"1:1:0 {"a":{"Records":[{}]}}"#],
    ),
    // Brackets and quotes in strings.
    (
        r#"{"a":"}\"]\\"}{}"#,
        &[r#"1:1:0 {"a":"}\"]\\"}"#, "2:1:14 {}"],
    ),
    (
        r#"{"a":"a longer string with \" and } inside"}"#,
        &[r#"1:1:0 {"a":"a longer string with \" and } inside"}"#],
    ),
];

#[test]
fn every_shape_gives_its_objects() {
    for (text, expected) in SHAPES {
        assert_eq!(split(text), *expected, "{text}");
    }
}

const BROKEN_LINES: &[(&str, &str)] = &[
    (
        r#"{"a":"x"#,
        "a line break inside a string (seen at byte 7); reading goes on at byte 8",
    ),
    (
        r#"{"a":"x\"#,
        "a line break inside a string (seen at byte 8); reading goes on at byte 9",
    ),
    (
        r#"{"a":{}"#,
        "a bracket opens where no value can begin (seen at byte 8); reading goes on at byte 8",
    ),
    (
        r#"{"a":1,"#,
        "a bracket opens where no value can begin (seen at byte 8); reading goes on at byte 8",
    ),
    (
        r#"{"a":"#,
        "a bracket opens where no value can begin (seen at byte 17); reading goes on at byte 6",
    ),
    (
        r#"{"a":["#,
        "a bracket opens where no value can begin (seen at byte 18); reading goes on at byte 7",
    ),
    (
        r#"{"a":[}"#,
        "a closing bracket that does not match (seen at byte 6); reading goes on at byte 8",
    ),
    (
        r#"{"a":1]"#,
        "a closing bracket that does not match (seen at byte 6); reading goes on at byte 8",
    ),
    (
        "junk {}",
        "text that is not JSON (seen at byte 0); reading goes on at byte 8",
    ),
    (
        "null",
        "text that is not JSON (seen at byte 0); reading goes on at byte 5",
    ),
    (
        "}",
        "text that is not JSON (seen at byte 0); reading goes on at byte 2",
    ),
    (
        "junk\n more\n}\n",
        "text that is not JSON (seen at byte 0); reading goes on at byte 14",
    ),
    (
        "{\n \"a\": 1\n \"b\": {\n },\n  {}\n}",
        "a bracket opens where no value can begin (seen at byte 24); reading goes on at byte 29",
    ),
];

#[test]
fn broken_lines_do_not_swallow_good_ones() {
    const GOOD: &str = r#"{"good":1}"#;
    for (line, problem) in BROKEN_LINES {
        let text = format!("{line}\n{GOOD}\n{GOOD}\n");
        let lines = line.matches('\n').count() + 2;
        let byte = line.len() + 1;
        let expected = [
            format!("1:1:0 ! {problem}"),
            format!("2:{lines}:{byte} {GOOD}"),
            format!("3:{}:{} {GOOD}", lines + 1, byte + GOOD.len() + 1),
        ];
        assert_eq!(split(&text), expected, "{line}");
    }
}

const LISTS: &[(&str, &[&str])] = &[
    (
        "[{},\n[{\"b\":2}]",
        &[
            "1:1:1 {}",
            "2:2:5 ! ends before its list of records is closed (seen at byte 5); reading goes on at byte 5",
            "2:2:6 {\"b\":2}",
        ],
    ),
    (
        "[null,{}]",
        &[
            "1:1:1 ! an element of the list that is not a JSON object",
            "2:1:6 {}",
        ],
    ),
    (
        r#"[{},"a{",[{}],-1.5]"#,
        &[
            "1:1:1 {}",
            "2:1:4 ! an element of the list that is not a JSON object",
            "3:1:9 ! an element of the list that is not a JSON object",
            "4:1:14 ! an element of the list that is not a JSON object",
        ],
    ),
    (
        "[{} {}]",
        &[
            "1:1:1 {}",
            "2:1:4 ! a comma is missing or misplaced before byte 4; reading goes on",
            "2:1:4 {}",
        ],
    ),
    (
        "[{},,{},]",
        &[
            "1:1:1 {}",
            "2:1:4 ! a comma is missing or misplaced before byte 4; reading goes on",
            "2:1:5 {}",
            "3:1:8 ! a comma is missing or misplaced before byte 8; reading goes on",
        ],
    ),
    (
        r#"{"Records":[{"a":]},{}]}"#,
        &[
            "1:1:12 ! a closing bracket that does not match; the rest of the file from byte 17 is not read",
        ],
    ),
    (
        r#"{"Records":[{}}"#,
        &[
            "1:1:12 {}",
            "2:1:14 ! a closing bracket that does not match; the rest of the file from byte 14 is not read",
        ],
    ),
    (
        "[\n{},\n{\"a\":]},\n{}\n]",
        &[
            "1:2:2 {}",
            "2:3:6 ! a closing bracket that does not match (seen at byte 11); reading goes on at byte 15",
            "3:4:15 {}",
        ],
    ),
    (
        r#"{"Records":[{},"#,
        &[
            "1:1:12 {}",
            "2:1:15 ! ends before its list of records is closed",
        ],
    ),
    (
        "[nul",
        &["1:1:1 ! ends before its list of records is closed"],
    ),
    (
        r#"{"Records":[{}]"#,
        &["1:1:12 {}", "2:1:14 ! ends in the middle of a record"],
    ),
    (
        "{}\u{FEFF}x",
        &[
            "1:1:0 {}",
            "2:1:5 ! text that is not JSON; the rest of the file from byte 5 is not read",
        ],
    ),
    (
        "[{}] tail",
        &[
            "1:1:1 {}",
            "2:1:5 ! text that is not JSON; the rest of the file from byte 5 is not read",
        ],
    ),
];

#[test]
fn lists_say_what_is_wrong_with_them() {
    for (text, expected) in LISTS {
        assert_eq!(split(text), *expected, "{text}");
    }
}

#[test]
fn a_document_that_is_cut_short_does_not_swallow_the_next_one() {
    let table = [
        (r#"{"Records":[{}"#, "1:1:12 {}"),
        (r#"{"Records":[{},"#, "1:1:12 {}"),
        (r#"{"Records":[{}]"#, "1:1:12 {}"),
        (r#"{"Records":[{}],"b":"#, "1:1:12 {}"),
        (r#"{"Records":[{}],"b":[1"#, "1:1:12 {}"),
        ("[{}", "1:1:1 {}"),
    ];
    for (line, first) in table {
        let next = r#"{"Records":[{"a":1},{"a":2}]}"#;
        let found = split(&format!("{line}\n{next}\n{next}"));
        assert_eq!(found[0], first);
        assert_eq!(
            found.iter().filter(|found| found.contains('!')).count(),
            1,
            "{found:#?}"
        );
        assert_eq!(
            found
                .iter()
                .filter(|found| found.contains(r#"{"a":"#))
                .count(),
            4,
            "{found:#?}"
        );
    }
}

#[test]
fn limits_hold() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(60));
    assert_eq!(
        split(&format!("{long}\n{{}}")),
        ["1:1:0 ! longer than 60 bytes, not read", "2:2:69 {}"]
    );
    assert_eq!(
        split(&format!("[{long},{{}}]")),
        ["1:1:1 ! longer than 60 bytes, not read", "2:1:70 {}"]
    );
    let document = format!(r#"{{"a":"{}","Records":[{{}}]}}"#, "x".repeat(100));
    assert_eq!(split(&document), ["1:1:119 {}"]);

    let deep = |levels| {
        format!(
            r#"[{{"a":{}{}}},{{}}]"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let read = |text: String| split_by(text.as_bytes(), 10, 10_000);
    assert_eq!(read(deep(MAX_DEPTH - 2)).len(), 2);
    assert!(read(deep(MAX_DEPTH - 2))[0].starts_with("1:1:1 {"));
    let expected = [
        "1:1:1 ! nested more than 128 levels deep, not read",
        "2:1:262 {}",
    ];
    assert_eq!(read(deep(MAX_DEPTH - 1)), expected);
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let table = [
        (r#"{"Records":["#, "{},"),
        (r#"{"Records":[{}],"b":"#, "["),
        ("", "x"),
        ("", "\n"),
        ("[", "1"),
        ("[", r#"["x"],"#),
        ("", "["),
        (r#"{"a":""#, r#"\"x"#),
        ("", "{\"a\":[\n"),
    ];
    for (start, endless) in table {
        let mut splitter = Splitter::new(1000);
        splitter.feed(start.as_bytes(), &mut |_| ());
        for _ in 0..500 {
            splitter.feed(endless.repeat(100).as_bytes(), &mut |_| ());
        }
        let held = splitter.buffer.capacity();
        assert!(held < 10_000, "{start}{endless}: {held}");
    }
}

#[test]
fn lines_that_never_close_take_linear_time() {
    let text = "{\"a\":[\n".repeat(1 << 17);
    assert_eq!(
        split_by(text.as_bytes(), 1 << 16, 1 << 24),
        ["1:1:0 ! ends in the middle of a record"]
    );
    let text = "{\"a\":[\n".repeat(60) + &"1,".repeat(1 << 18) + "}";
    assert_eq!(split_by(text.as_bytes(), 1 << 16, 1 << 24).len(), 60);
}
