//! Makes strings of a record safe to show: every one of them may be the attacker's.
//!
//! Control characters move the cursor, recolour or overwrite what stands above; bidirectional and
//! invisible characters make one name look like another. They become visible escapes.

use std::borrow::Cow;

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
    use super::visible;

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
