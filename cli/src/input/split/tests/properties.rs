//! Generated objects in every container, whole, cut and broken, and arbitrary bytes.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use super::*;

const MAX_RECORD: usize = 1 << 20;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        r#"[a-z"\\{}\[\],:\n é]{0,30}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        prop_oneof![list, object(inner)]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    // Too short for `Records` and `Events`, which would make it a document.
    prop::collection::btree_map(r#"[a-zA-Z"\\{}, ]{0,5}"#, value, 0..4)
        .prop_map(|map| Value::Object(Map::from_iter(map)))
}

/// A text that holds objects.
#[derive(Debug, Clone)]
struct Text {
    text: String,
    /// Where each object begins, and how it is printed.
    objects: Vec<(usize, String)>,
    /// Whether the text may end behind each object.
    open: bool,
}

fn text() -> impl Strategy<Value = Text> {
    let objects = prop::collection::vec(object(any_json()), 1..6);
    let container = prop::sample::select(vec![
        ("", "\n", "\n"),
        ("\u{FEFF}", "", ""),
        ("[", ",", "]\r\n"),
        (
            "{\"a\": {\"Records\": []}, \"Records\": [",
            ", ",
            "], \"b\": [\"]\"]}",
        ),
        ("{\"Events\":[\r\n  ", ",\r\n  ", "]}\n"),
    ]);
    (objects, container, any::<bool>()).prop_map(|(objects, container, pretty)| {
        let (prefix, separator, suffix) = container;
        let mut text = Text {
            text: prefix.to_owned(),
            objects: Vec::new(),
            open: suffix.trim().is_empty(),
        };
        for (index, object) in objects.iter().enumerate() {
            if index > 0 {
                text.text += separator;
            }
            let printed = if pretty {
                format!("{object:#}")
            } else {
                object.to_string()
            };
            text.objects.push((text.text.len(), printed.clone()));
            text.text += &printed;
        }
        text.text += suffix;
        text
    })
}

/// What the splitter must say of the objects that are complete in the first `length` bytes.
fn expected(text: &Text, length: usize) -> Vec<String> {
    let complete = text
        .objects
        .iter()
        .filter(|(at, object)| at + object.len() <= length);
    let describe = |(index, (at, object)): (usize, &(usize, String))| {
        let line = text
            .text
            .bytes()
            .take(*at)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        format!("{}:{line}:{at} {object}", index + 1)
    };
    complete.enumerate().map(describe).collect()
}

proptest! {
    #[test]
    fn objects_come_out_exactly(text in text(), size in 1..200_usize) {
        let found = split_by(text.text.as_bytes(), size, MAX_RECORD);
        prop_assert_eq!(found, expected(&text, text.text.len()));
    }

    #[test]
    fn a_cut_costs_only_what_is_cut(text in text(), cut in any::<Index>(), size in 1..200_usize) {
        let cut = cut.index(text.text.len());
        let (bytes, missing) = text.text.as_bytes().split_at(cut);
        let mut found = split_by(bytes, size, MAX_RECORD);
        let expected = expected(&text, cut);
        let end = text.objects.get(expected.len().wrapping_sub(1)).map_or(0, |(at, object)| at + object.len());
        let rest = &bytes[end..];
        let whole = missing.trim_ascii().is_empty()
            || bytes.is_empty()
            || text.open && (rest.trim_ascii().is_empty() || rest == BYTE_ORDER_MARK);
        prop_assert_eq!(found.split_off(expected.len()).len(), usize::from(!whole));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_broken_line_costs_only_itself(
        lines in prop::collection::vec((object(any_json()), any::<Option<Index>>()), 1..8),
    ) {
        let mut text = String::new();
        let mut good = Vec::new();
        for (object, cut) in lines {
            let mut line = json!({ "record": object }).to_string();
            match cut {
                Some(cut) => line.truncate(line.floor_char_boundary(cut.index(line.len()))),
                None => good.push(line.clone()),
            }
            text += &line;
            text += "\n";
        }
        let found = split_by(text.as_bytes(), 64, MAX_RECORD);
        let objects: Vec<_> = found.iter().filter_map(|line| line.split_once(' ')).map(|(_, json)| json).collect();
        let objects: Vec<_> = objects.into_iter().filter(|json| json.starts_with('{')).collect();
        prop_assert_eq!(objects, good);
    }

    #[test]
    fn arbitrary_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1..50_usize) {
        prop_assert_eq!(split_by(&bytes, size, 50), split_by(&bytes, 400, 50));
    }

    #[test]
    fn arbitrary_structure_ends(
        text in r#"([{}\[\],:"\\\n 1]|"Records":\[|\{"a":1\}|\n\{){0,120}"#,
        size in 1..50_usize,
    ) {
        prop_assert_eq!(split_by(text.as_bytes(), size, 50), split_by(text.as_bytes(), 2000, 50));
    }
}
