//! `portcullis pattern`: tries EventBridge event patterns on events, without AWS.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use portcullis_core::escape::{json_line, visible};
use portcullis_core::pattern::Pattern;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::args::PatternArgs;
use crate::{Outcome, output};

/// Runs the command.
pub(crate) fn run(args: &PatternArgs) -> anyhow::Result<Outcome> {
    match (&args.cases, &args.pattern) {
        (Some(cases), _) => run_cases(cases),
        (None, Some(pattern)) => try_events(pattern, &args.events),
        (None, None) => bail!("name a pattern and events, or --cases FILE"),
    }
}

fn try_events(path: &Path, events: &[PathBuf]) -> anyhow::Result<Outcome> {
    let mut text = String::new();
    open(path)?
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    let pattern = Pattern::parse(&text)
        .with_context(|| format!("`{}` is no valid pattern", path.display()))?;
    for lint in pattern.lints() {
        output::tell(&format!("warning: {}\n", visible(&lint.to_string())));
    }
    let mut verdicts = Vec::new();
    for file in events {
        let name = file.display().to_string();
        for (at, event) in read_events(file)?.into_iter().enumerate() {
            verdicts.push((pattern.matches(&event), format!("{name} {}", at + 1)));
        }
    }
    output::write(None, |out| {
        for (matches, name) in &verdicts {
            let word = if *matches { "match   " } else { "no match" };
            writeln!(out, "{word}  {}", visible(name))?;
        }
        Ok(())
    })?;
    Ok(match verdicts.iter().any(|(matches, _)| *matches) {
        true => Outcome::Done,
        false => Outcome::Found,
    })
}

/// All JSON values of a file; the members of an array one by one.
fn read_events(path: &Path) -> anyhow::Result<Vec<Value>> {
    let values = serde_json::Deserializer::from_reader(open(path)?).into_iter::<Value>();
    let mut events = Vec::new();
    for (at, value) in values.enumerate() {
        let value = value.with_context(|| format!("`{}`, value {}", path.display(), at + 1))?;
        match value {
            Value::Array(members) => events.extend(members),
            event => events.push(event),
        }
    }
    Ok(events)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

#[derive(Deserialize)]
struct Case<'a> {
    id: Value,
    #[serde(borrow)]
    pattern: &'a RawValue,
    event: Value,
}

#[derive(Serialize)]
struct Verdict {
    id: Value,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    matches: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn run_cases(path: &Path) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Done;
    let input = open(path)?;
    output::write(None, |out| {
        for (at, line) in input.lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(&line) {
                Ok(case) => {
                    writeln!(out, "{}", json_line(&judge(case))?)?;
                }
                Err(error) => {
                    let place = format!("{}: line {}", path.display(), at + 1);
                    output::complain(&format!("{place}: {error}"));
                    outcome = Outcome::Incomplete;
                }
            }
        }
        Ok(())
    })?;
    Ok(outcome)
}

fn judge(case: Case<'_>) -> Verdict {
    match Pattern::parse(case.pattern.get()) {
        Ok(pattern) => Verdict {
            matches: Some(pattern.matches(&case.event)),
            id: case.id,
            error: None,
        },
        Err(error) => Verdict {
            id: case.id,
            matches: None,
            error: Some(error.to_string()),
        },
    }
}
