//! An API that was switched off is switched on again.
//!
//! Usually good news; it also opens a default endpoint that was closed so that nobody could go
//! around a custom domain, its mutual TLS and its firewall.

use super::{About, Before, Evidence, Need, Rule, Verdict, confidence};
use crate::availability::{self, Switch, SwitchKind};
use crate::change::Change;
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "api-enabled",
        title: "API enabled",
        severity: Severity::Medium,
        function: "api-lifecycle",
        remediation: None,
        gain: "The default endpoint goes around a custom domain name with its mutual TLS, \
               firewall and content delivery network.",
        fires: "disableExecuteApiEndpoint becomes false, or a rate or burst limit of 0 on \
                everything is lifted.",
        quiet: "It was on before; the value is a default of a call that makes an API; the call \
                failed. A limit that is raised without a baseline is undecided.",
        misses: "A definition document that switches it on, without a baseline.",
        false_positives: &["bringing an API back after maintenance"],
        next: "If the endpoint was closed on purpose, close it again.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html",
        ],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    let on: Vec<Switch> = availability::switches(change, before)
        .into_iter()
        .filter(|switch| !switch.is_off && switch.was_off != Some(false))
        .collect();
    let (certain, unsure): (Vec<_>, Vec<_>) = on
        .into_iter()
        .partition(|switch| switch.was_off.is_some() || switch.kind == SwitchKind::ExecuteApi);
    if certain.is_empty() {
        let opaque = matches!(change, Change::ApiDefinitionReplaced(_))
            && before.api.as_ref().and_then(|api| api.execute_api_disabled) != Some(false);
        return if unsure.is_empty() && !opaque {
            Verdict::Quiet
        } else {
            Verdict::NeedState(Need::OrUndecided)
        };
    }
    let known = certain.iter().all(|switch| switch.was_off.is_some());
    let what: Vec<_> = certain.iter().map(Switch::describe).collect();
    Verdict::Fire(
        Evidence::new(confidence(known), what.join("; "))
            .with(certain.into_iter().flat_map(|switch| switch.changes)),
    )
}
