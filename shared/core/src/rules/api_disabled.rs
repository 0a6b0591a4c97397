//! An API is switched off without being deleted: the default endpoint, or a request limit of zero.

use super::{About, Before, Evidence, Rule, Verdict, blind, confidence};
use crate::availability::{self, Switch};
use crate::change::{ApiType, Change, Detail};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "api-disabled",
        title: "API disabled",
        severity: Severity::High,
        function: "api-lifecycle",
        remediation: None,
        gain: "The service is down while everything that monitors configuration still sees it.",
        fires: "disableExecuteApiEndpoint becomes true, or the rate or burst limit of everything \
                without settings of its own (`*/*`, the default route) becomes 0.",
        quiet: "It was off before; a limit of a single method or route; a limit other than 0; \
                the call failed.",
        misses: "Limits of usage plans, a resource policy that denies everybody, a stage moved to \
                 an empty deployment.",
        false_positives: &["moving all callers to a custom domain name"],
        next: "Check whether callers use the default endpoint; switch it on again, or restore the \
               limit, and look for who gains from the outage.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html",
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
        ],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    let switches = availability::switches(change, before);
    let off: Vec<Switch> = switches
        .into_iter()
        .filter(|switch| switch.is_off && switch.was_off != Some(true))
        .collect();
    if off.is_empty() {
        return if is_blind(change, before) {
            blind("the API was changed")
        } else {
            Verdict::Quiet
        };
    }
    let known = off.iter().all(|switch| switch.was_off.is_some());
    let what: Vec<_> = off.iter().map(Switch::describe).collect();
    Verdict::Fire(
        Evidence::new(confidence(known), what.join("; "))
            .with(off.into_iter().flat_map(|switch| switch.changes)),
    )
}

/// Of HTTP and WebSocket APIs this is the one risk of an update that is not shown; of REST APIs
/// `private-api-made-public` is the greater one and says it.
fn is_blind(change: &Change, before: &Before) -> bool {
    let Change::ApiUpdated(update) = change else {
        return false;
    };
    let api = update.target.api.as_ref();
    let is_on = update
        .after
        .as_ref()
        .is_some_and(|api| api.execute_api_disabled == Some(false));
    let was_off = before
        .api
        .as_ref()
        .is_some_and(|api| api.execute_api_disabled == Some(true));
    update.detail == Detail::Missing
        && api.is_some_and(|api| api.kind != Some(ApiType::Rest))
        && !is_on
        && !was_off
}
