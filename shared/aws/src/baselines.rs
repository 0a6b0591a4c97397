//! The last known good settings on DynamoDB: one item a version.
//!
//! `pk` names the thing (`B#<account>#<region>#<kind>#<api>#<stage>`), `sk` the time from which the
//! version counts (milliseconds, padded), so that "the newest ones older than the event" are one query.
//! Only the function `baseline` writes here, in [`store`].

mod store;

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use portcullis_core::baseline::thing::Thing;
use portcullis_core::baseline::{BaselineError, Baselines, Version};
use portcullis_core::change::{Change, Target};
use portcullis_core::ports::{BaselineReader, Lately, Past, PortError};
use portcullis_core::record::Record;

use crate::error::port_error;

/// How many of the newest versions are looked at. The newest one by what it has seen may lie below reads
/// that count from about the same time; there are rarely two.
const CANDIDATES: i32 = 10;

/// How many versions of a while are read at most. A version is a few kilobytes.
const LATELY: usize = 1_000;

/// See the module.
#[derive(Debug)]
pub struct DynamoBaselines {
    client: Client,
    table: String,
}

impl DynamoBaselines {
    /// The baselines in this table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self {
            client: Client::new(config),
            table,
        }
    }
}

#[async_trait]
impl BaselineReader for DynamoBaselines {
    async fn before(&self, record: &Record, change: &Change) -> Result<Past, PortError> {
        let key = partition_key(&record.account, &record.region, &change.target());
        let lines = self.newest(key, record.time).await?;
        let baselines = Baselines::parse(&lines.join("\n")).map_err(unreadable)?;
        Ok(Past {
            before: baselines.before(record, change),
            versions: ordered(&lines)?,
            unreadable: None,
        })
    }

    async fn versions(&self, thing: &Thing, time: Timestamp) -> Result<Vec<Version>, PortError> {
        let key = partition_key(&thing.account, &thing.region, &thing.target());
        ordered(&self.newest(key, time).await?)
    }

    async fn lately(
        &self,
        thing: &Thing,
        from: Timestamp,
        time: Timestamp,
    ) -> Result<Lately, PortError> {
        let key = partition_key(&thing.account, &thing.region, &thing.target());
        let (mut lines, is_cut) = self.between(&key, from, time).await?;
        lines.extend(self.newest(key, from).await?);
        Ok(Lately {
            versions: ordered(&lines)?,
            is_cut,
        })
    }
}

impl DynamoBaselines {
    /// Lines of the newest versions that may count for an event at `time`.
    async fn newest(&self, key: String, time: Timestamp) -> Result<Vec<String>, PortError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :time")
            .expression_attribute_values(":pk", AttributeValue::S(key))
            .expression_attribute_values(
                ":time",
                AttributeValue::S(sort_key(time.as_millisecond())),
            )
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(CANDIDATES);
        let found = query.send().await;
        let found = found.map_err(|error| port_error("read the baseline", error))?;
        let lines = found.items().iter().filter_map(line);
        Ok(lines.map(str::to_owned).collect())
    }
}

impl DynamoBaselines {
    /// Lines of the versions from `from` to before `time`, the newest ones first; and whether there are more.
    async fn between(
        &self,
        key: &str,
        from: Timestamp,
        time: Timestamp,
    ) -> Result<(Vec<String>, bool), PortError> {
        let last = time.as_millisecond() - 1;
        let mut lines = Vec::new();
        let mut next = None;
        loop {
            let room = i32::try_from(LATELY.saturating_sub(lines.len())).unwrap_or(i32::MAX);
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :last")
                .expression_attribute_values(":pk", AttributeValue::S(key.to_owned()))
                .expression_attribute_values(
                    ":from",
                    AttributeValue::S(sort_key(from.as_millisecond())),
                )
                .expression_attribute_values(":last", AttributeValue::S(sort_key(last)))
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(room)
                .set_exclusive_start_key(next.take());
            let found = query.send().await;
            let found = found.map_err(|error| port_error("read the baseline", error))?;
            lines.extend(found.items().iter().filter_map(line).map(str::to_owned));
            next = found.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() || lines.len() >= LATELY {
                return Ok((lines, next.is_some()));
            }
        }
    }
}

/// The one that counts first.
fn ordered(lines: &[String]) -> Result<Vec<Version>, PortError> {
    let versions = lines.iter().map(|line| Version::parse(line));
    let mut versions: Vec<Version> = versions.collect::<Result<_, _>>().map_err(unreadable)?;
    versions.sort_by_key(|version| Reverse(version.order()));
    Ok(versions)
}

/// The version that an item holds.
fn line(item: &HashMap<String, AttributeValue>) -> Option<&str> {
    let version = item.get("version")?.as_s().ok()?;
    Some(version)
}

/// The thing that a change is made to: a stage, else an API, else the account.
pub(crate) fn partition_key(account: &str, region: &str, target: &Target) -> String {
    let api = target.api.as_ref().and_then(|api| api.id.as_deref());
    let (kind, api, stage) = match (api, target.stage.as_deref()) {
        (Some(api), Some(stage)) => ("stage", api, stage),
        (Some(api), None) => ("api", api, ""),
        (None, _) => ("account", "", ""),
    };
    format!("B#{account}#{region}#{kind}#{api}#{stage}")
}

/// Sorts like the number for times from 1970 to the year 5138.
pub(crate) fn sort_key(millisecond: i64) -> String {
    format!("{:014}", millisecond.max(0))
}

fn unreadable(error: BaselineError) -> PortError {
    PortError {
        action: "understand the baseline",
        retryable: false,
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::change::ApiRef;

    use super::*;

    #[test]
    fn keys_name_one_thing() {
        let key = |api: Option<&str>, stage: Option<&str>| {
            let target = Target {
                api: api.map(|id| ApiRef {
                    id: Some(id.to_owned()),
                    ..ApiRef::default()
                }),
                stage: stage.map(str::to_owned),
                ..Target::default()
            };
            partition_key("111122223333", "eu-west-1", &target)
        };
        assert_eq!(
            key(Some("a1"), Some("prod")),
            "B#111122223333#eu-west-1#stage#a1#prod"
        );
        assert_eq!(key(Some("a1"), None), "B#111122223333#eu-west-1#api#a1#");
        assert_eq!(key(None, None), "B#111122223333#eu-west-1#account##");
    }

    #[test]
    fn later_versions_sort_later() {
        assert!(sort_key(999) < sort_key(1_000));
        assert!(sort_key(1_793_612_671_000) < sort_key(10_000_000_000_000));
    }
}
