//! Strings that keep their meaning between quotes and cannot leave them: for JSON, TypeScript, YAML, HCL
//! and a POSIX shell.
//!
//! All of them come out as printable ASCII: control, bidirectional and invisible characters are spelt in
//! the escapes of the language. Nothing in them is a link for a mail program, and there are no two blanks in
//! a row, which a mail program that wraps lines would make the start of one.

use serde_json::Value;

/// In whose double quotes a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Also TypeScript: its escapes are a superset.
    Json,
    /// YAML, where a pair of surrogates is not one character.
    Yaml,
    /// Terraform, where `${` and `%{` begin a template.
    Hcl,
}

/// The text in double quotes.
pub(crate) fn double(text: &str, language: Language) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut last = '"';
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' '..='~' if is_plain(last, c, language) => quoted.push(c),
            _ => escape(c, language, &mut quoted),
        }
        last = c;
    }
    quoted.push('"');
    quoted
}

/// Whether a character can stand as it is after another one. The single quote cannot, because JSON also
/// stands in those of a shell.
fn is_plain(last: char, c: char, language: Language) -> bool {
    match c {
        '\'' => false,
        // `://` and `www.` are links, blanks in a row may be wrapped.
        '/' => last != ':',
        '.' => !last.eq_ignore_ascii_case(&'w'),
        ' ' => last != ' ',
        '{' if language == Language::Hcl => !matches!(last, '$' | '%'),
        _ => true,
    }
}

fn escape(c: char, language: Language, quoted: &mut String) {
    let code = u32::from(c);
    if language == Language::Json {
        for unit in c.encode_utf16(&mut [0; 2]) {
            quoted.push_str(&format!("\\u{unit:04x}"));
        }
    } else if code > 0xffff {
        quoted.push_str(&format!("\\U{code:08x}"));
    } else {
        quoted.push_str(&format!("\\u{code:04x}"));
    }
}

/// A value on one line: JSON, and with strings as the language has them.
pub(crate) fn value(value: &Value, language: Language) -> String {
    match value {
        Value::String(text) => double(text, language),
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| self::value(item, language))
                .collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| {
                let (name, member) = (double(name, language), self::value(member, language));
                format!("{name}:{member}")
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A word for a POSIX shell. `None` when it has a character that would be hidden, or be a link or a file
/// for the AWS command line (`file://`): no quotes make that safe to paste.
pub(crate) fn word(text: &str) -> Option<String> {
    let is_shown = text.chars().all(|c| (' '..='~').contains(&c));
    let lower = text.to_ascii_lowercase();
    let is_link = lower.contains("://") || lower.contains("www.");
    if !is_shown || is_link || text.contains("  ") {
        return None;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => Some(text.to_owned()),
        false => Some(single(text)),
    }
}

/// The text in the single quotes of a POSIX shell, where nothing but their end has a meaning.
pub(crate) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::str::Chars;

    use proptest::prelude::*;

    use super::{Language, double, single, value, word};

    /// Ordinary and hostile text.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            r#"[ -~]{0,40}"#,
            r#"[$%{}'"\\ /:w.\n;|&`()#\-]{0,30}"#,
            Just("'; rm -rf / #".to_owned()),
            Just("\u{202e}${file(\"/etc/passwd\")}%{ if true }\u{85}\u{2028}".to_owned()),
        ]
    }

    fn is_printable(text: &str) -> bool {
        text.chars().all(|c| (' '..='~').contains(&c))
    }

    /// What a shell makes of a word.
    fn shell(word: &str) -> String {
        let script = format!("printf %s {word}");
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{word}"
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text between quotes, read by the rules of YAML and HCL for the escapes that are used here.
    fn unquoted(quoted: &str) -> String {
        let inner = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let mut text = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            assert_ne!(c, '"', "the quotes end early: {quoted}");
            if c != '\\' {
                text.push(c);
                continue;
            }
            text.push(match chars.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => hex(&mut chars, 4),
                'U' => hex(&mut chars, 8),
                c @ ('"' | '\\') => c,
                c => panic!("no escape: {c} in {quoted}"),
            });
        }
        text
    }

    fn hex(chars: &mut Chars<'_>, digits: usize) -> char {
        let hex: String = chars.take(digits).collect();
        char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn json_says_the_same(text in text()) {
            let quoted = double(&text, Language::Json);
            prop_assert!(is_printable(&quoted) && !quoted.contains('\''));
            prop_assert!(!quoted.contains("://") && !quoted.contains("  "));
            let read: String = serde_json::from_str(&quoted).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn yaml_and_hcl_say_the_same(text in text()) {
            for language in [Language::Yaml, Language::Hcl] {
                let quoted = double(&text, language);
                prop_assert!(is_printable(&quoted), "{quoted}");
                prop_assert_eq!(unquoted(&quoted), text.clone());
            }
            let hcl = double(&text, Language::Hcl);
            prop_assert!(!hcl.contains("${") && !hcl.contains("%{"), "{hcl}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_back_what_was_quoted(text in text()) {
            let json = value(&serde_json::json!([{"value": text}]), Language::Json);
            let argument = single(&json);
            prop_assert!(is_printable(&argument));
            let read = shell(&argument);
            prop_assert_eq!(&read, &json);
            let read: serde_json::Value = serde_json::from_str(&read).unwrap();
            prop_assert_eq!(read[0]["value"].as_str().unwrap(), text.as_str());
            if let Some(word) = word(&text) {
                prop_assert!(is_printable(&word));
                prop_assert_eq!(shell(&word), text);
            }
        }
    }

    #[test]
    fn what_no_quotes_make_safe_is_no_word() {
        for text in [
            "a\nb",
            "\u{202e}x",
            "file:///etc/passwd",
            "see WWW.evil.example",
            "a  b",
        ] {
            assert_eq!(word(text), None, "{text}");
        }
        assert_eq!(word("prod").unwrap(), "prod");
        assert_eq!(word("$default").unwrap(), "'$default'");
        assert_eq!(word("").unwrap(), "''");
        assert_eq!(word("it's").unwrap(), r"'it'\''s'");
    }
}
