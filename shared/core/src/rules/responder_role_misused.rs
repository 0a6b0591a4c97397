//! A call by one of Portcullis' own roles that Portcullis did not make.
//!
//! Whoever holds such a role may change every API that it protects, and would be taken for the
//! responder. Replay cannot tell: it has no ledger, so the rule fires live only.

use super::{About, Before, Evidence, Rule, Verdict};
use crate::change::Change;
use crate::finding::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "responder-role-misused",
        title: "Responder role misused",
        severity: Severity::Critical,
        function: "api-lifecycle",
        remediation: None,
        gain: "The rights of the responder itself: write access to the APIs that it protects.",
        fires: "A successful API Gateway call that changes something, by a role that is configured \
                as responder, without an entry in the ledger that accounts for it.",
        quiet: "The responder's own writes, which the ledger knows; reads; failed calls. In replay \
                always, because there is no ledger.",
        misses: "Calls to other services with that role.",
        false_positives: &["an operator who assumes the role by hand to test its permissions"],
        next: "Treat it as a compromise: revoke the sessions of the role, set the kill switch to \
               `stop`, and find out who could assume it.",
        references: &["https://attack.mitre.org/techniques/T1078/004/"],
    },
    cloudformation_lowers: false,
    judge,
};

fn judge(_: &Change, before: &Before) -> Verdict {
    if !before.is_unaccounted {
        return Verdict::Quiet;
    }
    Verdict::Fire(Evidence::new(
        Confidence::High,
        "changed with a role of the responder, which did not make this change",
    ))
}
