//! What a REST API publishes: its status, stages and deployments, and its draft.
//!
//! On the clients and at the pace of [`crate::settings`]. What is not told is an error or unknown, never
//! "nothing": an API without stages looks harmless.

mod draft;
mod draft_json;

use async_trait::async_trait;
use aws_sdk_apigateway::types::{ApiStatus as LiveStatus, Stage};
use portcullis_core::baseline::thing::Thing;
use portcullis_core::keeper::draft::{DraftSource, Look};
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ports::{ApiStatus, PublicationReader};
use portcullis_core::remediation::publication::{Fingerprint, Publications, PublishedStage};

use crate::bootstrap::now_ms;
use crate::settings::{ApiGatewaySettings, Connection};

/// All of a list of a REST API, page after page, each in its turn. A list that does not exist is an error,
/// because only a whole API may be missing.
macro_rules! all_pages {
    ($connection:expr, $action:literal, $request:expr) => {{
        let mut all = Vec::new();
        let mut position: Option<String> = None;
        loop {
            let page = || $request.limit($crate::settings::PAGE);
            let send = || page().set_position(position.clone()).send();
            let Some(answer) = $connection.call($action, send).await? else {
                return Err($crate::publication::missing($action));
            };
            all.extend(answer.value.items.unwrap_or_default());
            let next = answer.value.position.filter(|next| !next.is_empty());
            if next.is_none() {
                break all;
            }
            if next == position {
                return Err($crate::publication::unclear($action, "the same page again"));
            }
            position = next;
        }
    }};
}
use all_pages;

#[async_trait]
impl PublicationReader for ApiGatewaySettings {
    async fn status(&self, api: &Thing) -> Result<ApiStatus, PortError> {
        let id = rest_api(api)?;
        let connection = self.connect(&api.account, &api.region).await;
        let send = || connection.rest.get_rest_api().rest_api_id(id).send();
        let Some(answer) = connection.call("read the API", send).await? else {
            return Ok(ApiStatus::Gone);
        };
        Ok(status(answer.value.api_status.as_ref()))
    }

    async fn publications(&self, api: &Thing) -> Result<Publications, PortError> {
        let id = rest_api(api)?;
        let connection = self.connect(&api.account, &api.region).await;
        connection.publications(id).await
    }

    async fn draft(&self, api: &Thing) -> Result<Fingerprint, PortError> {
        let id = rest_api(api)?;
        let connection = self.connect(&api.account, &api.region).await;
        let draft = connection.draft(id).await?;
        let (fingerprint, _) = draft.ok_or_else(|| missing("read the API"))?;
        Ok(fingerprint)
    }
}

#[async_trait]
impl DraftSource for ApiGatewaySettings {
    async fn look(&self, api: &Thing, until: i64) -> Result<Look, PortError> {
        if now_ms() > until {
            return Ok(Look::Late);
        }
        let id = rest_api(api)?;
        let connection = self.connect(&api.account, &api.region).await;
        Ok(match connection.draft(id).await? {
            None => Look::Gone,
            Some((fingerprint, at)) => Look::Read { fingerprint, at },
        })
    }
}

/// Deployments first: a stage that moves to one made meanwhile then names one that is not known, and so is
/// live.
impl Connection<'_> {
    async fn publications(&self, id: &str) -> Result<Publications, PortError> {
        let all = all_pages!(
            self,
            "list the deployments",
            self.rest.get_deployments().rest_api_id(id)
        );
        let mut publications = Publications::default();
        for deployment in all {
            let Some(id) = deployment.id else {
                return Err(unclear("list the deployments", "a deployment has no id"));
            };
            let at = deployment.created_date.map(|at| at.secs());
            if let Some(description) = deployment.description {
                publications.descriptions.insert(id.clone(), description);
            }
            publications.deployments.insert(id, at);
        }
        let send = || self.rest.get_stages().rest_api_id(id).send();
        let Some(answer) = self.call("list the stages", send).await? else {
            return Err(missing("list the stages"));
        };
        let stages = answer.value.item.unwrap_or_default().into_iter();
        publications.stages = stages.map(stage).collect::<Result<_, _>>()?;
        Ok(publications)
    }
}

fn stage(stage: Stage) -> Result<PublishedStage, PortError> {
    let Some(name) = stage.stage_name else {
        return Err(unclear("list the stages", "a stage has no name"));
    };
    let dates = [stage.created_date, stage.last_updated_date];
    Ok(PublishedStage {
        name,
        deployment_id: stage.deployment_id,
        changed: dates.into_iter().flatten().map(|at| at.secs()).max(),
    })
}

/// A change that failed is over: waiting for it would never end, and a restore reads back what it has
/// written. A status that is not known yet is waited for.
fn status(status: Option<&LiveStatus>) -> ApiStatus {
    match status {
        None | Some(LiveStatus::Available | LiveStatus::Failed) => ApiStatus::Available,
        Some(_) => ApiStatus::Updating,
    }
}

/// Only REST APIs have drafts and deployments of this kind.
fn rest_api(thing: &Thing) -> Result<&str, PortError> {
    let api = thing.api().filter(|api| api.is_rest());
    let api = api.ok_or_else(|| unclear("read the API", "it is no REST API"))?;
    Ok(&api.id)
}

/// What has to exist does not.
fn missing(action: &'static str) -> PortError {
    unclear(action, "NotFoundException")
}

/// An answer that cannot be used. Asking again gives the same.
fn unclear(action: &'static str, reason: &'static str) -> PortError {
    PortError {
        action,
        retryable: false,
        source: reason.into(),
    }
}

#[cfg(test)]
mod tests;
