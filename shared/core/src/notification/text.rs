//! Strings of a record, made fit for a line of text that people read in a mail or a chat.

use crate::escape::visible;

/// Longer values are cut in text; the JSON below it has them.
const LONGEST_VALUE: usize = 300;

/// The summary is a sentence that lists what changed.
const LONGEST_SUMMARY: usize = 1_000;

/// A value of a record.
pub(super) fn value(text: &str) -> String {
    let shown = plain(text);
    if shown.is_empty() {
        return "(empty)".to_owned();
    }
    cut(&shown, LONGEST_VALUE)
}

/// A sentence made of values.
pub(super) fn sentence(text: &str) -> String {
    cut(&plain(text), LONGEST_SUMMARY)
}

/// Printable ASCII, for the subject.
pub(super) fn ascii(text: &str) -> String {
    let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
    plain(text).chars().map(printable).collect()
}

/// At most `longest` characters; shows that something is missing.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept = longest.saturating_sub(3);
    let mut short: String = text.chars().take(kept).collect();
    short.extend("...".chars().take(longest));
    short
}

/// Nothing hidden, no line breaks, no links, and no blanks in a row: a mail program that wraps lines
/// would make them the start of a line.
fn plain(text: &str) -> String {
    let shown = visible(text);
    let words: Vec<&str> = shown.split_whitespace().collect();
    // SNS delivers to queues, and SQS refuses these two.
    let shown = words
        .join(" ")
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    defanged(shown)
}

/// Mail programs make links of what looks like an address.
fn defanged(mut text: String) -> String {
    text = text.replace("://", ":[//]");
    let lower = text.to_ascii_lowercase();
    // From the end, so that the places found before stay right.
    for (at, www) in lower.rmatch_indices("www.") {
        text.replace_range(at..at + www.len(), "www[.]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ascii, cut, value};

    #[test]
    fn values_keep_to_their_line_and_are_no_links() {
        let cases = [
            ("prod", "prod"),
            ("", "(empty)"),
            ("  ", "(empty)"),
            ("a\nNext: all is well", "a\\u{a}Next: all is well"),
            ("a\u{2028}b\u{85}c", "a\\u{2028}b\\u{85}c"),
            ("a          b\u{3000}\u{a0}c", "a b c"),
            ("see https://evil.example/x", "see https:[//]evil.example/x"),
            ("http:\u{200b}//x", "http:\\u{200b}//x"),
            ("WWW.evil.example www.b", "www[.]evil.example www[.]b"),
            ("\u{ffff}", "\u{fffd}"),
        ];
        for (text, shown) in cases {
            assert_eq!(value(text), shown);
        }
    }

    #[test]
    fn what_is_cut_says_so_and_fits() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
        assert_eq!(cut("日本語日本語", 5), "日本...");
        assert_eq!(cut("abcdef", 2), "..");
        assert_eq!(cut("abcdef", 0), "");
        assert_eq!(value(&"x".repeat(400)).len(), 300);
        assert_eq!(ascii("café\tx"), "caf?\\u{9}x");
    }
}
