//! Every string of a record, and every name of a file, is the attacker's: none of them may steer the terminal.

use serde_json::{Value, json};

use super::common::{Folder, Run, command, deletion, finish, logging_off, ndjson, run};

/// Clear the screen, set the window title, ring, return, go back, reverse the text, hide; ESC and CSI in both spellings.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\r\u{8}\u{9b}31m\u{7f}\u{202e}\u{2066}\u{200b}evil";

/// Every string that a caller, or whoever forges a file, can choose.
const FIELDS: [&str; 9] = [
    "/userIdentity/type",
    "/userIdentity/arn",
    "/userIdentity/sessionContext/sessionIssuer/arn",
    "/awsRegion",
    "/sourceIPAddress",
    "/userAgent",
    "/eventID",
    "/recipientAccountId",
    "/requestParameters/restApiId",
];

/// Two records whose every string is evil, with the controls as they are (which JSON allows from U+007F on) and escaped.
fn evil_records() -> String {
    let mut stage = logging_off(1, "10:00:00", EVIL);
    stage["requestParameters"]["updateStageInput"]["patchOperations"][0]["path"] =
        json!(format!("/{EVIL}/GET/logging/loglevel"));
    let mut records = [deletion(2, "10:01:00"), stage];
    for record in &mut records {
        for field in FIELDS {
            *record.pointer_mut(field).unwrap() = json!(EVIL);
        }
    }
    // Two events, so two ids.
    records[0]["eventID"] = json!(format!("{EVIL}2"));
    ndjson(records)
}

fn is_hidden(c: char) -> bool {
    let bidi_or_invisible = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    (c.is_control() && c != '\n') || bidi_or_invisible
}

fn assert_clean(what: &str, text: &str) {
    let hidden: Vec<char> = text.chars().filter(|c| is_hidden(*c)).collect();
    assert!(hidden.is_empty(), "{what}: {hidden:?} in {text:?}");
}

/// Takes out the colours that the renderers write themselves: `ESC [ digits m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut clean = parts.next().unwrap().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match rest.strip_prefix('m') {
            Some(rest) => clean.push_str(rest),
            None => clean.extend(["\u{1b}[", part]),
        }
    }
    clean
}

/// Runs as on a pipe and as on a terminal, where nothing is filtered on the way out.
fn both(args: &[&str]) -> [Run; 2] {
    let mut forced = command(args);
    forced.env("CLICOLOR_FORCE", "1");
    let mut forced = finish(forced);
    forced.out = without_colours(&forced.out);
    forced.err = without_colours(&forced.err);
    [run(args), forced]
}

fn assert_both_clean(args: &[&str], code: i32, shown: &str) {
    for run in both(args) {
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
        assert_clean("stdout", &run.out);
        assert_clean("stderr", &run.err);
        let all = run.out + &run.err;
        assert!(all.contains(shown), "{args:?}: {all}");
    }
}

#[test]
fn text_spells_hostile_strings_out() {
    let folder = Folder::new();
    let file = folder.write("evil.ndjson", evil_records());
    for shown in ["\\u{1b}[2J", "\\u{202e}", "\\u{9b}31m", "\\u{d}"] {
        assert_both_clean(&["replay", &file], 0, shown);
    }
}

#[test]
fn jsonl_escapes_hostile_strings() {
    let folder = Folder::new();
    let file = folder.write("evil.ndjson", evil_records());
    assert_both_clean(&["replay", &file, "--format", "jsonl"], 0, "\\u202e");
}

#[test]
fn jsonl_has_no_c0_control() {
    let folder = Folder::new();
    let file = folder.write("evil.ndjson", evil_records());
    for run in both(&["replay", &file, "--format", "jsonl"]) {
        let control = run.out.chars().find(|c| *c < ' ' && *c != '\n');
        assert_eq!(control, None);
        assert_eq!(run.findings().len(), 2);
    }
}

#[test]
fn jsonl_keeps_every_string_whole() {
    let folder = Folder::new();
    let file = folder.write("evil.ndjson", evil_records());
    for run in both(&["replay", &file, "--format", "jsonl"]) {
        for finding in run.findings() {
            assert_eq!(finding["user_agent"], EVIL);
        }
    }
}

