//! What a rule function that can write starts with: the responder with policy, ledger, writer and kill
//! switch. Only this module brings the policy engine into a function.

use std::path::Path;
use std::sync::Arc;

use lambda_runtime::Error;
use portcullis_core::remediation::modes::Modes;
use portcullis_core::remediation::ports::KillSwitch;
use portcullis_core::remediation::responder::{Remediator, Responder};
use portcullis_policy::CedarPolicy;

use crate::baselines::DynamoBaselines;
use crate::bootstrap::{self, Parts, configured, folder};
use crate::drafts::DynamoDrafts;
use crate::kill_switch::SsmKillSwitch;
use crate::ledger::DynamoLedger;
use crate::pace::Pace;
use crate::settings::ApiGatewaySettings;
use crate::writer::ApiGatewayWriter;

/// Runs a rule function that can write until Lambda ends it.
///
/// # Errors
/// As [`bootstrap::run`], and when the policies are not usable.
pub async fn run(function: &'static str) -> Result<(), Error> {
    bootstrap::serve(function, |parts| Ok(Some(responder(parts)?))).await
}

fn responder(parts: &Parts) -> Result<Arc<dyn Responder>, Error> {
    let config = &parts.config;
    let modes = match configured(config, "remediation.toml")? {
        Some(text) => Modes::parse(&text)?,
        None => Modes::embedded()?,
    };
    let own = parts.clients.own();
    let table = || config.table.clone();
    let pace = Arc::new(Pace::default());
    let settings = ApiGatewaySettings::at_pace(Arc::clone(&parts.clients), Arc::clone(&pace));
    let settings = Arc::new(settings);
    let role = config.remediator_role.clone();
    let parameter = config.kill_switch.clone().unwrap_or_default();
    let kill_switch: Arc<dyn KillSwitch> = Arc::new(SsmKillSwitch::new(own, parameter));
    let clients = Arc::clone(&parts.clients);
    let writer = ApiGatewayWriter::new(clients, role, pace, Arc::clone(&kill_switch));
    Ok(Arc::new(Remediator {
        function: parts.function,
        modes,
        cap: config.remediation_max,
        can_write: config.remediator_role.is_some(),
        has_kill_switch: config.kill_switch.is_some(),
        policy: policy(&folder(config).join("cedar"))?,
        baselines: Arc::new(DynamoBaselines::new(own, config.baseline_table.clone())),
        publications: Arc::clone(&settings) as _,
        reader: settings,
        drafts: Arc::new(DynamoDrafts::new(own, config.baseline_table.clone())),
        ledger: Arc::new(DynamoLedger::new(own, table())),
        writer: Arc::new(writer),
        kill_switch,
        clock: Arc::clone(&parts.clock) as _,
    }))
}

/// The policies of the deployment, or those that come with Portcullis when there are none.
fn policy(folder: &Path) -> Result<CedarPolicy, Error> {
    Ok(match folder.is_dir() {
        true => CedarPolicy::from_folder(folder)?,
        false => CedarPolicy::embedded()?,
    })
}
