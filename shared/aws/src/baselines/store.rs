//! `VersionStore` on DynamoDB, and the export of all that it holds.
//!
//! Every version carries `expires_at`. A sweep that finds a version still to hold renews it, so that the
//! newest version of anything that exists is never forgotten while sweeps run.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use portcullis_core::baseline::Version;
use portcullis_core::baseline::export::Newest;
use portcullis_core::baseline::thing::Thing;
use portcullis_core::keeper::{Put, RETENTION, Stored, VersionStore};
use portcullis_core::ports::PortError;

use super::{CANDIDATES, DynamoBaselines, line, partition_key, sort_key, unreadable};
use crate::error::port_error;

fn key(thing: &Thing) -> String {
    partition_key(&thing.account, &thing.region, &thing.target())
}

fn seconds(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn stored(item: &HashMap<String, AttributeValue>) -> Result<Option<Stored>, PortError> {
    let Some(line) = line(item) else {
        return Ok(None);
    };
    let expires_at = item.get("expires_at").and_then(|value| value.as_n().ok());
    Ok(Some(Stored {
        version: Version::parse(line).map_err(unreadable)?,
        // One without an end is never to be renewed.
        expires_at: expires_at
            .map_or(Some(i64::MAX), |value| value.parse().ok())
            .unwrap_or(0),
    }))
}

#[async_trait]
impl VersionStore for DynamoBaselines {
    async fn put(&self, version: &Version) -> Result<Put, PortError> {
        let text = version.line().map_err(|error| PortError {
            action: "write the version as JSON",
            retryable: false,
            source: Box::new(error),
        })?;
        let expires_at = version.time.as_second() + RETENTION.as_secs();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(key(&version.thing)))
            .item(
                "sk",
                AttributeValue::S(sort_key(version.time.as_millisecond())),
            )
            .item("version", AttributeValue::S(text))
            .item("expires_at", seconds(expires_at))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(Put::Written);
        };
        let failed = error.as_service_error();
        if !failed.is_some_and(|error| error.is_conditional_check_failed_exception()) {
            return Err(port_error("write the version", error));
        }
        let known = match failed {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                failed.item().map(stored)
            }
            _ => None,
        };
        Ok(match known.transpose()?.flatten() {
            Some(known) if known.version.says_the_same(version) => Put::Same,
            _ => Put::Taken,
        })
    }

    async fn newest(&self, thing: &Thing) -> Result<Option<Stored>, PortError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(key(thing)))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(CANDIDATES);
        let found = query.send().await;
        let found = found.map_err(|error| port_error("read the newest version", error))?;
        let mut newest: Option<Stored> = None;
        for item in found.items() {
            let Some(stored) = stored(item)? else {
                continue;
            };
            let order = stored.version.order();
            if newest
                .as_ref()
                .is_none_or(|newest| newest.version.order() < order)
            {
                newest = Some(stored);
            }
        }
        Ok(newest)
    }

    async fn renew(&self, version: &Version, expires_at: i64) -> Result<(), PortError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key(&version.thing)))
            .key(
                "sk",
                AttributeValue::S(sort_key(version.time.as_millisecond())),
            )
            .update_expression("SET expires_at = :until")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":until", seconds(expires_at));
        match update.send().await {
            Ok(_) => Ok(()),
            // Forgotten in between: the next sweep writes it anew.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(port_error("renew the version", error)),
        }
    }
}

impl DynamoBaselines {
    /// The newest version of each thing; with a time, as an event at that time would find them.
    ///
    /// # Errors
    /// When the table cannot be read, or holds a version that cannot.
    pub async fn export(&self, at: Option<Timestamp>) -> Result<Vec<Version>, PortError> {
        let mut newest = Newest::new(at);
        let mut from = None;
        loop {
            let scan = self
                .client
                .scan()
                .table_name(&self.table)
                .filter_expression("begins_with(pk, :baselines)")
                .expression_attribute_values(":baselines", AttributeValue::S("B#".to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(from);
            let page = scan.send().await;
            let page = page.map_err(|error| port_error("read the baseline table", error))?;
            for item in page.items() {
                if let Some(stored) = stored(item)? {
                    newest.add(stored.version);
                }
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok(newest.into_versions().collect());
            }
        }
    }
}
