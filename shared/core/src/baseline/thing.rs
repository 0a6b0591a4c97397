//! What has settings: an account in a Region, an API, a stage.

use serde::{Deserialize, Serialize};

use crate::change::{ApiRef, ApiType, Target};

/// An API that has an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// `restApiId` or `apiId`.
    pub id: String,
    /// REST, HTTP or WEBSOCKET; a record of a v2 stage does not tell.
    pub kind: Option<ApiType>,
    /// Its name, where known.
    pub name: Option<String>,
}

impl Api {
    /// Whether the service model for REST APIs serves it.
    pub fn is_rest(&self) -> bool {
        self.kind == Some(ApiType::Rest)
    }
}

/// What a thing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The settings of API Gateway for the account in the Region.
    Account,
    /// An API.
    Api(Api),
    /// A stage, by its name.
    Stage(Api, String),
}

/// What has settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// The account that it is in.
    pub account: String,
    /// The Region that it is in.
    pub region: String,
    /// The thing itself.
    pub what: What,
}

impl Thing {
    /// The target of a change. `None` when the record does not name the API.
    pub fn of(account: &str, region: &str, target: Target) -> Option<Self> {
        let what = match target.api {
            None => What::Account,
            Some(api) => {
                let api = Api {
                    id: api.id?,
                    kind: api.kind,
                    name: api.name,
                };
                match target.stage {
                    Some(stage) => What::Stage(api, stage),
                    None => What::Api(api),
                }
            }
        };
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            what,
        })
    }

    /// The same as a change names it.
    pub fn target(&self) -> Target {
        let (api, stage) = match &self.what {
            What::Account => (None, None),
            What::Api(api) => (Some(api), None),
            What::Stage(api, stage) => (Some(api), Some(stage.clone())),
        };
        Target {
            api: api.map(|api| ApiRef {
                id: Some(api.id.clone()),
                kind: api.kind,
                name: api.name.clone(),
            }),
            stage,
            stack: None,
        }
    }

    /// The API of an API or a stage.
    pub fn api(&self) -> Option<&Api> {
        match &self.what {
            What::Account => None,
            What::Api(api) | What::Stage(api, _) => Some(api),
        }
    }

    /// The stage of a stage.
    pub fn stage(&self) -> Option<&str> {
        match &self.what {
            What::Stage(_, stage) => Some(stage),
            What::Account | What::Api(_) => None,
        }
    }
}
