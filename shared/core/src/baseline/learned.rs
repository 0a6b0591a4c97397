//! What a record teaches about settings: a version, that a read is needed, or nothing.
//!
//! Deletions teach nothing: what was known of a deleted thing stays known, because a stage that is
//! made again under its name is compared with it.

use serde::Deserialize;

use super::thing::{Thing, What};
use super::{Kept, Shape, Version};
use crate::change::{ApiRef, ApiType, Change, ChangeError, Target};
use crate::record::Record;
use crate::settings::{self, Object, decode};

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub enum Learned {
    /// The response shows the state after the change.
    Version(Version),
    /// Something changed and the record does not show all of it.
    Read(Thing),
    /// A REST API was deployed: its draft was published, and a stage may have been made or moved.
    Deployed(Deployment),
    /// Something changed and the record does not name it. A sweep will find it.
    Unnamed,
    /// No setting that is kept changed.
    Nothing,
}

/// A deployment of a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The API.
    pub api: Thing,
    /// Its id, where the response shows it.
    pub id: Option<String>,
    /// The stage that it names.
    pub stage: Option<Thing>,
}

impl Learned {
    /// What a successful call teaches; `change` is what [`Change::from_record`] made of the record.
    ///
    /// # Errors
    /// When a parameter that is read has the wrong type.
    pub fn from(record: &Record, change: Option<&Change>) -> Result<Self, ChangeError> {
        let Some(change) = change else {
            return of_deployment(record);
        };
        let target = change.target();
        let (has_api, has_stage) = (target.api.is_some(), target.stage.is_some());
        let is_named = match change {
            Change::ApiDeleted(_) | Change::Other(_) => return Ok(Self::Nothing),
            Change::AccountUpdated(_) => true,
            Change::StageUpdated(_) | Change::StageCreated(_) => has_api && has_stage,
            _ => has_api,
        };
        if !is_named {
            return Ok(Self::Unnamed);
        }
        let Some(thing) = Thing::of(&record.account, &record.region, target) else {
            return Ok(Self::Unnamed);
        };
        let shape = match &thing.what {
            What::Account => Shape::Account,
            What::Api(api) if api.is_rest() => Shape::RestApi,
            What::Api(_) => Shape::V2Api,
            What::Stage(api, _) if api.is_rest() => Shape::RestStage,
            What::Stage(..) => Shape::V2Stage,
        };
        let kept = record.response.json();
        let kept = kept.and_then(|json| Kept::from_response(shape, json));
        Ok(match kept {
            Some(settings) => Self::Version(Version::of_response(thing, record.time, settings)),
            None => Self::Read(thing),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    rest_api_id: Option<String>,
    api_id: Option<String>,
    stage_name: Option<String>,
    create_deployment_input: Option<Object<Input>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    stage_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response {
    id: Option<String>,
}

/// A deployment that names a stage makes it or moves it, and its response does not show it.
fn of_deployment(record: &Record) -> Result<Learned, ChangeError> {
    if record.name != "CreateDeployment" || !record.is_api_gateway_success() {
        return Ok(Learned::Nothing);
    }
    let Some(json) = record.request.json() else {
        return Ok(Learned::Unnamed);
    };
    let request: Request = settings::fields(json).map_err(|error| {
        let error = error.inside("requestParameters");
        ChangeError {
            field: error.field,
            source: error.source,
        }
    })?;
    let is_rest = request.rest_api_id.is_some();
    let input = request.create_deployment_input;
    let stage = match is_rest {
        true => input.and_then(|Object(input)| input.stage_name),
        false => request.stage_name.as_deref().map(decode),
    };
    let api = ApiRef {
        id: request.rest_api_id.or(request.api_id),
        kind: is_rest.then_some(ApiType::Rest),
        name: None,
    };
    let thing = |stage: Option<String>| {
        let target = Target {
            api: Some(api.clone()),
            stage,
            stack: None,
        };
        Thing::of(&record.account, &record.region, target)
    };
    // The console sends an empty name and makes the stage in a call of its own.
    let stage = stage.filter(|name| !name.is_empty());
    Ok(match (is_rest.then(|| thing(None)).flatten(), stage) {
        (Some(api), stage) => Learned::Deployed(Deployment {
            api,
            id: id(record),
            stage: stage.and_then(|stage| thing(Some(stage))),
        }),
        (None, Some(stage)) => thing(Some(stage)).map_or(Learned::Unnamed, Learned::Read),
        (None, None) => Learned::Nothing,
    })
}

/// Id of the deployment that a call made. Without it, the time of the event has to do.
fn id(record: &Record) -> Option<String> {
    let response: Response = serde_json::from_str(record.response.json()?).ok()?;
    response.id
}

#[cfg(test)]
mod tests;
