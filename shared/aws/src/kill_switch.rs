//! `KillSwitch` on SSM: a parameter in the function's own account and Region.
//!
//! Only the word `allow` allows. It is read before every write and never kept: who turns the switch
//! stops the very next write. No answer in time is an error, which stops writes too.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_ssm::Client;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ports::KillSwitch;

use crate::error::port_error;

/// For an answer, all tries of the SDK together.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The word that allows writes, in any case.
const ALLOW: &str = "allow";

const ACTION: &str = "read the kill switch";

/// The parameter exists and has no value.
#[derive(Debug, thiserror::Error)]
#[error("the parameter `{0}` has no value: set it to `{ALLOW}` or `stop`")]
struct NoValue(String);

/// A parameter of SSM's Parameter Store.
#[derive(Debug)]
pub struct SsmKillSwitch {
    client: Client,
    parameter: String,
}

impl SsmKillSwitch {
    /// The parameter of this name.
    pub fn new(config: &SdkConfig, parameter: String) -> Self {
        let timeout = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let config = config.to_builder().timeout_config(timeout).build();
        Self {
            client: Client::new(&config),
            parameter,
        }
    }
}

#[async_trait]
impl KillSwitch for SsmKillSwitch {
    async fn allows(&self) -> Result<bool, PortError> {
        let read = self
            .client
            .get_parameter()
            .name(&self.parameter)
            // Without effect on a plain string; a SecureString would not be understood otherwise.
            .with_decryption(true);
        let answer = read.send().await;
        let answer = answer.map_err(|error| port_error(ACTION, error))?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        let value = value.ok_or_else(|| PortError {
            action: ACTION,
            retryable: false,
            source: Box::new(NoValue(self.parameter.clone())),
        })?;
        Ok(value.trim().eq_ignore_ascii_case(ALLOW))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::replay::{Answer, Replay};

    async fn switch(answers: impl IntoIterator<Item = Answer>) -> (SsmKillSwitch, Replay) {
        let replay = Replay::new(answers);
        let switch = SsmKillSwitch::new(&replay.config().await, "/portcullis/writes".to_owned());
        (switch, replay)
    }

    fn value(value: &str) -> Answer {
        let parameter = serde_json::json!({"Name": "/portcullis/writes", "Value": value});
        Answer::ok(&serde_json::json!({ "Parameter": parameter }).to_string())
    }

    #[tokio::test]
    async fn only_one_word_allows() {
        for (text, allows) in [
            ("allow", true),
            (" Allow\n", true),
            ("ALLOW", true),
            ("stop", false),
            ("allowed", false),
            ("allow stop", false),
            ("true", false),
            ("", false),
        ] {
            let (switch, _) = switch([value(text)]).await;
            assert_eq!(switch.allows().await.unwrap(), allows, "`{text}`");
        }
    }

    #[tokio::test]
    async fn it_is_read_every_time() {
        let (switch, replay) = switch([value("allow"), value("stop"), value("allow")]).await;
        for allows in [true, false, true] {
            assert_eq!(switch.allows().await.unwrap(), allows);
        }
        let asked = replay.asked();
        assert_eq!(asked.len(), 3);
        let body: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
        let wanted = serde_json::json!({"Name": "/portcullis/writes", "WithDecryption": true});
        assert_eq!(body, wanted);
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_cannot_be_read_is_an_error() {
        let cases = [
            (vec![Answer::error(400, "ParameterNotFound", "")], false),
            (vec![Answer::error(400, "AccessDeniedException", "")], false),
            (vec![Answer::error(500, "InternalServerError", ""); 3], true),
            (vec![Answer::Broken; 3], true),
            (vec![Answer::Silence], true),
            (vec![Answer::ok("{}")], false),
            (vec![Answer::ok(r#"{"Parameter":{"Name":"a"}}"#)], false),
            (vec![Answer::ok("allow")], true),
        ];
        for (answers, retryable) in cases {
            let (switch, _) = switch(answers.clone()).await;
            let started = Instant::now();
            let error = switch.allows().await.unwrap_err();
            assert_eq!(error.retryable, retryable, "{answers:?} {error:?}");
            assert!(started.elapsed() <= TIMEOUT + Duration::from_millis(10));
        }
    }
}
