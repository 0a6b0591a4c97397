//! What a case is about: the thing, its tags, what stood before it and what the change left behind.

use super::propose::{Origin, timestamp};
use super::{Case, Remediator};
use crate::baseline::thing::{Api, Thing, What};
use crate::baseline::{Kept, Shape, Version};
use crate::causes::chain;
use crate::change::{ApiType, Change, StageEdit, Target};
use crate::ports::PortError;
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::policy::Policy;
use crate::remediation::settings::Settings;
use crate::remediation::{Mode, Remediation};
use crate::settings::{LogLevel, Scope};

/// Tags count for so many seconds after they were last seen: who strips one first gains nothing.
const TAGS: i64 = 24 * 3600;

const TOO_MANY: &str = "it was changed so often within a day that not all tags it had are known";

/// What a case is about.
pub(super) struct Subject {
    pub(super) remediation: Remediation,
    pub(super) thing: Thing,
    pub(super) tags: Tags,
    pub(super) asked: Asked,
    /// Sentences that belong to it whatever is decided.
    pub(super) reasons: Vec<String>,
    pub(super) origin: Origin,
    /// What stood before the change.
    pub(super) before: Option<Settings>,
    /// What it left behind, where the record shows it.
    pub(super) after: Option<Settings>,
}

/// Tags of a thing, and what is not known of them.
#[derive(Default)]
pub(super) struct Tagged {
    pub(super) tags: Tags,
    pub(super) doubt: Option<String>,
}

impl Tagged {
    /// An exemption may be among the tags that are not known: a person decides then.
    pub(super) fn lowered(&self, asked: Asked) -> Asked {
        let most = self.doubt.as_ref().map_or(Mode::Auto, |_| Mode::Approve);
        Asked {
            mode: asked.mode.min(most),
            ..asked
        }
    }
}

impl<P: Policy> Remediator<P> {
    pub(super) async fn subject(
        &self,
        case: &Case<'_>,
        remediation: Remediation,
    ) -> Result<Option<Subject>, PortError> {
        let Case {
            record,
            change,
            finding,
            past,
        } = case;
        let target = Target {
            api: finding.api.clone(),
            stage: finding.stage.clone(),
            stack: None,
        };
        let Some(mut thing) = Thing::of(&record.account, &record.region, target) else {
            return Ok(None);
        };
        let newest = past.versions.first();
        let before = newest.map(|version| understood(&thing, &version.settings));
        let before = before.transpose()?.flatten();
        know_websocket(&mut thing, before.as_ref());
        let tagged = self.tags(&thing, record.time).await?;
        let now = timestamp(self.clock.now());
        let asked = self.modes.of(remediation, &thing, &tagged.tags, now);
        Ok(Some(Subject {
            remediation,
            asked: tagged.lowered(asked),
            tags: tagged.tags,
            reasons: tagged.doubt.into_iter().collect(),
            origin: Origin {
                finding_id: finding.id.clone(),
                rule: finding.rule.to_owned(),
                event_id: record.id.clone(),
                event_time: record.time.as_second(),
                actor: actor(case),
                confidence: finding.confidence,
                by_cloudformation: finding.by_cloudformation,
            },
            before,
            after: after(case, change, &thing)?,
            thing,
        }))
    }

    /// Tags of a stage and its API, with all values of the last day.
    pub(super) async fn tags(
        &self,
        thing: &Thing,
        time: jiff::Timestamp,
    ) -> Result<Tagged, PortError> {
        let mut tagged = Tagged::default();
        if !self.modes.reads_tags() && !self.policy.reads_tags() {
            return Ok(tagged);
        }
        let api = match &thing.what {
            What::Stage(api, _) => Some(Thing {
                what: What::Api(api.clone()),
                ..thing.clone()
            }),
            What::Api(_) | What::Account => None,
        };
        let from = timestamp(time.as_second() - TAGS);
        for thing in std::iter::once(thing).chain(&api) {
            let lately = match self.baselines.lately(thing, from, time).await {
                Ok(lately) => lately,
                Err(error) if error.retryable => return Err(error),
                Err(error) => {
                    tagged.doubt = Some(format!("its tags are not known: {}", chain(&error)));
                    continue;
                }
            };
            add_tags(&mut tagged.tags, &lately.versions, time);
            if lately.is_cut {
                tagged.doubt = Some(TOO_MANY.to_owned());
            }
        }
        Ok(tagged)
    }
}

/// The role behind a session, else the user: what policies name.
fn actor(case: &Case<'_>) -> Option<String> {
    let identity = &case.record.identity;
    let issuer = identity.session_issuer().map(str::to_owned);
    issuer.or_else(|| identity.arn.clone())
}

/// What the response shows of the thing. A state that was read live stands for itself.
fn after(case: &Case<'_>, change: &Change, thing: &Thing) -> Result<Option<Settings>, PortError> {
    let shape = match &thing.what {
        What::Account => Shape::Account,
        What::Api(Api { kind, .. }) if *kind == Some(ApiType::Rest) => Shape::RestApi,
        What::Api(_) => Shape::V2Api,
        What::Stage(api, _) if api.is_rest() => Shape::RestStage,
        What::Stage(..) => Shape::V2Stage,
    };
    let shown = case.record.response.json();
    let kept = shown.and_then(|json| Kept::from_response(shape, json));
    match (kept, change) {
        (Some(kept), _) => understood(thing, &kept),
        // A new stage without a response: its request is all there is, and it has no logging in it.
        (None, _) => Ok(None),
    }
}

pub(super) fn understood(thing: &Thing, kept: &Kept) -> Result<Option<Settings>, PortError> {
    Settings::of(thing, kept).map_err(|source| PortError {
        action: "understand the baseline",
        retryable: false,
        source: Box::new(source),
    })
}

/// Records of HTTP and WebSocket stages do not tell which of the two it is. One that had a log level was
/// of a WebSocket API: API Gateway refuses levels on HTTP APIs (terraform-provider-aws #12893).
fn know_websocket(thing: &mut Thing, before: Option<&Settings>) {
    let (What::Stage(api, _), Some(Settings::V2Stage(stage))) = (&mut thing.what, before) else {
        return;
    };
    let routes = stage.route_settings.values();
    let mut all = routes.chain(&stage.default_route_settings);
    let is_level = |level: &String| LogLevel::parse(level).is_logged();
    if api.kind.is_none() && all.any(|set| set.logging_level.as_ref().is_some_and(is_level)) {
        api.kind = Some(ApiType::WebSocket);
    }
}

/// What calls without a response leave behind: they take one thing away.
pub(super) fn left_behind(before: &Settings, change: &Change) -> Option<Settings> {
    let (Settings::V2Stage(before), Change::StageUpdated(update)) = (before, change) else {
        return None;
    };
    let mut after = before.clone();
    for edit in &update.edits {
        match &edit.what {
            StageEdit::AccessLogsRemoved => after.access_log_settings = None,
            StageEdit::Removed(Scope::One(route)) => {
                after.route_settings.remove(route);
            }
            _ => return None,
        }
    }
    Some(Settings::V2Stage(after))
}

fn add_tags(tags: &mut Tags, versions: &[Version], time: jiff::Timestamp) {
    for (at, version) in versions.iter().enumerate() {
        let age = time.as_second() - version.since.as_second();
        // The one that counts, whatever its age, and what the last day has seen besides.
        let was_there = at == 0
            || versions
                .get(at - 1)
                .is_some_and(|later| time.as_second() - later.since.as_second() < TAGS);
        if was_there || age < TAGS {
            for (key, value) in version.settings.tags() {
                tags.entry(key).or_default().insert(value);
            }
        }
    }
}
