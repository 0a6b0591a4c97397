//! Every mutating operation of both API Gateway service models, and what becomes of it.
//!
//! A test holds the table against the models, so that an operation which AWS adds is judged by a
//! person instead of passing unseen. Reads are left out; so is `responder-role-misused`, which asks
//! who called, whatever the operation. Both models log under one event source and share 24 names.

use Service::{Rest, V2};

/// Which of the two service models an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `apigateway`: REST APIs, and the account, domains and usage plans around them.
    Rest,
    /// `apigatewayv2`: HTTP and WebSocket APIs, routing rules and portals.
    V2,
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Ids of the rules that read it, window rules left out.
    Rule(&'static [&'static str]),
    /// No rule of its own: what it does or explains; `later:` names the function that will want it.
    Context(&'static str),
    /// Why nothing listens to it.
    Ignored(&'static str),
}

/// One operation and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The model it belongs to.
    pub service: Service,
    /// Its name, which is CloudTrail's `eventName`.
    pub name: &'static str,
    /// What becomes of it.
    pub class: Class,
}

/// The class of an operation; `None` for a read and for a name that no model has.
pub fn classify(service: Service, name: &str) -> Option<&'static Class> {
    OPERATIONS
        .iter()
        .find(|operation| operation.service == service && operation.name == name)
        .map(|operation| &operation.class)
}

