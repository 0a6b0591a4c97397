//! An API is made, by any of the four calls that make one.

use super::{About, Before, Evidence, Rule, Verdict};
use crate::change::Change;
use crate::finding::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "api-created",
        title: "API created",
        severity: Severity::Low,
        function: "api-lifecycle",
        remediation: None,
        gain: "A door of the attacker's own in front of a function or a backend, which outlives \
               the credentials it was made with.",
        fires: "CreateRestApi, ImportRestApi, CreateApi or ImportApi succeeds.",
        quiet: "The call failed; another service has an operation of that name.",
        misses: "Nothing: every way to make an API is one of the four calls.",
        false_positives: &["deployments of new services"],
        next: "Check that a known deployment made it; if not, see which routes it got and what \
               they invoke.",
        references: &["https://attack.mitre.org/techniques/T1578/"],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, _: &Before) -> Verdict {
    match change {
        Change::ApiCreated(_) => Verdict::Fire(Evidence::new(Confidence::High, "the API is new")),
        _ => Verdict::Quiet,
    }
}