#[test]
fn file_names_are_spelt_out() {
    let folder = Folder::new();
    let evil = folder.write(&format!("a{EVIL}.json"), "no json");
    assert_both_clean(&["replay", &evil], 2, "\\u{1b}[2J");
    assert_both_clean(&["replay", &folder.path("")], 2, "\\u{202e}");
    assert_both_clean(
        &["replay", &folder.path(&format!("missing{EVIL}"))],
        2,
        "\\u{9b}31m",
    );
}

#[test]
fn values_in_problems_are_spelt_out() {
    let folder = Folder::new();
    for field in ["/eventTime", "/readOnly", "/userIdentity"] {
        let mut record = deletion(1, "10:00:00");
        *record.pointer_mut(field).unwrap() = json!(EVIL);
        let file = folder.write("wrong.json", record.to_string());
        assert_both_clean(&["replay", &file], 2, "evil");
    }
    let key = json!({"eventSource": "apigateway.amazonaws.com", EVIL: 1, "eventTime": 5});
    let file = folder.write("key.json", key.to_string());
    assert_both_clean(&["replay", &file], 2, "`eventTime`");
}

#[test]
fn events_and_bad_cases_of_patterns_are_spelt_out() {
    let folder = Folder::new();
    let pattern = folder.write("pattern.json", r#"{"source":["x"]}"#);
    let event = folder.write(&format!("{EVIL}.json"), r#"{"source":"x"}"#);
    assert_both_clean(&["pattern", &pattern, &event], 0, "\\u{202e}");
    let cases = folder.write(&format!("cases{EVIL}"), json!(EVIL).to_string());
    assert_both_clean(&["pattern", "--cases", &cases], 2, "\\u{1b}[2J");
}

/// Every way in which a file that was handed over is refused.
fn refused(folder: &Folder) -> Vec<Vec<String>> {
    let log = folder.write("log.json", deletion(1, "10:00:00").to_string());
    let version = |time: &str, more: &str| json!({"kind": "api", "account": "1", "region": "r", "time": time, more: null, "settings": {}});
    let baseline = |name: &str, content: Value| folder.write(name, content.to_string());
    let toml = format!("[rules.{}]", json!(EVIL)).replace('\u{7f}', "\\u007f");
    let pattern = json!({EVIL: [{EVIL: 1}]}).to_string();
    let replay = ["replay".to_owned(), log.clone()];
    let with = |option: &str, file: String| [&replay[..], &[option.to_owned(), file]].concat();
    vec![
        with("--baseline", baseline("time", version(EVIL, "stage"))),
        with(
            "--baseline",
            baseline("member", version("2026-11-02", EVIL)),
        ),
        with("--baseline", baseline("kind", json!({"kind": EVIL}))),
        with("--baseline", folder.write(&format!("name{EVIL}"), "{")),
        with("--thresholds", folder.write("rule.toml", toml)),
        with(
            "--thresholds",
            folder.write("text.toml", format!("[rules.{EVIL}")),
        ),
        with("--output", folder.path(&format!("no/{EVIL}"))),
        vec![
            "pattern".to_owned(),
            folder.write("operator", pattern),
            log.clone(),
        ],
        vec![
            "pattern".to_owned(),
            folder.write(&format!("p{EVIL}"), "{"),
            log,
        ],
    ]
}

#[test]
fn refusals_spell_hostile_files_out() {
    let folder = Folder::new();
    for args in refused(&folder) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert_both_clean(&args, 2, "evil");
    }
}

#[test]
fn refusals_are_no_panic() {
    let folder = Folder::new();
    for args in refused(&folder) {
        let run = run(&args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.starts_with("error: "), "{args:?}: {}", run.err);
    }
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let args = ["replay", "examples/incident"];
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command(&args);
        command.envs(variables.iter().copied());
        let run = finish(command);
        [run.out.contains("\u{1b}["), run.err.contains("\u{1b}[")]
    };
    assert_eq!(coloured(&[]), [false, false]);
    assert_eq!(coloured(&[("TERM", "xterm-256color")]), [false, false]);
    assert_eq!(
        coloured(&[("NO_COLOR", "1"), ("TERM", "xterm-256color")]),
        [false, false]
    );
    assert_eq!(coloured(&[("CLICOLOR_FORCE", "1")]), [true, true]);
    let [piped, forced] = both(&args);
    assert_eq!(piped.out, forced.out);
}
