//! `portcullis approve` and `portcullis undo`: a person's word on a remediation, given to the function
//! that owns it.
//!
//! The right to invoke the function is the credential. The id is checked here only so that a typing
//! error costs no call; everything else the function and its ledger decide.

use std::io;

use anyhow::{Context, bail};
use portcullis_aws::clients::Clients;
use portcullis_aws::invoke::invoke;
use portcullis_core::escape::{json_line, visible};
use portcullis_core::nearest;
use portcullis_core::remediation::Remediation;
use portcullis_core::remediation::command::{Answer, Command};
use portcullis_core::remediation::ledger;

use crate::args::{AnswerFormat, ApproveArgs};
use crate::{Outcome, output};

/// States in which what the command asked for is so.
const GOOD: &[&str] = &["verified", "undone", "already-right", "already right"];

/// Does what waits for approval.
pub(crate) fn approve(args: &ApproveArgs) -> anyhow::Result<Outcome> {
    run(args, |id, by| Command::Approve { id, by })
}

/// Takes back what was done.
pub(crate) fn undo(args: &ApproveArgs) -> anyhow::Result<Outcome> {
    run(args, |id, by| Command::Undo { id, by })
}

fn run(
    args: &ApproveArgs,
    command: fn(String, Option<String>) -> Command,
) -> anyhow::Result<Outcome> {
    let id = args.id.trim();
    let Some(remediation) = ledger::remediation(id) else {
        bail!(not_an_id(id));
    };
    let function = args.function.clone();
    let function = function.unwrap_or_else(|| format!("portcullis-{}", remediation.function()));
    let command = command(id.to_owned(), args.by.clone());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().context("cannot start")?;
    let answer = runtime.block_on(ask(&function, &command))?;
    output::write(None, |out| match args.format {
        AnswerFormat::Text => text(&answer, out),
        AnswerFormat::Json => writeln!(out, "{}", json_line(&answer)?),
    })?;
    Ok(match GOOD.contains(&answer.state.as_str()) {
        true => Outcome::Done,
        false => Outcome::Found,
    })
}

/// What is wrong with an id, with the one that was probably meant.
fn not_an_id(id: &str) -> String {
    let name = id.trim_end_matches(|c: char| c.is_ascii_hexdigit());
    let names = Remediation::ALL.into_iter().map(Remediation::as_str);
    let nearest = nearest(name.trim_end_matches('-'), names);
    format!(
        "`{id}` is no id of a remediation: it is a name, a hyphen and 16 of the digits 0 to 9 and a \
         to f, such as `{nearest}-0123456789abcdef`; the message about the finding has it"
    )
}

async fn ask(function: &str, command: &Command) -> anyhow::Result<Answer> {
    let clients = Clients::load(None, "portcullis").await;
    if clients.own().region().is_none() {
        bail!("no Region is known: set AWS_REGION to the one that Portcullis is deployed in");
    }
    let answer = invoke(clients.own(), function, command).await;
    answer.with_context(|| format!("no answer about `{}`", command.id()))
}

/// The state, then what happened; every string is made visible, since some repeat what a record says.
fn text(answer: &Answer, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}: {}", visible(&answer.id), visible(&answer.state))?;
    for sentence in &answer.text {
        for line in sentence.lines() {
            writeln!(out, "  {}", visible(line))?;
        }
    }
    Ok(())
}
