//! What stands since a restore of ours, while the baseline does not know of it: an attack that is repeated
//! at once would else look like a change of nothing.

use jiff::Timestamp;

use super::Remediator;
use crate::baseline::Version;
use crate::baseline::thing::{Thing, What};
use crate::ports::{Past, PortError};
use crate::remediation::brakes::resource_key;
use crate::remediation::ledger::{Restore, State};
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::{Mode, Remediation};

use super::propose::timestamp;
use super::subject::understood;

/// How far our clock may be ahead of that of the events, in seconds.
const AHEAD: i64 = 1;

impl<P: Policy> Remediator<P> {
    /// The version that restores of the thing have left, where they are newer than all that is known.
    pub(super) async fn since_restore(
        &self,
        event: Timestamp,
        past: &Past,
    ) -> Result<Option<Version>, PortError> {
        let Some(newest) = past.versions.first() else {
            return Ok(None);
        };
        let remediation = restores(&newest.thing);
        let may_act = self.cap > Mode::Notify && self.modes.may_act(remediation);
        if remediation.function() != self.function || !may_act {
            return Ok(None);
        }
        let key = resource_key(remediation, &newest.thing);
        let known_at = newest.time.as_second();
        let (mut settings, mut at) = (newest.settings.clone(), None);
        for restore in self.ledger.tally(&key).await?.value.restores {
            if restore.at < known_at || restore.at > event.as_second() + AHEAD {
                continue;
            }
            let Some(plan) = self.standing(&restore, known_at).await? else {
                continue;
            };
            let Some(known) = understood(&newest.thing, &settings)? else {
                return Ok(None);
            };
            // What the restore did not write may have been taken by the very change that is judged.
            let since = settings.with(&plan::over(&plan, &known));
            settings = since.map_err(|source| PortError {
                action: "understand the ledger",
                retryable: false,
                source: Box::new(source),
            })?;
            at = Some(restore.at);
        }
        let thing = newest.thing.clone();
        Ok(at.map(|at| Version::of_response(thing, timestamp(at), settings)))
    }

    /// What a restore has written, where it is newer than what is known and was not taken back since.
    async fn standing(&self, restore: &Restore, known_at: i64) -> Result<Option<Plan>, PortError> {
        let entry = self.ledger.entry(&restore.id).await?;
        let verified = entry.filter(|held| {
            // A restore comes after the change that it answers, within the same second too.
            let is_newer = restore.at > known_at || held.value.event_time >= known_at;
            is_newer && held.value.state == State::Verified
        });
        Ok(verified.map(|held| held.value.plan))
    }
}

fn restores(thing: &Thing) -> Remediation {
    match thing.what {
        What::Account => Remediation::RestoreAccountLoggingRole,
        What::Api(_) => Remediation::RestorePrivateEndpoint,
        What::Stage(..) => Remediation::RestoreStageLogging,
    }
}
