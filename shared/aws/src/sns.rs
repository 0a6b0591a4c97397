//! `Notifier` on SNS: one topic, message attributes for filter policies.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use portcullis_core::notification::Notification;
use portcullis_core::ports::{Notifier, PortError};

use crate::error::port_error;

/// Publishes to one topic.
#[derive(Debug)]
pub struct SnsNotifier {
    client: Client,
    topic: String,
}

impl SnsNotifier {
    /// A notifier for the topic of this ARN.
    pub fn new(config: &SdkConfig, topic: String) -> Self {
        Self {
            client: Client::new(config),
            topic,
        }
    }
}

#[async_trait]
impl Notifier for SnsNotifier {
    async fn send(&self, notification: &Notification) -> Result<(), PortError> {
        let mut publish = self
            .client
            .publish()
            .topic_arn(&self.topic)
            .subject(&notification.subject)
            .message(&notification.body);
        for (name, value) in &notification.attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            let value = value.map_err(|error| PortError {
                action: "build a message attribute",
                retryable: false,
                source: Box::new(error),
            })?;
            publish = publish.message_attributes(*name, value);
        }
        let sent = publish.send().await;
        sent.map_err(|error| port_error("publish to the topic", error))?;
        Ok(())
    }
}
