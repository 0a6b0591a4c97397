//! Links into the AWS console. Only forms seen in use are written, only for the partition `aws`, and
//! only from names of plain characters: no string of a record can bend an address.

use crate::baseline::thing::{Thing, What};
use crate::change::{ApiRef, ApiType};
use crate::finding::Finding;

/// The API, its stages, the settings of the account, or the list of APIs. `None` when the finding
/// spans Regions.
pub(super) fn api_gateway(finding: &Finding) -> Option<String> {
    let region = commercial(finding.region.as_deref()?)?;
    let page = page(finding);
    Some(format!(
        "https://{region}.console.aws.amazon.com/apigateway/main/{page}region={region}"
    ))
}

/// The page of a thing.
pub(super) fn thing(thing: &Thing) -> Option<String> {
    let region = commercial(&thing.region)?;
    let page = match (&thing.what, thing.target().api) {
        (What::Account, _) => "settings?api=unselected&".to_owned(),
        (what, api) => of_api(api.as_ref(), matches!(what, What::Stage(..))),
    };
    Some(format!(
        "https://{region}.console.aws.amazon.com/apigateway/main/{page}region={region}"
    ))
}

/// One event in CloudTrail's event history, which is kept by Region.
pub(super) fn event(region: Option<&str>, event_id: &str) -> Option<String> {
    let region = commercial(region?)?;
    let id = is_plain(event_id).then_some(event_id)?;
    Some(format!(
        "https://{region}.console.aws.amazon.com/cloudtrailv2/home?region={region}#/events/{id}"
    ))
}

/// Path and query up to the Region.
fn page(finding: &Finding) -> String {
    let deleted = ["DeleteRestApi", "DeleteApi"];
    let is_deleted = finding
        .event_name
        .as_deref()
        .is_some_and(|name| deleted.contains(&name));
    let Some(api) = finding.api.as_ref().filter(|_| !is_deleted) else {
        let is_account = finding.stage.is_none() && finding.window.is_none() && !is_deleted;
        return match is_account {
            true => "settings?api=unselected&".to_owned(),
            false => "apis?".to_owned(),
        };
    };
    of_api(Some(api), finding.stage.is_some())
}

fn of_api(api: Option<&ApiRef>, is_stage: bool) -> String {
    let id = api.and_then(|api| api.id.as_deref());
    let kind = api.and_then(|api| api.kind);
    match (kind, id.filter(|id| is_plain(id))) {
        (Some(ApiType::Rest), Some(id)) => match is_stage {
            true => format!("apis/{id}/stages?api={id}&"),
            false => format!("apis/{id}/resources?api={id}&"),
        },
        (Some(ApiType::Http), Some(id)) => format!("api-detail?api={id}&"),
        _ => "apis?".to_owned(),
    }
}

/// A Region of the partition `aws`. All of them have three parts (`eu-west-1`); of the others only
/// China's have (`us-gov-west-1`, `us-iso-east-1`, `eusc-de-east-1`).
fn commercial(region: &str) -> Option<&str> {
    let parts = region.split('-').filter(|part| !part.is_empty()).count();
    (is_plain(region) && parts == 3 && !region.starts_with("cn-")).then_some(region)
}

fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
