//! Whether a remediation may be done, by Cedar policies. The only crate that makes a [`Permit`], and
//! nothing is written to API Gateway without one.
//!
//! Any doubt lowers: a policy that cannot be evaluated, a request that cannot be put, an action on a thing
//! that it is not for give no permit. Two limits stand in code, where no policy can lift them: a permit is
//! only for a mode of [`Mode::Approve`] or [`Mode::Auto`], and never for more than the owner asks for.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, Decision, PolicySet};
use portcullis_core::escape;
use portcullis_core::remediation::Mode;
use portcullis_core::remediation::policy::{Policy, Request, Ruling};

pub use error::PolicyError;
pub use permit::Permit;

use question::Names;

mod coverage;
mod error;
mod load;
mod permit;
mod question;

/// What a denial says when no policy decided.
const NOTHING_ALLOWS: &str = "no policy allows it";

/// Decides by Cedar policies.
pub struct CedarPolicy {
    set: PolicySet,
    /// The file of each policy, by its id.
    files: BTreeMap<String, String>,
    names: Names,
    /// Whether one of them asks for tags.
    reads_tags: bool,
}

impl std::fmt::Debug for CedarPolicy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("CedarPolicy")
            .field(&self.files)
            .finish()
    }
}

impl Policy for CedarPolicy {
    type Permit = Permit;

    fn reads_tags(&self) -> bool {
        self.reads_tags
    }

    /// Policies and reasons for every mode; a permit only for those that write. In a dry run there are no
    /// reasons when the policies would let it happen at once.
    fn decide(&self, request: &Request) -> Ruling<Permit> {
        if !coverage::fits(request.action, &request.thing.what) {
            let action = request.action.as_str();
            return denied(format!("`{action}` is not for a thing of this kind"));
        }
        let asked = question::put(&self.names, request);
        let (question, entities) = match asked {
            Ok(asked) => asked,
            Err(error) => return denied(format!("the policies could not be asked: {error}")),
        };
        let response = Authorizer::new().is_authorized(&question, &self.set, &entities);
        let ids = response.diagnostics().reason().map(ToString::to_string);
        let mut policies: Vec<String> = ids.collect();
        policies.sort_unstable();
        let mut reasons = match response.decision() {
            Decision::Allow => Vec::new(),
            Decision::Deny => policies.iter().map(|id| self.reason(id)).collect(),
        };
        for error in response.diagnostics().errors() {
            reasons.push(escape::visible(&error.to_string()).into_owned());
        }
        if response.decision() == Decision::Deny && reasons.is_empty() {
            reasons.push(NOTHING_ALLOWS.to_owned());
        }
        if request.mode > request.asked.mode && reasons.is_empty() {
            let most = request.asked.mode.as_str();
            reasons.push(format!("the owner asks for `{most}` at most"));
        }
        let may_write = reasons.is_empty() && request.mode >= Mode::Approve;
        Ruling {
            permit: may_write.then(|| Permit::new(request, policies.clone())),
            policies,
            reasons,
        }
    }
}

impl CedarPolicy {
    /// What a policy says of itself.
    fn reason(&self, id: &str) -> String {
        let reason = self
            .set
            .annotation(&cedar_policy::PolicyId::new(id), "reason");
        let reason = reason.map(|reason| escape::visible(reason).into_owned());
        reason.unwrap_or_else(|| format!("policy `{id}` forbids it"))
    }
}

fn denied(reason: String) -> Ruling<Permit> {
    Ruling {
        permit: None,
        policies: Vec::new(),
        reasons: vec![reason],
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
