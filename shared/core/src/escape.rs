//! Makes strings of a record safe to show: every one of them may be the attacker's.
//!
//! Control characters move the cursor, recolour or overwrite what stands above; bidirectional and
//! invisible characters make one name look like another. They become visible escapes.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// The text with everything that is not meant to be seen spelt out.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// One line of JSON in which everything that [`visible`] spells out stands as a `\\u` escape, so that
/// the line is safe to show and says the same.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn json_line<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut line = Vec::with_capacity(512);
    value.serialize(&mut Serializer::with_formatter(&mut line, Escaped))?;
    String::from_utf8(line).map_err(serde::ser::Error::custom)
}

struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = fragment;
        while let Some((at, hidden)) = plain.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, ""));
            out.write_all(before.as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            plain = rest.strip_prefix(hidden).unwrap_or_default();
        }
        out.write_all(plain.as_bytes())
    }
}

/// Controls (C0, C1, DEL), line separators, and the format characters that change how their
/// neighbours are shown (Unicode Standard Annex 9; Technical Report 36, "Bidirectional text
/// spoofing").
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::{json_line, visible};

    #[test]
    fn json_says_the_same_without_hidden_characters() {
        let text = "a\u{7f}\u{9b}31m\u{202e}\u{e0001}\u{1b}\n\"é";
        let line = json_line(&text).unwrap();
        assert_eq!(line, r#""a\u007f\u009b31m\u202e\udb40\udc01\u001b\n\"é""#);
        let read: String = serde_json::from_str(&line).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn terminal_sequences_and_spoofed_text_are_spelt_out() {
        let cases = [
            ("prod", "prod"),
            ("café 日本", "café 日本"),
            ("\u{1b}[2Jprod", "\\u{1b}[2Jprod"),
            ("a\nb\r", "a\\u{a}b\\u{d}"),
            ("user\u{202e}nimda", "user\\u{202e}nimda"),
            ("pro\u{200b}d", "pro\\u{200b}d"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown);
        }
    }
}
