//! What a change touches. Only that can have been taken away by it: whatever else differs from a baseline
//! is drift, and nobody's attack.

use std::collections::BTreeSet;

use crate::change::{ApiEdit, ApiUpdate, Change, Detail, Edit, StageEdit};
use crate::settings::Scope;

/// The settings of a stage that a change touches.
#[derive(Debug, Default)]
pub(super) struct StageTouch {
    /// It is not shown what: anything may have been changed.
    everything: bool,
    /// The stage was made anew.
    recreated: bool,
    levels: BTreeSet<Scope>,
    removed: BTreeSet<Scope>,
    destination: bool,
    format: bool,
}

impl StageTouch {
    pub(super) fn of(change: &Change) -> Self {
        match change {
            Change::StageCreated(_) => Self {
                recreated: true,
                ..Self::default()
            },
            Change::StageUpdated(update) => {
                let mut touch = Self {
                    everything: update.detail == Detail::Missing,
                    ..Self::default()
                };
                for edit in &update.edits {
                    touch.add(&edit.what);
                }
                touch
            }
            _ => Self::default(),
        }
    }

    fn add(&mut self, edit: &StageEdit) {
        match edit {
            StageEdit::Level(scope, _) | StageEdit::WrittenWithoutLevel(scope) => {
                self.levels.insert(scope.clone());
            }
            StageEdit::Removed(scope) => {
                self.removed.insert(scope.clone());
            }
            StageEdit::AllReplaced => self.everything = true,
            StageEdit::AccessLogDestination(Some(_)) => self.destination = true,
            StageEdit::AccessLogFormat(Some(_)) => self.format = true,
            StageEdit::AccessLogDestination(None)
            | StageEdit::AccessLogFormat(None)
            | StageEdit::AccessLogsRemoved
            | StageEdit::AccessLogsUnclear => {
                self.destination = true;
                self.format = true;
            }
            StageEdit::RateLimit(..) | StageEdit::BurstLimit(..) | StageEdit::Other => {}
        }
    }

    /// The level of execution logging of a scope.
    pub(super) fn level(&self, scope: &Scope) -> bool {
        self.everything || self.levels.contains(scope) || self.whole(scope)
    }

    /// Everything that a scope has settings for.
    pub(super) fn whole(&self, scope: &Scope) -> bool {
        self.recreated || self.removed.contains(scope)
    }

    /// Destination and format are one object, which is written whole.
    pub(super) fn access_log_is_one(&mut self) {
        let is_touched = self.destination || self.format;
        (self.destination, self.format) = (is_touched, is_touched);
    }

    /// Where access logs go.
    pub(super) fn destination(&self) -> bool {
        self.everything || self.recreated || self.destination
    }

    /// How access logs are written.
    pub(super) fn format(&self) -> bool {
        self.everything || self.recreated || self.format
    }
}

/// The settings of a REST API that a change touches.
#[derive(Debug, Default)]
pub(super) struct ApiTouch {
    /// The endpoint type, and what goes with it.
    pub(super) endpoint: bool,
    /// The list of VPC endpoints, by its own name.
    pub(super) vpc_endpoints: bool,
    /// The resource policy.
    pub(super) policy: bool,
    /// The type that the record asks for, where it says so.
    pub(super) asked: Option<String>,
}

impl ApiTouch {
    pub(super) fn of(change: &Change) -> Self {
        match change {
            Change::ApiUpdated(update) => Self::of_update(update),
            Change::ApiDefinitionReplaced(_) => Self {
                endpoint: true,
                vpc_endpoints: true,
                policy: true,
                asked: None,
            },
            _ => Self::default(),
        }
    }

    fn of_update(update: &ApiUpdate) -> Self {
        let everything = update.detail == Detail::Missing;
        let names = |first, second| {
            let mut edits = update.edits.iter();
            everything || edits.any(|edit: &Edit<ApiEdit>| is_at(&edit.path, first, second))
        };
        let asked = update.edits.iter().rev().find_map(|edit| match &edit.what {
            ApiEdit::EndpointType { to, .. } => Some(to.clone()),
            _ => None,
        });
        Self {
            endpoint: asked.is_some() || names("endpointConfiguration", Some("types")),
            vpc_endpoints: names("endpointConfiguration", Some("vpcEndpointIds")),
            policy: names("policy", None),
            asked,
        }
    }
}

/// Whether a patch path, in any of its spellings, begins with these segments.
fn is_at(path: &str, first: &str, second: Option<&str>) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut is_next = |name: &str| {
        let segment = segments.next();
        segment.is_some_and(|segment| segment.eq_ignore_ascii_case(name))
    };
    is_next(first) && second.is_none_or(is_next)
}
