//! The tool behind a call. It is shown and never silences: whoever calls can type any user agent.
//!
//! What the caller cannot type (`invokedBy`, the console's credential flag) is looked at first.

use serde::{Deserialize, Serialize};

use crate::record::Record;

const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";

/// What a call was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// CloudFormation, with a template whose author is not told.
    CloudFormation,
    /// CloudFormation on behalf of the CDK, or the CDK itself.
    Cdk,
    /// The SAM command line.
    Sam,
    /// Terraform or `OpenTofu`.
    Terraform,
    /// The AWS console.
    Console,
    /// The AWS command line.
    Cli,
    /// An AWS SDK.
    Sdk,
    /// Another AWS service.
    Service,
    /// Nothing tells.
    Unknown,
}

impl Driver {
    /// As it is written in findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloudFormation => "cloudformation",
            Self::Cdk => "cdk",
            Self::Sam => "sam",
            Self::Terraform => "terraform",
            Self::Console => "console",
            Self::Cli => "cli",
            Self::Sdk => "sdk",
            Self::Service => "service",
            Self::Unknown => "unknown",
        }
    }

    /// Reads it off a record.
    pub fn of(record: &Record) -> Self {
        match record.identity.invoked_by.as_deref() {
            Some(CLOUDFORMATION) if is_cdk_role(record) => return Self::Cdk,
            Some(CLOUDFORMATION) => return Self::CloudFormation,
            Some("signin.amazonaws.com") => return Self::Console,
            Some(_) => return Self::Service,
            None if record.from_console => return Self::Console,
            None if record.identity.kind.as_deref() == Some("AWSService") => return Self::Service,
            None => {}
        }
        Self::of_user_agent(record.user_agent.as_deref().unwrap_or_default())
    }

    fn of_user_agent(agent: &str) -> Self {
        let agent = agent.to_ascii_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| agent.contains(needle));
        if has(&["terraform", "opentofu"]) {
            Self::Terraform
        } else if has(&["aws-sam-cli"]) {
            Self::Sam
        } else if has(&["aws-cdk", "cdk-"]) {
            Self::Cdk
        } else if agent.starts_with("aws-cli/") {
            Self::Cli
        } else if agent.starts_with("aws-internal/")
            || agent.starts_with("mozilla/")
            || has(&[
                "signin.amazonaws.com",
                "console.amazonaws.com",
                "aws internal",
            ])
        {
            Self::Console
        } else if has(&["boto3/", "botocore/", "aws-sdk-"]) {
            Self::Sdk
        } else if agent.ends_with(".amazonaws.com") {
            Self::Service
        } else {
            Self::Unknown
        }
    }
}

/// Whether CloudFormation itself made the call, which nobody else can write into a record.
pub(crate) fn is_cloudformation(record: &Record) -> bool {
    record.identity.invoked_by.as_deref() == Some(CLOUDFORMATION)
}

/// The role that `cdk bootstrap` makes for CloudFormation: `cdk-<qualifier>-cfn-exec-role-…`.
fn is_cdk_role(record: &Record) -> bool {
    record
        .identity
        .session_issuer()
        .and_then(|arn| arn.rsplit('/').next())
        .is_some_and(|role| role.starts_with("cdk-") && role.contains("-cfn-exec-role-"))
}

#[cfg(test)]
mod tests {
    use super::Driver;

    #[test]
    fn user_agents_of_real_records() {
        let cases = [
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.11.0 (+https://www.terraform.io) terraform-provider-aws/5.98.0",
                Driver::Terraform,
            ),
            (
                "aws-cli/2.15.0 md/Botocore#1.34 md/command#apigateway.update-stage",
                Driver::Cli,
            ),
            ("Boto3/1.35.0 md/Botocore#1.35.0", Driver::Sdk),
            (
                "aws-internal/3 aws-sdk-java/1.11.984 vendor/Oracle_Corporation",
                Driver::Console,
            ),
            ("Mozilla/5.0 (X11; Linux x86_64)", Driver::Console),
            ("AWS Internal", Driver::Console),
            ("apigateway.amazonaws.com", Driver::Service),
            ("curl/8.0", Driver::Unknown),
            ("", Driver::Unknown),
        ];
        for (agent, driver) in cases {
            assert_eq!(Driver::of_user_agent(agent), driver, "{agent}");
        }
    }
}
