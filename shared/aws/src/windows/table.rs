//! The operations on the table that a window takes, and DynamoDB's answer to them.
//!
//! One method is one request. What the requests add up to is in [`super::steps`].

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use portcullis_core::ports::{PortError, Seen};
use portcullis_core::window::Alert;
use portcullis_core::window::live::{State, WindowKey};

use super::items::{
    ALERTS, AlertItem, FactItem, alert_name, alert_value, alert_values, alerts_key, details,
    fact_key, facts_key, minute, minute_key, stamp,
};
use super::keep::Keep;
use crate::error::port_error;

/// What became of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// The item holds it.
    Yes,
    /// The condition does not hold for what stands there.
    No(Option<Box<FactItem>>),
}

/// Some of the facts, and where the next ones begin.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) items: Vec<FactItem>,
    pub(super) next: Option<String>,
}

/// One request each.
#[async_trait]
pub(super) trait Table: Send + Sync {
    /// Keeps an occurrence if the condition of `how` holds.
    async fn keep(
        &self,
        key: &WindowKey,
        seen: &Seen,
        how: Keep,
        expires_at: i64,
    ) -> Result<Kept, PortError>;

    /// The facts from one second to another, in whole minutes, after the item `after`. Everything
    /// that was kept before the request is seen.
    async fn facts(
        &self,
        key: &WindowKey,
        seconds: (i64, i64),
        after: Option<String>,
    ) -> Result<Page, PortError>;

    /// The alerts as they are now.
    async fn alerts(&self, key: &WindowKey) -> Result<AlertItem, PortError>;

    /// Replaces the alerts if nobody has since `old`, giving them the next version; else gives what
    /// stands there.
    async fn swap(
        &self,
        key: &WindowKey,
        old: Option<i64>,
        new: &AlertItem,
        expires_at: i64,
    ) -> Result<Option<AlertItem>, PortError>;

    /// Marks an alert as sent; gives the alerts afterwards, `None` if it is not among them.
    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<Option<AlertItem>, PortError>;
}

/// A table in DynamoDB.
#[derive(Debug)]
pub(super) struct DynamoTable {
    pub(super) client: Client,
    pub(super) name: String,
}

#[async_trait]
impl Table for DynamoTable {
    async fn keep(
        &self,
        key: &WindowKey,
        seen: &Seen,
        how: Keep,
        expires_at: i64,
    ) -> Result<Kept, PortError> {
        let second = seen.fact.time.rem_euclid(60).to_string();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", text(facts_key(key)))
            .key("sk", text(fact_key(&seen.fact)))
            .update_expression(how.update())
            .condition_expression(how.condition())
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .expression_attribute_values(":second", AttributeValue::Ns(vec![second]))
            .expression_attribute_values(":expires_at", number(expires_at));
        for name in how.names() {
            update = update.expression_attribute_names(format!("#{name}"), *name);
        }
        if how != Keep::Between {
            update = update
                .expression_attribute_values(":stamp", text(stamp(&seen.fact)))
                .expression_attribute_values(":details", text(details(seen)));
        }
        let Err(error) = update.send().await else {
            return Ok(Kept::Yes);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let item = failed.item.as_ref().filter(|item| !item.is_empty());
                let item = item.map(FactItem::read).transpose()?;
                Ok(Kept::No(item.map(Box::new)))
            }
            _ => Err(port_error("count the event in its window", error)),
        }
    }

    async fn facts(
        &self,
        key: &WindowKey,
        (from, to): (i64, i64),
        after: Option<String>,
    ) -> Result<Page, PortError> {
        let pk = text(facts_key(key));
        let start =
            after.map(|sk| [("pk".to_owned(), pk.clone()), ("sk".to_owned(), text(sk))].into());
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", pk)
            .expression_attribute_values(":from", text(minute_key(minute(from))))
            // Less than any item of that minute, more than any of the one before.
            .expression_attribute_values(":to", text(minute_key(minute(to) + 1)))
            .set_exclusive_start_key(start);
        let answer = query.send().await;
        let answer = answer.map_err(|error| port_error("read the facts of a window", error))?;
        let next = answer.last_evaluated_key();
        Ok(Page {
            items: answer
                .items()
                .iter()
                .map(FactItem::read)
                .collect::<Result<_, _>>()?,
            next: next.and_then(|key| key.get("sk")?.as_s().ok().cloned()),
        })
    }

    async fn alerts(&self, key: &WindowKey) -> Result<AlertItem, PortError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", text(alerts_key(key)))
            .key("sk", text(ALERTS))
            .consistent_read(true);
        let answer = get.send().await;
        let answer = answer.map_err(|error| port_error("read the alerts of a window", error))?;
        let item = answer.item().map(AlertItem::read).transpose()?;
        Ok(item.unwrap_or_default())
    }

    async fn swap(
        &self,
        key: &WindowKey,
        old: Option<i64>,
        new: &AlertItem,
        expires_at: i64,
    ) -> Result<Option<AlertItem>, PortError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", text(alerts_key(key)))
            .key("sk", text(ALERTS))
            .update_expression("SET #version = :new, #alerts = :alerts, expires_at = :expires_at")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#alerts", "alerts")
            .expression_attribute_values(":new", number(new.version.unwrap_or_default()))
            .expression_attribute_values(":alerts", alert_values(&new.episodes))
            .expression_attribute_values(":expires_at", number(expires_at))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let update = match old {
            None => update.condition_expression("attribute_not_exists(#version)"),
            Some(old) => update
                .condition_expression("#version = :old")
                .expression_attribute_values(":old", number(old)),
        };
        let Err(error) = update.send().await else {
            return Ok(None);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let item = failed.item.as_ref().filter(|item| !item.is_empty());
                let item = item.map(AlertItem::read).transpose()?;
                Ok(Some(item.unwrap_or_default()))
            }
            _ => Err(port_error("raise an alert of a window", error)),
        }
    }

    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<Option<AlertItem>, PortError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", text(alerts_key(key)))
            .key("sk", text(ALERTS))
            // The new version makes every swap fail that has not seen this.
            .update_expression("SET #alerts.#alert = :sent, #version = #version + :one")
            .condition_expression("attribute_exists(#alerts.#alert)")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#alerts", "alerts")
            .expression_attribute_names("#alert", alert_name(alert))
            .expression_attribute_values(":sent", alert_value(alert, &State::Sent))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(answer) => answer.attributes().map(AlertItem::read).transpose(),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(port_error("record that an alert is sent", error)),
            },
        }
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
