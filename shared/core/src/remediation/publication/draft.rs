//! The draft of a REST API as it was read, and its fingerprint: everything that a deployment publishes.
//!
//! Left out are names, descriptions and documentation, and `disableExecuteApiEndpoint`, which takes
//! effect with any change of a stage.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Fingerprint;
use super::canonical::{digest, hash, joined, policy_digest};

/// Longest name of a part, in bytes. Whoever edits an API chooses paths of any length.
const LONGEST_NAME: usize = 200;

/// Something that has an identity within the API, in AWS's own JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A method's verb, a model's name, a gateway response's type; otherwise its id.
    pub name: String,
    /// All that API Gateway answers of it, a method with its integration and all responses.
    pub json: String,
}

/// A resource. Its id does not matter: one that is made again under its path is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// From the root, such as `/pets/{id}`.
    pub path: String,
    /// Its methods.
    pub methods: Vec<Part>,
}

/// Settings of the API itself that take effect with a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's own names: API reference, RestApi")]
pub struct Settings {
    /// As AWS answers it, escaped once more than it is written.
    pub policy: Option<String>,
    pub endpoint_types: Vec<String>,
    pub vpc_endpoint_ids: Vec<String>,
    pub ip_address_type: Option<String>,
    pub binary_media_types: Vec<String>,
    pub minimum_compression_size: Option<i64>,
    pub api_key_source: Option<String>,
    pub security_policy: Option<String>,
    pub endpoint_access_mode: Option<String>,
}

/// All of it. Half a draft must never become one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Of the API itself.
    pub settings: Settings,
    /// In any order, as everything here.
    pub resources: Vec<Resource>,
    /// By id.
    pub authorizers: Vec<Part>,
    /// By name, by which methods refer to them.
    pub models: Vec<Part>,
    /// By type; only those that somebody has customised.
    pub gateway_responses: Vec<Part>,
    /// By id.
    pub request_validators: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    types: &'a [String],
    vpc_endpoint_ids: &'a [String],
    ip_address_type: Option<&'a str>,
}

impl Draft {
    /// Digests of all parts.
    ///
    /// # Errors
    /// When a part is not JSON.
    pub fn fingerprint(&self) -> Result<Fingerprint, serde_json::Error> {
        let mut digests = Digests::default();
        digests.settings(&self.settings)?;
        for resource in &self.resources {
            // One without methods matters too: it hides what a greedy path would answer.
            digests.add(format!("resource {}", resource.path), hash(""));
            for Part { name, json } in &resource.methods {
                digests.add(format!("{name} {}", resource.path), digest(json)?);
            }
        }
        let named = [
            ("authorizer", &self.authorizers),
            ("model", &self.models),
            ("gateway response", &self.gateway_responses),
            ("request validator", &self.request_validators),
        ];
        for (kind, parts) in named {
            for Part { name, json } in parts {
                digests.add(format!("{kind} {name}"), digest(json)?);
            }
        }
        Ok(digests.into_fingerprint())
    }
}

/// Digests by name. A name that comes twice (a list that changed between two pages) keeps both.
#[derive(Default)]
struct Digests(BTreeMap<String, BTreeSet<String>>);

impl Digests {
    fn add(&mut self, name: String, digest: String) {
        self.0.entry(bounded(name)).or_default().insert(digest);
    }

    fn settings(&mut self, settings: &Settings) -> Result<(), serde_json::Error> {
        // An empty policy is how one is cleared.
        if let Some(policy) = settings.policy.as_deref().filter(|text| !text.is_empty()) {
            self.add("policy".to_owned(), policy_digest(policy));
        }
        let endpoint = serde_json::to_string(&Endpoint {
            types: &settings.endpoint_types,
            vpc_endpoint_ids: &settings.vpc_endpoint_ids,
            ip_address_type: settings.ip_address_type.as_deref(),
        })?;
        self.add("endpoint configuration".to_owned(), digest(&endpoint)?);
        if !settings.binary_media_types.is_empty() {
            let list = serde_json::to_string(&settings.binary_media_types)?;
            self.add("list of binary media types".to_owned(), digest(&list)?);
        }
        let size = settings.minimum_compression_size;
        let texts = [
            (
                "minimum compression size",
                size.map(|size| size.to_string()),
            ),
            ("API key source", settings.api_key_source.clone()),
            ("security policy", settings.security_policy.clone()),
            (
                "endpoint access mode",
                settings.endpoint_access_mode.clone(),
            ),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                self.add(name.to_owned(), hash(&text));
            }
        }
        Ok(())
    }

    fn into_fingerprint(self) -> Fingerprint {
        let one = |digests: BTreeSet<String>| match digests.len() {
            1 => digests.into_iter().collect(),
            _ => joined(digests.iter().map(String::as_str)),
        };
        let parts = self.0.into_iter();
        Fingerprint(parts.map(|(name, digests)| (name, one(digests))).collect())
    }
}

/// A name of bounded length. Long ones that differ stay different by the digest at their end.
fn bounded(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let tail = format!("... {}", hash(&name));
    let end = name.floor_char_boundary(LONGEST_NAME - tail.len());
    let (head, _) = name.split_at(end);
    format!("{head}{tail}")
}

#[cfg(test)]
mod tests;
