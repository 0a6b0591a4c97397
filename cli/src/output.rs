//! The only place that writes to standard output and standard error.
//!
//! A reader of our output that has gone, as `head` goes, is no failure of ours: the rest of the command
//! still runs and reports.
//!
//! Colours are written by the renderers and taken out here unless a terminal wants them
//! (`NO_COLOR`, `CLICOLOR_FORCE` and `TERM` are heeded).

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstream::{AutoStream, StripStream};
use anyhow::Context;
use portcullis_core::escape::visible;

/// Width where no terminal tells one.
const WIDTH: usize = 100;

/// Writes a command's result to a file, or else to standard output.
pub(crate) fn write(
    file: Option<&Path>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let result = match file {
        Some(path) => {
            let file = File::create(path)
                .with_context(|| format!("cannot write to `{}`", path.display()))?;
            let mut out = BufWriter::new(StripStream::new(file));
            content(&mut out).and_then(|()| out.flush())
        }
        None => {
            let mut out = BufWriter::new(AutoStream::auto(io::stdout().lock()));
            content(&mut out).and_then(|()| out.flush())
        }
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write the result"),
    }
}

/// How wide a line of the result may be.
pub(crate) fn width(file: Option<&Path>) -> usize {
    if file.is_none() && io::stdout().is_terminal() {
        textwrap::termwidth().clamp(40, 160)
    } else {
        WIDTH
    }
}

/// Tells the person at the terminal something that is not the result. Nothing can be done when even
/// this fails.
pub(crate) fn tell(text: &str) {
    let mut out = AutoStream::auto(io::stderr().lock());
    let _ = out.write_all(text.as_bytes());
}

/// Reports an error. It may repeat what stands in a file, so every line is made visible.
pub(crate) fn complain(text: &str) {
    let lines: Vec<_> = text.trim_end().lines().map(visible).collect();
    tell(&format!("error: {}\n", lines.join("\n")));
}
