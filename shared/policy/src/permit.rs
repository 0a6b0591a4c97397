//! What nothing is written without.

use portcullis_core::baseline::thing::Thing;
use portcullis_core::remediation::policy::{Action, Permitted, Request};
use portcullis_core::remediation::step::Step;

use crate::coverage;

/// Says that one action may be done to one thing, for one ledger entry. Only [`crate::CedarPolicy`] makes
/// one: its members are private, it has no constructor, and it can be neither copied nor read from a file.
///
/// ```
/// use portcullis_core::remediation::policy::Permitted;
/// use portcullis_policy::Permit;
/// fn policies(permit: &Permit) -> &[String] { permit.policies() }
/// ```
///
/// ```compile_fail,E0451
/// use portcullis_core::baseline::thing::Thing;
/// use portcullis_core::remediation::policy::Action;
/// use portcullis_policy::Permit;
/// fn forge(thing: Thing) -> Permit {
///     Permit { action: Action::Undo, thing, ledger_id: String::new(), policies: Vec::new() }
/// }
/// ```
///
/// ```compile_fail,E0624
/// use portcullis_core::remediation::policy::Request;
/// use portcullis_policy::Permit;
/// fn forge(request: &Request) -> Permit { Permit::new(request, Vec::new()) }
/// ```
///
/// ```compile_fail,E0308
/// use portcullis_policy::Permit;
/// fn copy(permit: &Permit) -> Permit { permit.clone() }
/// ```
///
/// ```compile_fail,E0277
/// use portcullis_policy::Permit;
/// fn default<T: Default>() {}
/// default::<Permit>();
/// ```
#[derive(Debug)]
pub struct Permit {
    action: Action,
    thing: Thing,
    ledger_id: String,
    policies: Vec<String>,
}

impl Permit {
    // INVARIANT: called by `CedarPolicy::decide` alone, once the policies have allowed the request.
    pub(crate) fn new(request: &Request, policies: Vec<String>) -> Self {
        Self {
            action: request.action,
            thing: request.thing.clone(),
            ledger_id: request.ledger_id.clone(),
            policies,
        }
    }

    /// What may be done.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Ids of the policies that allowed it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }
}

impl Permitted for Permit {
    fn thing(&self) -> &Thing {
        &self.thing
    }

    fn ledger_id(&self) -> &str {
        &self.ledger_id
    }

    /// Whether the step is of the kind that the action makes, to this very thing. A permit for a whole API
    /// covers its stages where the action reaches them (`Contain`, `Redeploy` and their undo).
    fn covers(&self, step: &Step) -> bool {
        coverage::covers(self.action, &self.thing, step)
    }
}
