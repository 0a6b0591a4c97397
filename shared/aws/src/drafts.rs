//! What deployments of REST APIs published, on DynamoDB: one item a deployment, beside the baselines.
//!
//! `pk` is `B#<account>#<region>#draft#<api>#`, `sk` the time of the event in milliseconds. Only the
//! function `baseline` writes here. An item without `fingerprint` says that none could be kept.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use portcullis_core::baseline::thing::Thing;
use portcullis_core::keeper::RETENTION;
use portcullis_core::keeper::draft::{DraftStore, Published};
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ports::{DraftReader, PublishedDraft};

use crate::baselines::sort_key;
use crate::error::port_error;

/// See the module.
#[derive(Debug)]
pub struct DynamoDrafts {
    client: Client,
    table: String,
}

impl DynamoDrafts {
    /// The drafts in this table, which is that of the baselines.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self {
            client: Client::new(config),
            table,
        }
    }
}

#[async_trait]
impl DraftReader for DynamoDrafts {
    async fn published_before(
        &self,
        api: &Thing,
        time: Timestamp,
    ) -> Result<Option<PublishedDraft>, PortError> {
        let before = AttributeValue::S(sort_key(time.as_millisecond()));
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :time")
            .expression_attribute_values(":pk", AttributeValue::S(key(api)?))
            .expression_attribute_values(":time", before)
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1);
        let found = query.send().await;
        let found = found.map_err(|error| port_error("read what was published", error))?;
        let last = found.items().first().map(published_draft).transpose()?;
        Ok(last.flatten())
    }
}

#[async_trait]
impl DraftStore for DynamoDrafts {
    async fn keep(&self, published: &Published) -> Result<bool, PortError> {
        let time = sort_key(published.time.as_millisecond());
        let expires_at = published.time.as_second() + RETENTION.as_secs();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(key(&published.api)?))
            .item("sk", AttributeValue::S(time))
            .item("expires_at", number(expires_at))
            .condition_expression("attribute_not_exists(pk)");
        let put = match &published.deployment {
            Some(id) => put.item("deployment", AttributeValue::S(id.clone())),
            None => put,
        };
        let put = match &published.draft {
            Ok((fingerprint, read_at)) => {
                let json = serde_json::to_string(fingerprint).map_err(unreadable)?;
                put.item("fingerprint", AttributeValue::S(json))
                    .item("read_at", number(*read_at))
            }
            Err(missed) => put.item("missed", AttributeValue::S(missed.as_str().to_owned())),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(port_error("write what was published", error)),
        }
    }
}

fn key(api: &Thing) -> Result<String, PortError> {
    let Thing {
        account, region, ..
    } = api;
    let id = api.api().map(|api| &api.id).ok_or_else(|| PortError {
        action: "name what was published",
        retryable: false,
        source: "an account has no draft".into(),
    })?;
    Ok(format!("B#{account}#{region}#draft#{id}#"))
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// `None` when none could be kept at that deployment: an older one says nothing of it.
fn published_draft(
    item: &HashMap<String, AttributeValue>,
) -> Result<Option<PublishedDraft>, PortError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let Some(json) = text("fingerprint") else {
        return Ok(None);
    };
    Ok(Some(PublishedDraft {
        deployment: text("deployment").cloned(),
        fingerprint: serde_json::from_str(json).map_err(unreadable)?,
    }))
}

fn unreadable(error: serde_json::Error) -> PortError {
    PortError {
        action: "understand what was published",
        retryable: false,
        source: Box::new(error),
    }
}
