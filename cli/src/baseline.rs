//! `portcullis baseline`: reads the table of the function `baseline`. Nothing of AWS exists before it runs.

use std::env;

use anyhow::{Context, bail};
use portcullis_aws::baselines::DynamoBaselines;
use portcullis_aws::clients::Clients;
use portcullis_core::baseline::Version;

use crate::args::{BaselineArgs, BaselineCommand, ExportArgs};
use crate::{Outcome, output};

/// Name of the variable that names the table, as the Lambda functions have it.
const TABLE: &str = "PORTCULLIS_BASELINE_TABLE";

/// Runs the command.
pub(crate) fn run(args: &BaselineArgs) -> anyhow::Result<Outcome> {
    match &args.command {
        BaselineCommand::Export(args) => export(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<Outcome> {
    let named = args.table.clone().or_else(|| env::var(TABLE).ok());
    let Some(table) = named.filter(|name| !name.is_empty()) else {
        bail!("no table is named: set {TABLE} or give --table NAME");
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().context("cannot start")?;
    let versions = runtime.block_on(read(&table, args))?;
    let lines = versions.iter().map(Version::line);
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    output::write(args.output.as_deref(), |out| {
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    })?;
    output::tell(&format!("{} versions from `{table}`\n", lines.len()));
    Ok(Outcome::Done)
}

async fn read(table: &str, args: &ExportArgs) -> anyhow::Result<Vec<Version>> {
    let clients = Clients::load(None, "portcullis").await;
    if clients.own().region().is_none() {
        bail!("no Region is known: set AWS_REGION");
    }
    let store = DynamoBaselines::new(clients.own(), table.to_owned());
    let versions = store.export(args.at).await;
    versions.with_context(|| format!("cannot export the baselines of table `{table}`"))
}
