//! The endpoint type of a REST API goes from PRIVATE to REGIONAL or EDGE.
//!
//! The path of the patch may name the old type, an index, or whatever the caller typed, so the state
//! before decides where it is known. The change takes effect with the next deployment.

use super::{About, Before, Evidence, Need, Rule, Verdict, blind};
use crate::change::{ApiEdit, ApiType, ApiUpdate, Change, Detail, Edit};
use crate::finding::{Confidence, Known, SettingChange, Severity};
use crate::settings::ApiSettings;

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "private-api-made-public",
        title: "Private API made public",
        severity: Severity::Critical,
        function: "api-exposure",
        remediation: Some("restore-private-endpoint"),
        gain: "An API that could be reached through VPC endpoints only answers the internet once \
               it is deployed.",
        fires: "UpdateRestApi sets the endpoint type of a private API to REGIONAL or EDGE, in any \
                spelling; without a baseline, when the path does not name REGIONAL or EDGE as \
                the old type. A document (PutRestApi) with a baseline.",
        quiet: "REGIONAL and EDGE exchanged; a later operation of the same call sets PRIVATE \
                again; only VPC endpoints or the policy change; the call failed.",
        misses: "A resource policy that admits everybody; a private API mapped to a public domain.",
        false_positives: &["a planned migration from private to Regional"],
        next: "See whether a deployment followed: if so the API is public now. Put the policy \
               and the type with its VPC endpoints back, look at what else the draft holds, and \
               deploy.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-api-migration.html",
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/updating-api.html",
        ],
    },
    // Whoever may deploy a stack may open an API with it, and waking somebody is worth it.
    cloudformation_lowers: false,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    // HTTP and WebSocket APIs have no endpoint type.
    let target = change.target();
    if target
        .api
        .is_some_and(|api| api.kind != Some(ApiType::Rest))
    {
        return Verdict::Quiet;
    }
    let was_private = before.api.as_ref().and_then(ApiSettings::is_private);
    match change {
        Change::ApiUpdated(update) => match update.detail {
            Detail::Full => updated(update, was_private),
            Detail::Missing => unseen(update, was_private, blind("the API was changed")),
        },
        Change::ApiDefinitionReplaced(update) => {
            unseen(update, was_private, Verdict::NeedState(Need::OrUndecided))
        }
        _ => Verdict::Quiet,
    }
}

fn updated(update: &ApiUpdate, was_private: Option<bool>) -> Verdict {
    let types: Vec<(&Edit<ApiEdit>, Option<&str>, &str)> = update
        .edits
        .iter()
        .filter_map(|edit| match &edit.what {
            ApiEdit::EndpointType { from, to } => Some((edit, from.as_deref(), to.as_str())),
            _ => None,
        })
        .collect();
    let Some((last, _, to)) = types.last() else {
        return Verdict::Quiet;
    };
    let is_private = is_private_after(update).unwrap_or_else(|| !is_public(to));
    if is_private || was_private == Some(false) {
        return Verdict::Quiet;
    }
    let names_public = types.iter().all(|(_, from, _)| from.is_some_and(is_public));
    match was_private {
        Some(true) => fire(Confidence::High, &last.path, Some(to)),
        _ if names_public => Verdict::NeedState(Need::OrUndecided),
        _ => fire(Confidence::Medium, &last.path, Some(to)),
    }
}

/// Judges by the states alone, where the record does not show what was asked for.
fn unseen(update: &ApiUpdate, was_private: Option<bool>, otherwise: Verdict) -> Verdict {
    match (was_private, is_private_after(update)) {
        (_, Some(true)) | (Some(false), _) => Verdict::Quiet,
        (Some(true), Some(false)) => {
            let types = update
                .after
                .as_ref()
                .and_then(|api| api.endpoint_types.as_ref());
            let to = types.and_then(|types| types.first()).map(String::as_str);
            fire(Confidence::High, "/endpointConfiguration/types", to)
        }
        _ => otherwise,
    }
}

fn is_private_after(update: &ApiUpdate) -> Option<bool> {
    update.after.as_ref().and_then(ApiSettings::is_private)
}

fn is_public(kind: &str) -> bool {
    matches!(kind, "REGIONAL" | "EDGE")
}

fn fire(confidence: Confidence, path: &str, to: Option<&str>) -> Verdict {
    let before = match confidence {
        Confidence::High => Known::Set("PRIVATE".to_owned()),
        _ => Known::Unknown,
    };
    Verdict::Fire(
        Evidence::new(
            confidence,
            "the endpoint type is no longer PRIVATE: with the next deployment, unless one \
             followed already, the internet can reach it",
        )
        .with([SettingChange {
            path: path.to_owned(),
            before,
            after: Known::from(to.map(str::to_owned)),
        }]),
    )
}
