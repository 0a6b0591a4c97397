//! What a target or an exemption is about.

use std::collections::{BTreeMap, BTreeSet};

use super::Tags;
use crate::baseline::thing::Thing;
use crate::remediation::Remediation;

/// What is left out matches all; all that is there has to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) remediations: Option<BTreeSet<Remediation>>,
    pub(super) accounts: Option<BTreeSet<String>>,
    pub(super) regions: Option<BTreeSet<String>>,
    pub(super) apis: Option<BTreeSet<String>>,
    pub(super) stages: Option<BTreeSet<String>>,
    pub(super) tags: BTreeMap<String, String>,
}

impl Selector {
    /// Whether it is about this remediation of this thing.
    pub(super) fn matches(&self, remediation: Remediation, thing: &Thing, tags: &Tags) -> bool {
        self.matches_but_for_stages(remediation, thing, tags)
            && admits(self.stages.as_ref(), thing.stage())
    }

    /// As [`Self::matches`], and also when it is about one of the stages that the remediation of a whole
    /// API would reach.
    pub(super) fn touches(&self, remediation: Remediation, thing: &Thing, tags: &Tags) -> bool {
        let is_api = thing.api().is_some() && thing.stage().is_none();
        let reaches_stages =
            matches!(remediation, Remediation::Redeploy | Remediation::Contain) && is_api;
        self.matches_but_for_stages(remediation, thing, tags)
            && (reaches_stages || admits(self.stages.as_ref(), thing.stage()))
    }

    /// Whether it can be about this remediation at all.
    pub(super) fn is_about(&self, remediation: Remediation) -> bool {
        let remediations = self.remediations.as_ref();
        remediations.is_none_or(|some| some.contains(&remediation))
    }

    /// Whether it is about everything, within its remediations.
    pub(super) fn is_whole(&self) -> bool {
        let Self {
            remediations: _,
            accounts,
            regions,
            apis,
            stages,
            tags,
        } = self;
        [accounts, regions, apis, stages]
            .iter()
            .all(|list| list.is_none())
            && tags.is_empty()
    }

    /// Whether tags decide.
    pub(super) fn reads_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    fn matches_but_for_stages(&self, remediation: Remediation, thing: &Thing, tags: &Tags) -> bool {
        self.is_about(remediation)
            && admits(self.accounts.as_ref(), Some(&thing.account))
            && admits(self.regions.as_ref(), Some(&thing.region))
            && admits(self.apis.as_ref(), thing.api().map(|api| api.id.as_str()))
            && self
                .tags
                .iter()
                .all(|(key, value)| tags.get(key).is_some_and(|had| had.contains(value)))
    }
}

fn admits(list: Option<&BTreeSet<String>>, value: Option<&str>) -> bool {
    list.is_none_or(|list| value.is_some_and(|value| list.contains(value)))
}
