//! What stands since a restore of ours, while the baseline does not know of it: an attack that is repeated
//! at once would else look like a change of nothing.

use jiff::Timestamp;

use super::Remediator;
use crate::baseline::Version;
use crate::baseline::thing::{Thing, What};
use crate::ports::{Past, PortError};
use crate::remediation::brakes::resource_key;
use crate::remediation::ledger::State;
use crate::remediation::plan;
use crate::remediation::policy::Policy;
use crate::remediation::{Mode, Remediation};

use super::propose::timestamp;
use super::subject::understood;

/// How far our clock may be ahead of that of the events, in seconds.
const AHEAD: i64 = 1;

impl<P: Policy> Remediator<P> {
    /// The version that the last restore of the thing has left, where it is newer than all that is known.
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
        let Some(last) = self.ledger.tally(&key).await?.value.last else {
            return Ok(None);
        };
        let known_at = newest.time.as_second();
        if last.at < known_at || last.at > event.as_second() + AHEAD {
            return Ok(None);
        }
        let entry = self.ledger.entry(&last.id).await?;
        let verified = entry.filter(|held| {
            // A restore comes after the change that it answers, within the same second too.
            let is_newer = last.at > known_at || held.value.event_time >= known_at;
            is_newer && held.value.state == State::Verified
        });
        let known = understood(&newest.thing, &newest.settings)?;
        let (Some(held), Some(known)) = (verified, known) else {
            return Ok(None);
        };
        // What the restore did not write may have been taken by the very change that is judged.
        let settings = newest.settings.with(&plan::over(&held.value.plan, &known));
        let settings = settings.map_err(|source| PortError {
            action: "understand the ledger",
            retryable: false,
            source: Box::new(source),
        })?;
        let thing = newest.thing.clone();
        Ok(Some(Version::of_response(
            thing,
            timestamp(last.at),
            settings,
        )))
    }
}

fn restores(thing: &Thing) -> Remediation {
    match thing.what {
        What::Account => Remediation::RestoreAccountLoggingRole,
        What::Api(_) => Remediation::RestorePrivateEndpoint,
        What::Stage(..) => Remediation::RestoreStageLogging,
    }
}
