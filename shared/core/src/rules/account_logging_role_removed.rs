//! The account loses the role with which API Gateway writes execution logs in this Region.
//!
//! One call silences the execution logs of every REST and WebSocket API of the Region. Stacks that
//! own the setting clear it when they are deleted, which makes it the commonest accident as well.

use super::{About, Before, Evidence, Need, Rule, Verdict, blind, confidence};
use crate::change::{AccountUpdate, Change, Detail};
use crate::finding::{Known, SettingChange, Severity};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "account-logging-role-removed",
        title: "Account logging role removed",
        severity: Severity::Critical,
        function: "stage-logging",
        remediation: Some("restore-account-logging-role"),
        gain: "Execution logging stops for every REST and WebSocket API of the Region at once.",
        fires: "UpdateAccount clears the CloudWatch role; with severity medium when it is replaced \
                by another role.",
        quiet: "No role stood before; the same role is written again; only other features of the \
                account change; the call failed. A new role without a baseline is undecided.",
        misses: "The role being deleted or its trust being changed in IAM.",
        false_positives: &[
            "deleting a CDK or Terraform stack that owned the setting",
            "moving to a role that another stack manages",
        ],
        next: "Set the role again in the account's API Gateway settings, then find out which stack \
               or person cleared it.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html",
            "https://github.com/aws/aws-cdk/issues/10878",
        ],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    let Change::AccountUpdated(update) = change else {
        return Verdict::Quiet;
    };
    let before = before
        .account
        .as_ref()
        .map(|account| account.cloudwatch_role_arn.clone());
    let Some(after) = role_after(update) else {
        return match update.detail {
            Detail::Missing => blind("the account's settings were changed"),
            Detail::Full => Verdict::Quiet,
        };
    };
    match (before, after) {
        (Some(None), _) => Verdict::Quiet,
        (Some(before), after) if before == after => Verdict::Quiet,
        (before, None) => Verdict::Fire(
            Evidence::new(
                confidence(before.is_some()),
                "the CloudWatch role is cleared: no REST or WebSocket API of the Region writes \
                 execution logs",
            )
            .with([setting(update, before, None)]),
        ),
        (Some(before), after) => Verdict::Fire(
            Evidence::new(
                confidence(true),
                "the CloudWatch role is replaced by another one",
            )
            .severity(Severity::Medium)
            .with([setting(update, Some(before), after)]),
        ),
        (None, Some(_)) => Verdict::NeedState(Need::OrUndecided),
    }
}

/// The role after the call; the outer `None` when the call did not touch it or nothing tells.
fn role_after(update: &AccountUpdate) -> Option<Option<String>> {
    let shown = update
        .after
        .as_ref()
        .map(|account| account.cloudwatch_role_arn.clone());
    match update.edits.last() {
        Some(edit) => Some(shown.unwrap_or_else(|| edit.what.clone())),
        None if update.detail == Detail::Missing => shown,
        None => None,
    }
}

fn setting(
    update: &AccountUpdate,
    before: Option<Option<String>>,
    after: Option<String>,
) -> SettingChange {
    let path = update.edits.last().map(|edit| edit.path.clone());
    SettingChange {
        path: path.unwrap_or_else(|| "/cloudwatchRoleArn".to_owned()),
        before: before.map_or(Known::Unknown, Known::from),
        after: after.into(),
    }
}