const fn rule(service: Service, name: &'static str, rules: &'static [&'static str]) -> Operation {
    Operation {
        service,
        name,
        class: Class::Rule(rules),
    }
}

const fn context(service: Service, name: &'static str, explains: &'static str) -> Operation {
    Operation {
        service,
        name,
        class: Class::Context(explains),
    }
}

const fn ignored(service: Service, name: &'static str, because: &'static str) -> Operation {
    Operation {
        service,
        name,
        class: Class::Ignored(because),
    }
}

/// The switch of the `execute-api` host. A definition written as a whole can flip it too.
const EXECUTE_API: &[&str] = &["api-disabled", "api-enabled"];

/// A REST API also has an endpoint type.
const API: &[&str] = &["private-api-made-public", "api-disabled", "api-enabled"];

/// A stage holds its logging, and limits of 0 on everything turn it off.
const STAGE: &[&str] = &[
    "stage-logging-disabled",
    "stage-logging-reduced",
    "access-logs-redirected",
    "api-disabled",
    "api-enabled",
];

/// Every mutating operation, by service and name.
// One line an operation: rustfmt would break most of them in four, and hide the table.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    context(Rest, "CreateApiKey", "new credential, no access by itself; later: api-abuse"),
    context(Rest, "CreateAuthorizer", "protects nothing until a method names it"),
    context(Rest, "CreateBasePathMapping", "puts an API behind a domain; later: api-abuse"),
    context(Rest, "CreateDeployment", "publishes the draft; does not say if it made a stage"),
    ignored(Rest, "CreateDocumentationPart", "documentation; no effect on traffic"),
    ignored(Rest, "CreateDocumentationVersion", "documentation; no effect on traffic"),
    context(Rest, "CreateDomainName", "another host name; reaches nothing until mapped"),
    context(Rest, "CreateDomainNameAccessAssociation", "opens a private domain; later: api-abuse"),
    ignored(Rest, "CreateModel", "a schema; checks nothing until a method names it"),
    ignored(Rest, "CreateRequestValidator", "checks nothing until a method names it"),
    context(Rest, "CreateResource", "a path without methods; first step of a new route"),
    rule(Rest, "CreateRestApi", &["api-created"]),
    rule(Rest, "CreateStage", &["stage-logging-disabled"]),
    context(Rest, "CreateUsagePlan", "limits nobody until keys and stages join it"),
    context(Rest, "CreateUsagePlanKey", "lets a key into a plan's stages; later: api-abuse"),
    context(Rest, "CreateVpcLink", "unused until an integration names it"),
    context(Rest, "DeleteApiKey", "its callers are refused; explains a sudden 403"),
    context(Rest, "DeleteAuthorizer", "needs methods without it; later: protection-drift"),
    context(Rest, "DeleteBasePathMapping", "unmaps a domain; later: protection-drift"),
    context(Rest, "DeleteClientCertificate", "backends lose a proof; later: protection-drift"),
    context(Rest, "DeleteDeployment", "removes a way back, never what a stage runs"),
    ignored(Rest, "DeleteDocumentationPart", "documentation; no effect on traffic"),
    ignored(Rest, "DeleteDocumentationVersion", "documentation; no effect on traffic"),
    context(Rest, "DeleteDomainName", "the API keeps its own host name; later: api-abuse"),
    context(Rest, "DeleteDomainNameAccessAssociation", "closes a way in"),
    context(Rest, "DeleteGatewayResponse", "AWS's own error replies from the next deployment on"),
    context(Rest, "DeleteIntegration", "breaks one method with the next deployment"),
    ignored(Rest, "DeleteIntegrationResponse", "reply mapping of one method"),
    context(Rest, "DeleteMethod", "removes one method with the next deployment"),
    ignored(Rest, "DeleteMethodResponse", "reply declaration of one method"),
    ignored(Rest, "DeleteModel", "a schema; loosens validation at most"),
    context(Rest, "DeleteRequestValidator", "needs methods without it; later: protection-drift"),
    context(Rest, "DeleteResource", "removes a path and its methods with the next deployment"),
    rule(Rest, "DeleteRestApi", &["api-deleted"]),
    context(Rest, "DeleteStage", "logging dies with it; CreateStage under its name fires"),
    context(Rest, "DeleteUsagePlan", "removes an empty plan; its keys lose their limits"),
    context(Rest, "DeleteUsagePlanKey", "the key loses the plan's stages; explains a sudden 403"),
    context(Rest, "DeleteVpcLink", "cuts the integrations that use it"),
    context(Rest, "FlushStageAuthorizersCache", "may be the noise around an authorizer swap"),
    context(Rest, "FlushStageCache", "more load on the backend for a while; changes no setting"),
    ignored(Rest, "GenerateClientCertificate", "unused until a stage names it"),
    context(Rest, "ImportApiKeys", "many new credentials at once; later: api-abuse"),
    ignored(Rest, "ImportDocumentationParts", "documentation; no effect on traffic"),
    rule(Rest, "ImportRestApi", &["api-created"]),
    context(Rest, "PutGatewayResponse", "can phish through error replies"),
    context(Rest, "PutIntegration", "can send traffic elsewhere; later: api-abuse"),
    ignored(Rest, "PutIntegrationResponse", "reply mapping of one method"),
    context(Rest, "PutMethod", "can open a route without authorization; later: api-abuse"),
    ignored(Rest, "PutMethodResponse", "reply declaration of one method"),
    rule(Rest, "PutRestApi", API),
    context(Rest, "RejectDomainNameAccessAssociation", "closes a way in"),
    context(Rest, "TagResource", "can take a target out of a policy's scope"),
    context(Rest, "UntagResource", "can take a target out of a policy's scope"),
    rule(Rest, "UpdateAccount", &["account-logging-role-removed"]),
    context(Rest, "UpdateApiKey", "can enable a disabled key; later: api-abuse"),
    context(Rest, "UpdateAuthorizer", "can swap code or issuer; later: protection-drift"),
    context(Rest, "UpdateBasePathMapping", "another API behind a domain; later: api-abuse"),
    ignored(Rest, "UpdateClientCertificate", "only its description can change"),
    ignored(Rest, "UpdateDeployment", "only its description can change"),
    ignored(Rest, "UpdateDocumentationPart", "documentation; no effect on traffic"),
    ignored(Rest, "UpdateDocumentationVersion", "documentation; no effect on traffic"),
    context(Rest, "UpdateDomainName", "can drop mutual TLS; later: protection-drift"),
    context(Rest, "UpdateGatewayResponse", "can phish through error replies"),
    context(Rest, "UpdateIntegration", "can send traffic elsewhere; later: api-abuse"),
    ignored(Rest, "UpdateIntegrationResponse", "reply mapping of one method"),
    context(Rest, "UpdateMethod", "can drop authorization; later: protection-drift"),
    ignored(Rest, "UpdateMethodResponse", "reply declaration of one method"),
    ignored(Rest, "UpdateModel", "a schema; loosens validation at most, with the next deployment"),
    context(Rest, "UpdateRequestValidator", "can stop validation; later: protection-drift"),
    context(Rest, "UpdateResource", "renames or moves a path with the next deployment"),
    rule(Rest, "UpdateRestApi", API),
    rule(Rest, "UpdateStage", STAGE),
    context(Rest, "UpdateUsage", "extends one key's remaining quota; later: protection-drift"),
    context(Rest, "UpdateUsagePlan", "can lift throttles and quotas; later: protection-drift"),
    ignored(Rest, "UpdateVpcLink", "only its name and description can change"),
    rule(V2, "CreateApi", &["api-created"]),
    context(V2, "CreateApiMapping", "puts an API behind a domain; later: api-abuse"),
    context(V2, "CreateAuthorizer", "protects nothing until a route names it"),
    context(V2, "CreateDeployment", "publishes the draft; no setting of a stage changes"),
    context(V2, "CreateDomainName", "another host name; reaches nothing until mapped"),
    context(V2, "CreateIntegration", "unused until a route names it; later: api-abuse"),
    ignored(V2, "CreateIntegrationResponse", "reply mapping of one WebSocket integration"),
    ignored(V2, "CreateModel", "a schema; checks nothing until a route names it"),
    context(V2, "CreatePortal", "a public site about APIs; not public before it is published"),
    context(V2, "CreatePortalProduct", "groups APIs; unseen until shared or published"),
    ignored(V2, "CreateProductPage", "text of the developer portal"),
    context(V2, "CreateProductRestEndpointPage", "lists a REST method; unseen until published"),
    context(V2, "CreateRoute", "can open a route without authorization; later: api-abuse"),
    ignored(V2, "CreateRouteResponse", "reply declaration of one WebSocket route"),
    context(V2, "CreateRoutingRule", "sends part of a domain to another API; later: api-abuse"),
    rule(V2, "CreateStage", &["stage-logging-disabled"]),
    context(V2, "CreateVpcLink", "unused until an integration names it"),
    rule(V2, "DeleteAccessLogSettings", &["stage-logging-disabled"]),
    rule(V2, "DeleteApi", &["api-deleted"]),
    context(V2, "DeleteApiMapping", "unmaps a domain; later: protection-drift"),
    context(V2, "DeleteAuthorizer", "needs routes without it; later: protection-drift"),
    context(V2, "DeleteCorsConfiguration", "browsers of other origins are refused; never exposes"),
    context(V2, "DeleteDeployment", "removes a way back, never what a stage runs"),
    context(V2, "DeleteDomainName", "the API keeps its own host name; later: api-abuse"),
    context(V2, "DeleteIntegration", "removes a backend that routes no longer use"),
    ignored(V2, "DeleteIntegrationResponse", "reply mapping of one WebSocket integration"),
    ignored(V2, "DeleteModel", "a schema; loosens validation at most"),
    context(V2, "DeletePortal", "takes a portal away; the APIs in it stay as they are"),
    context(V2, "DeletePortalProduct", "takes APIs out of portals; the APIs stay as they are"),
    context(V2, "DeletePortalProductSharingPolicy", "ends sharing with other accounts"),
    ignored(V2, "DeleteProductPage", "text of the developer portal"),
    ignored(V2, "DeleteProductRestEndpointPage", "text of the developer portal"),
    context(V2, "DeleteRoute", "removes one route; later: api-abuse"),
    ignored(V2, "DeleteRouteRequestParameter", "a parameter that one WebSocket route required"),
    ignored(V2, "DeleteRouteResponse", "reply declaration of one WebSocket route"),
    rule(V2, "DeleteRouteSettings", &["stage-logging-disabled", "stage-logging-reduced"]),
    context(V2, "DeleteRoutingRule", "a domain falls back to other rules; later: api-abuse"),
    context(V2, "DeleteStage", "logging dies with it; CreateStage under its name fires"),
    context(V2, "DeleteVpcLink", "cuts the integrations that use it"),
    context(V2, "DisablePortal", "takes a portal offline; the APIs in it stay as they are"),
    rule(V2, "ImportApi", &["api-created"]),
    ignored(V2, "PreviewPortal", "shows a portal to its editors only"),
    context(V2, "PublishPortal", "a portal goes public, not its APIs; later: api-abuse"),
    context(V2, "PutPortalProductSharingPolicy", "shares with other accounts; later: api-abuse"),
    context(V2, "PutRoutingRule", "sends part of a domain to another API; later: api-abuse"),
    rule(V2, "ReimportApi", EXECUTE_API),
    context(V2, "ResetAuthorizersCache", "may be the noise around an authorizer swap"),
    context(V2, "TagResource", "can take a target out of a policy's scope"),
    context(V2, "UntagResource", "can take a target out of a policy's scope"),
    rule(V2, "UpdateApi", EXECUTE_API),
    context(V2, "UpdateApiMapping", "another API behind a domain; later: api-abuse"),
    context(V2, "UpdateAuthorizer", "can swap code or issuer; later: protection-drift"),
    ignored(V2, "UpdateDeployment", "only its description can change"),
    context(V2, "UpdateDomainName", "can drop mutual TLS; later: protection-drift"),
    context(V2, "UpdateIntegration", "can send traffic elsewhere; later: api-abuse"),
    ignored(V2, "UpdateIntegrationResponse", "reply mapping of one WebSocket integration"),
    ignored(V2, "UpdateModel", "a schema; loosens validation at most"),
    context(V2, "UpdatePortal", "can change who may sign in to a portal; later: api-abuse"),
    context(V2, "UpdatePortalProduct", "can add APIs to a portal; later: api-abuse"),
    ignored(V2, "UpdateProductPage", "text of the developer portal"),
    ignored(V2, "UpdateProductRestEndpointPage", "text of the developer portal"),
    context(V2, "UpdateRoute", "can drop authorization of a route; later: protection-drift"),
    ignored(V2, "UpdateRouteResponse", "reply declaration of one WebSocket route"),
    rule(V2, "UpdateStage", STAGE),
    ignored(V2, "UpdateVpcLink", "only its name can change"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique_in_each_service() {
        for service in [Rest, V2] {
            let names: Vec<_> = OPERATIONS
                .iter()
                .filter(|operation| operation.service == service)
                .map(|operation| operation.name)
                .collect();
            let out_of_order: Vec<_> = names.windows(2).filter(|two| two[0] >= two[1]).collect();
            assert!(out_of_order.is_empty(), "{service:?}: {out_of_order:?}");
        }
    }

    #[test]
    fn classes_are_found_by_service_and_name() {
        let rules = |service, name| match classify(service, name) {
            Some(Class::Rule(rules)) => *rules,
            other => panic!("{service:?} {name}: {other:?}"),
        };
        assert_eq!(rules(Rest, "UpdateStage"), STAGE);
        assert_eq!(rules(V2, "CreateStage"), ["stage-logging-disabled"]);
        assert_eq!(rules(Rest, "PutRestApi"), API);
        assert_eq!(rules(V2, "ReimportApi"), EXECUTE_API);
        for service in [Rest, V2] {
            assert!(matches!(
                classify(service, "DeleteStage"),
                Some(Class::Context(_))
            ));
        }
    }

    #[test]
    fn unknown_names_have_no_class() {
        for (service, name) in [
            (Rest, "GetStage"),
            (Rest, "DeleteAccessLogSettings"),
            (V2, "UpdateRestApi"),
            (V2, "updatestage"),
            (V2, ""),
        ] {
            assert_eq!(classify(service, name), None, "{service:?} {name}");
        }
    }

    #[test]
    fn every_class_says_something() {
        for Operation { name, class, .. } in OPERATIONS {
            let said = match class {
                Class::Rule(rules) => rules.concat(),
                Class::Context(reason) | Class::Ignored(reason) => (*reason).to_owned(),
            };
            assert!(!said.is_empty(), "{name}");
        }
    }
}
