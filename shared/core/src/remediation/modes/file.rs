//! `policies/remediation.toml` as it is written, and everything that is refused in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::selector::Selector;
use super::{Exemption, Modes, ModesError, Target};
use crate::nearest;
use crate::remediation::{Mode, Remediation};
use crate::thresholds::is_role_or_user;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    modes: BTreeMap<String, String>,
    #[serde(default)]
    target: Vec<TargetEntry>,
    #[serde(default)]
    exemption: Vec<ExemptionEntry>,
    #[serde(default, rename = "break-glass")]
    break_glass: BreakGlass,
}

#[derive(Deserialize)]
struct TargetEntry {
    #[serde(flatten)]
    selectors: Selectors,
    mode: Option<String>,
    #[serde(default)]
    cloudformation: bool,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Deserialize)]
struct ExemptionEntry {
    #[serde(flatten)]
    selectors: Selectors,
    reason: Option<String>,
    owner: Option<String>,
    expires: Option<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct BreakGlass {
    principals: Vec<String>,
}

#[derive(Deserialize)]
struct Selectors {
    remediations: Option<Vec<String>>,
    accounts: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    apis: Option<Vec<String>>,
    stages: Option<Vec<String>>,
    tags: Option<BTreeMap<String, String>>,
}

/// Members that nobody knows: refused here, because serde does not refuse them beside a flattened member.
type Rest = BTreeMap<String, toml::Value>;

const SELECTORS: [&str; 6] = [
    "remediations",
    "accounts",
    "regions",
    "apis",
    "stages",
    "tags",
];

pub(super) fn parse(text: &str) -> Result<Modes, ModesError> {
    let file: File = toml::from_str(text)?;
    let modes = file.modes.iter().map(|(name, value)| {
        let mode = mode(&format!("[modes] {name}"), value)?;
        Ok((remediation("[modes]", name)?, mode))
    });
    let targets = (1..).zip(file.target).map(target);
    let exemptions = (1..).zip(file.exemption).map(exemption);
    let principals = file.break_glass.principals;
    Ok(Modes {
        modes: modes.collect::<Result<_, ModesError>>()?,
        targets: targets.collect::<Result<_, _>>()?,
        exemptions: exemptions.collect::<Result<_, _>>()?,
        break_glass: match principals.iter().find(|arn| !is_role_or_user(arn)) {
            Some(arn) => return Err(ModesError::Principal { arn: arn.clone() }),
            None => principals.into_iter().collect(),
        },
    })
}

fn target((number, entry): (u32, TargetEntry)) -> Result<Target, ModesError> {
    let place = format!("target {number}");
    no_rest(&place, &entry.rest, &["mode", "cloudformation"])?;
    let Some(name) = entry.mode else {
        return Err(ModesError::NoMode { place });
    };
    Ok(Target {
        selector: entry.selectors.check(&place)?,
        mode: mode(&place, &name)?,
        cloudformation: entry.cloudformation,
    })
}

fn no_rest(place: &str, rest: &Rest, others: &[&'static str]) -> Result<(), ModesError> {
    let Some(name) = rest.keys().next() else {
        return Ok(());
    };
    let known = SELECTORS.iter().chain(others).copied();
    Err(ModesError::Unknown {
        place: place.to_owned(),
        kind: "member",
        name: name.clone(),
        nearest: nearest(name, known),
    })
}

fn exemption((number, entry): (u32, ExemptionEntry)) -> Result<(Selector, Exemption), ModesError> {
    let place = format!("exemption {number}");
    no_rest(&place, &entry.rest, &["reason", "owner", "expires"])?;
    let given = |member, value: Option<String>| {
        let value = value.filter(|value| !value.trim().is_empty());
        value.ok_or_else(|| ModesError::Missing {
            place: place.clone(),
            member,
        })
    };
    let expires = given("expires", entry.expires)?;
    let exemption = Exemption {
        reason: given("reason", entry.reason)?,
        owner: given("owner", entry.owner)?,
        expires: match expires.parse() {
            Ok(time) => time,
            Err(source) => {
                return Err(ModesError::Expires {
                    place,
                    value: expires,
                    source,
                });
            }
        },
    };
    Ok((entry.selectors.check(&place)?, exemption))
}

impl Selectors {
    fn check(self, place: &str) -> Result<Selector, ModesError> {
        let list = |member, kind, is_one: fn(&str) -> bool, list: Option<Vec<String>>| {
            let values = list.map(|values| checked(place, member, kind, is_one, values));
            values.transpose()
        };
        let names = list("remediations", "name", is_text, self.remediations)?;
        let names = names.iter().flatten();
        let names: Result<BTreeSet<_>, _> = names.map(|name| remediation(place, name)).collect();
        let tags = self
            .tags
            .map(|tags| checked_tags(place, tags))
            .transpose()?;
        Ok(Selector {
            remediations: Some(names?).filter(|names| !names.is_empty()),
            accounts: list(
                "accounts",
                "account id of 12 digits",
                is_account,
                self.accounts,
            )?,
            regions: list(
                "regions",
                "Region such as `eu-west-1`",
                is_region,
                self.regions,
            )?,
            apis: list("apis", "id of an API", is_api, self.apis)?,
            stages: list("stages", "name of a stage", is_text, self.stages)?,
            tags: tags.unwrap_or_default(),
        })
    }
}

fn checked(
    place: &str,
    member: &'static str,
    kind: &'static str,
    is_one: fn(&str) -> bool,
    values: Vec<String>,
) -> Result<BTreeSet<String>, ModesError> {
    let place = || place.to_owned();
    if values.is_empty() {
        return Err(ModesError::Empty {
            place: place(),
            member,
        });
    }
    match values.iter().find(|value| !is_one(value)) {
        Some(value) => Err(ModesError::Value {
            place: place(),
            member,
            value: value.clone(),
            kind,
        }),
        None => Ok(values.into_iter().collect()),
    }
}

/// The values of tags may be empty, as AWS allows it.
fn checked_tags(
    place: &str,
    tags: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ModesError> {
    let keys = tags.keys().cloned().collect();
    checked(place, "tags", "key of a tag", is_text, keys)?;
    Ok(tags)
}

/// A pattern would match nothing.
fn is_text(value: &str) -> bool {
    !value.is_empty() && value.trim() == value && !value.contains('*')
}

fn is_account(value: &str) -> bool {
    value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let lower =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, names)) => {
            names.len() >= 2 && names.iter().all(lower) && number.parse::<u8>().is_ok()
        }
        None => false,
    }
}

fn is_api(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn remediation(place: &str, name: &str) -> Result<Remediation, ModesError> {
    Remediation::parse(name).ok_or_else(|| ModesError::Unknown {
        place: place.to_owned(),
        kind: "remediation",
        name: name.to_owned(),
        nearest: nearest(name, Remediation::ALL.into_iter().map(Remediation::as_str)),
    })
}

fn mode(place: &str, name: &str) -> Result<Mode, ModesError> {
    Mode::parse(name).ok_or_else(|| ModesError::Unknown {
        place: place.to_owned(),
        kind: "mode",
        name: name.to_owned(),
        nearest: nearest(name, Mode::ALL.into_iter().map(Mode::as_str)),
    })
}

#[cfg(test)]
mod tests;
