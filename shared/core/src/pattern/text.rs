//! Tests on text: equality, prefix, suffix and wildcard, with and without regard to case.
//!
//! Every test takes time linear in the length of the text, whatever the text is.

use super::error::Problem;

/// A test that only a string can pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextTest {
    Equals(String),
    EqualsAnyCase(AnyCase),
    Prefix(String),
    PrefixAnyCase(AnyCase),
    Suffix(String),
    SuffixAnyCase(AnyCase),
    Wildcard(Wildcard),
}

impl TextTest {
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(expected) => text == expected,
            Self::EqualsAnyCase(expected) => expected.strip_from_start(text) == Some(""),
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::PrefixAnyCase(prefix) => prefix.strip_from_start(text).is_some(),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::SuffixAnyCase(suffix) => suffix.strip_from_end(text).is_some(),
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

/// Text compared without regard to case.
///
/// As in the reference, each character stands for its lower-case or its upper-case form, which may be
/// longer than one character.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AnyCase(Vec<Cases>);

#[derive(Debug, Clone, PartialEq)]
struct Cases {
    lower: String,
    upper: String,
}

impl AnyCase {
    pub(super) fn new(text: &str) -> Self {
        let cases = |character: char| Cases {
            lower: character.to_lowercase().collect(),
            upper: character.to_uppercase().collect(),
        };
        Self(text.chars().map(cases).collect())
    }

    fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0.iter().try_fold(text, |rest, cases| {
            rest.strip_prefix(&cases.lower)
                .or_else(|| rest.strip_prefix(&cases.upper))
        })
    }

    fn strip_from_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0.iter().rev().try_fold(text, |rest, cases| {
            rest.strip_suffix(&cases.lower)
                .or_else(|| rest.strip_suffix(&cases.upper))
        })
    }
}

/// Text in which `*` stands for any characters, also none; `\*` and `\\` stand for themselves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wildcard {
    /// What stands before the first star.
    start: String,
    /// What stands between stars, then what stands after the last; empty if there is no star.
    after_stars: Vec<String>,
}

impl Wildcard {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut segments = Vec::new();
        let mut segment = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' if characters.peek() == Some(&'*') => {
                    return Err(Problem::ConsecutiveStars(text.to_owned()));
                }
                '*' => segments.push(std::mem::take(&mut segment)),
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => segment.push(escaped),
                    _ => return Err(Problem::BadEscape(text.to_owned())),
                },
                plain => segment.push(plain),
            }
        }
        segments.push(segment);
        let start = segments.remove(0);
        Ok(Self {
            start,
            after_stars: segments,
        })
    }

    /// Takes each segment at its first place, which never misses a match and never has to go back.
    fn matches(&self, text: &str) -> bool {
        let Some((end, middle)) = self.after_stars.split_last() else {
            return text == self.start;
        };
        let Some(mut rest) = text
            .strip_prefix(&self.start)
            .and_then(|rest| rest.strip_suffix(end))
        else {
            return false;
        };
        for segment in middle {
            let Some((_, after)) = rest.split_once(segment) else {
                return false;
            };
            rest = after;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard() {
        let cases = [
            ("plain", "plain", true),
            ("plain", "plainer", false),
            ("*", "", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "aba", false),
            (r"\**", "*x", true),
            (r"\*", "x", false),
            (r"a\\b", r"a\b", true),
            (r"*\**", "a*b", true),
            ("*é", "café", true),
        ];
        for (wildcard, text, expected) in cases {
            let matched = Wildcard::parse(wildcard).unwrap().matches(text);
            assert_eq!(matched, expected, "`{wildcard}` on `{text}`");
        }
    }

    #[test]
    fn wildcard_is_refused() {
        let stars = |text: &str| Problem::ConsecutiveStars(text.to_owned());
        let escape = |text: &str| Problem::BadEscape(text.to_owned());
        assert_eq!(Wildcard::parse("a**"), Err(stars("a**")));
        assert_eq!(Wildcard::parse("***"), Err(stars("***")));
        assert_eq!(Wildcard::parse(r"a\b"), Err(escape(r"a\b")));
        assert_eq!(Wildcard::parse("a\\"), Err(escape("a\\")));
    }

    #[test]
    fn any_case() {
        let cases = [
            ("off", "OFF", true),
            ("Off", "oFF", true),
            ("off", "offf", false),
            ("off", "of", false),
            ("straße", "STRASSE", true),
            ("ÉTÉ", "été", true),
            ("", "", true),
        ];
        for (expected, text, matches) in cases {
            let test = TextTest::EqualsAnyCase(AnyCase::new(expected));
            assert_eq!(test.matches(text), matches, "`{expected}` on `{text}`");
        }
    }

    #[test]
    fn a_long_text_takes_linear_time() {
        let text = "a".repeat(2_000_000);
        let wildcard = format!("*{}b*{}b*", "a".repeat(900), "a".repeat(900));
        assert!(!Wildcard::parse(&wildcard).unwrap().matches(&text));
    }
}
