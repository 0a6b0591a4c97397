//! The lines of a message: each begun by us, and no more of them than there is room for.

use super::text;

/// Lines of a list; more are counted.
const LISTED: usize = 20;

/// A text that grows by lines.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// A line of our own.
    pub(super) fn plain(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A line with a label; the value has passed [`text`].
    pub(super) fn line(&mut self, label: &str, value: &str) {
        self.plain(&format!("{:<12} {value}", format!("{label}:")));
    }

    /// A line of something to paste, which stands apart from the lines with labels.
    pub(super) fn pasted(&mut self, line: &str) {
        self.plain(&format!("    {line}"));
    }

    /// A line for each value, as many as fit in `room` bytes, which is used up by them.
    pub(super) fn list(&mut self, label: &str, values: &[String], room: &mut usize) {
        let mut shown = 0;
        for value in values.iter().take(LISTED) {
            let length = value.len() + 14;
            if length > *room {
                break;
            }
            *room -= length;
            self.line(label, value);
            shown += 1;
        }
        if shown < values.len() {
            self.line(label, &format!("and {} more", values.len() - shown));
        }
    }

    /// Sentences of a record or of the program, as [`Self::list`].
    pub(super) fn sentences(&mut self, label: &str, sentences: &[String], room: &mut usize) {
        let sentences = sentences.iter().map(|sentence| text::sentence(sentence));
        self.list(label, &sentences.collect::<Vec<_>>(), room);
    }
}
