//! An API is deleted.

use super::{About, Before, Evidence, Rule, Verdict};
use crate::change::Change;
use crate::finding::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "api-deleted",
        title: "API deleted",
        severity: Severity::High,
        function: "api-lifecycle",
        remediation: None,
        gain: "The service behind the API is down, and what was configured is gone with its id.",
        fires: "DeleteRestApi or DeleteApi succeeds.",
        quiet: "The call failed; another service has an operation of that name.",
        misses: "Deletion piece by piece: stages, routes, mappings.",
        false_positives: &["tearing down test environments and preview deployments"],
        next: "A deleted API does not come back with its id. Redeploy it from its source, then \
               point domain mappings and clients to the new id.",
        references: &["https://attack.mitre.org/techniques/T1485/"],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, _: &Before) -> Verdict {
    match change {
        Change::ApiDeleted(_) => {
            Verdict::Fire(Evidence::new(Confidence::High, "the API is deleted"))
        }
        _ => Verdict::Quiet,
    }
}
