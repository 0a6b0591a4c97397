//! An error with its causes, in one sentence, for logs and people.

use std::error::Error;

/// The error and what it came from. Some errors tell their cause themselves; none is told twice.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = cause.to_string();
        if !text.contains(without_place(&told)) {
            text.push_str(": ");
            text.push_str(&told);
        }
        source = cause.source();
    }
    text
}

/// JSON errors end in a line and a column, which errors that tell them leave out.
fn without_place(text: &str) -> &str {
    text.rsplit_once(" at line ").map_or(text, |(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[test]
    fn a_cause_is_told_once() {
        let json = serde_json::from_str::<u8>("\"x\"").unwrap_err();
        let said = chain(&json);
        assert_eq!(said.matches("invalid type").count(), 1);

        let field = crate::record::Record::from_log(b"{\"eventTime\":5}").unwrap_err();
        assert_eq!(chain(&field), field.to_string());
    }
}
