//! SDK configurations: one HTTP client for all of them, and credentials of member accounts.
//!
//! Everything is made once, during INIT, and kept: the configuration of an account and Region holds
//! the credentials it has assumed until they run out.

use std::collections::HashMap;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::Mutex;

/// Configurations by account and Region.
#[derive(Debug)]
pub struct Clients {
    base: SdkConfig,
    /// Name of the role to assume in the account of an event; none to use the function's own.
    role: Option<String>,
    session: &'static str,
    known: Mutex<HashMap<(String, String), SdkConfig>>,
}

impl Clients {
    /// Reads the SDK's own environment. `role` is assumed in other accounts under the name `session`.
    pub async fn load(role: Option<String>, session: &'static str) -> Self {
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let base = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .load()
            .await;
        Self {
            base,
            role,
            session,
            known: Mutex::default(),
        }
    }

    /// Everything with one configuration, for programs that run as somebody.
    pub fn of_config(base: SdkConfig) -> Self {
        Self {
            base,
            role: None,
            session: "portcullis",
            known: Mutex::default(),
        }
    }

    /// For the function's own table and topic.
    pub fn own(&self) -> &SdkConfig {
        &self.base
    }

    /// For the API Gateway of an account and Region.
    pub async fn of(&self, account: &str, region: &str) -> SdkConfig {
        let key = (account.to_owned(), region.to_owned());
        let mut known = self.known.lock().await;
        if let Some(config) = known.get(&key) {
            return config.clone();
        }
        let config = self.assume(account, region).await;
        known.insert(key, config.clone());
        config
    }

    async fn assume(&self, account: &str, region: &str) -> SdkConfig {
        let config = self
            .base
            .to_builder()
            .region(Region::new(region.to_owned()));
        let Some(role) = &self.role else {
            return config.build();
        };
        let provider = AssumeRoleProvider::builder(role_arn(account, region, role))
            .session_name(self.session)
            .configure(&self.base)
            .build()
            .await;
        config
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                provider,
            ))
            .build()
    }
}

/// ARN of a role of that name in the account of a Region.
pub(crate) fn role_arn(account: &str, region: &str, role: &str) -> String {
    format!("arn:{}:iam::{account}:role/{role}", partition(region))
}

/// Source: AWS General Reference, "Amazon Resource Names": partitions follow from the Region.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::role_arn;

    #[test]
    fn partitions_follow_from_the_region() {
        for (region, arn) in [
            ("eu-west-1", "arn:aws:iam::111122223333:role/r"),
            ("cn-north-1", "arn:aws-cn:iam::111122223333:role/r"),
            ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:role/r"),
        ] {
            assert_eq!(role_arn("111122223333", region, "r"), arn);
        }
    }
}
