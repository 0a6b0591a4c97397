//! A request in Cedar's terms: principal, action, resource, context, and the entities that say what is in
//! what. `policies/cedar/portcullis.cedarschema` describes it, and a test holds the two together.

use cedar_policy::{
    Context, ContextCreationError, Entities, Entity, EntityAttrEvaluationError, EntityId,
    EntityTypeName, EntityUid, ParseErrors, RequestValidationError,
    RestrictedExpression as Expression, entities_errors::EntitiesError,
};
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::change::ApiType;
use portcullis_core::remediation::Mode;
use portcullis_core::remediation::policy::{Action, Request};

use crate::PolicyError;

/// The group that every action but `Undo` is in.
const REMEDIATE: &str = "Remediate";

/// Why the question could not be put. Its texts hold no value of a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuestionError {
    #[error("an attribute or a tag")]
    Attribute(#[from] Box<EntityAttrEvaluationError>),
    #[error("the entities")]
    Entities(#[from] Box<EntitiesError>),
    #[error("the context")]
    Context(#[from] Box<ContextCreationError>),
    #[error("the request")]
    Request(#[from] Box<RequestValidationError>),
}

/// The types of the schema, parsed once.
#[derive(Debug)]
pub(crate) struct Names {
    principal: EntityTypeName,
    group: EntityTypeName,
    account: EntityTypeName,
    api: EntityTypeName,
    stage: EntityTypeName,
    action: EntityTypeName,
    confidence: EntityTypeName,
}

impl Names {
    pub(crate) fn new() -> Result<Self, PolicyError> {
        let parse = |name: &'static str| {
            name.parse().map_err(|source: ParseErrors| {
                let source = Box::new(source);
                PolicyError::Name { name, source }
            })
        };
        Ok(Self {
            principal: parse("Portcullis::Principal")?,
            group: parse("Portcullis::PrincipalGroup")?,
            account: parse("Portcullis::Account")?,
            api: parse("Portcullis::Api")?,
            stage: parse("Portcullis::Stage")?,
            action: parse("Portcullis::Action")?,
            confidence: parse("Portcullis::Confidence")?,
        })
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn string(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

/// The request and the entities that it is about.
pub(crate) fn put(
    names: &Names,
    request: &Request,
) -> Result<(cedar_policy::Request, Entities), QuestionError> {
    let principal = principal(names, request)?;
    let action = action(names, request.action)?;
    let resource = resource(names, request)?;
    let question = cedar_policy::Request::new(
        principal.uid(),
        action.uid(),
        resource.uid(),
        context(names, request)?,
        None,
    )
    .map_err(Box::new)?;
    let entities = [principal, action, resource];
    let entities = Entities::from_entities(entities, None).map_err(Box::new)?;
    Ok((question, entities))
}

fn principal(names: &Names, request: &Request) -> Result<Entity, QuestionError> {
    let arn = request.actor.as_deref();
    let attributes = arn.map(|arn| ("arn".to_owned(), string(arn)));
    let groups = request.circumstances.break_glass;
    let groups = groups.then(|| uid(&names.group, "break-glass"));
    let id = uid(&names.principal, arn.unwrap_or("unknown"));
    Ok(Entity::new_with_tags(id, attributes, groups, []).map_err(Box::new)?)
}

fn action(names: &Names, action: Action) -> Result<Entity, QuestionError> {
    let is_remediation = action != Action::Undo;
    let group = is_remediation.then(|| uid(&names.action, REMEDIATE));
    let id = uid(&names.action, action.as_str());
    Ok(Entity::new_with_tags(id, [], group, []).map_err(Box::new)?)
}

fn resource(names: &Names, request: &Request) -> Result<Entity, QuestionError> {
    let Thing {
        account,
        region,
        what,
    } = &request.thing;
    let account_id = format!("{account}/{region}");
    let mut attributes = vec![
        ("account".to_owned(), string(account)),
        ("region".to_owned(), string(region)),
    ];
    let of_api = |api: &Api| format!("{account_id}/{}", api.id);
    let (id, parents) = match what {
        What::Account => (uid(&names.account, &account_id), vec![]),
        What::Api(api) => {
            let parents = vec![uid(&names.account, &account_id)];
            (uid(&names.api, &of_api(api)), parents)
        }
        What::Stage(api, stage) => {
            attributes.push(("stage".to_owned(), string(stage)));
            let api = of_api(api);
            let parents = vec![uid(&names.api, &api), uid(&names.account, &account_id)];
            (uid(&names.stage, &format!("{api}/{stage}")), parents)
        }
    };
    if let Some(api) = request.thing.api() {
        let name = api.name.as_deref();
        let kind = api.kind.map(type_name);
        let optional = [("apiName", name), ("apiType", kind)];
        let known = optional
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), string(value?))));
        attributes.push(("api".to_owned(), string(&api.id)));
        attributes.extend(known);
    }
    let tags = request.tags.iter().map(|(key, values)| {
        let values = values.iter().map(|value| string(value));
        (key.clone(), Expression::new_set(values))
    });
    Ok(Entity::new_with_tags(id, attributes, parents, tags).map_err(Box::new)?)
}

fn type_name(kind: ApiType) -> &'static str {
    match kind {
        ApiType::Rest => "REST",
        ApiType::Http => "HTTP",
        ApiType::WebSocket => "WEBSOCKET",
    }
}

fn context(names: &Names, request: &Request) -> Result<Context, QuestionError> {
    let circumstances = &request.circumstances;
    let confidence = uid(&names.confidence, circumstances.confidence.as_str());
    let flag = Expression::new_bool;
    let pairs = [
        ("level", Expression::new_long(level(request.mode))),
        ("asked", Expression::new_long(level(request.asked.mode))),
        ("approved", flag(request.mode == Mode::Approve)),
        ("exempt", flag(request.asked.exemption.is_some())),
        ("age", Expression::new_long(circumstances.age)),
        ("confidence", Expression::new_entity_uid(confidence)),
        ("contested", flag(circumstances.contested)),
        ("changedAgain", flag(circumstances.changed_again)),
        ("budgetSpent", flag(circumstances.budget_spent)),
        ("byCloudformation", flag(circumstances.by_cloudformation)),
        ("cloudformationAllowed", flag(request.asked.cloudformation)),
        ("hasKillSwitch", flag(circumstances.has_kill_switch)),
        ("hasBaseline", flag(circumstances.has_baseline)),
        ("draftIsPublished", flag(circumstances.draft_is_published)),
    ];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value));
    Ok(Context::from_pairs(pairs).map_err(Box::new)?)
}

fn level(mode: Mode) -> i64 {
    match mode {
        Mode::Off => 0,
        Mode::Notify => 1,
        Mode::DryRun => 2,
        Mode::Approve => 3,
        Mode::Auto => 4,
    }
}
