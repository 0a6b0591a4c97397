//! Reads the draft of a REST API: all of it, or an error.

use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::types;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::publication::Fingerprint;
use portcullis_core::remediation::publication::draft::{Draft, Part, Resource, Settings};

use super::{all_pages, draft_json as json, unclear};
use crate::settings::Connection;

impl Connection<'_> {
    /// The fingerprint of the draft and the end of the last request in milliseconds since the epoch;
    /// `None` when the API does not exist.
    pub(super) async fn draft(&self, id: &str) -> Result<Option<(Fingerprint, i64)>, PortError> {
        let send = || self.rest.get_rest_api().rest_api_id(id).send();
        let Some(api) = self.call("read the API", send).await? else {
            return Ok(None);
        };
        let draft = Draft {
            settings: settings(api.value),
            resources: self.resources(id).await?,
            authorizers: self.authorizers(id).await?,
            models: self.models(id).await?,
            gateway_responses: self.gateway_responses(id).await?,
            request_validators: self.request_validators(id).await?,
        };
        let ended = crate::bootstrap::now_ms();
        let fingerprint = draft.fingerprint().map_err(|error| PortError {
            action: "understand the draft",
            retryable: false,
            source: Box::new(error),
        })?;
        Ok(Some((fingerprint, ended)))
    }

    async fn resources(&self, id: &str) -> Result<Vec<Resource>, PortError> {
        let all = all_pages!(
            self,
            "list the resources",
            self.rest.get_resources().rest_api_id(id).embed("methods")
        );
        all.into_iter().map(resource).collect()
    }

    async fn authorizers(&self, id: &str) -> Result<Vec<Part>, PortError> {
        let all = all_pages!(
            self,
            "list the authorizers",
            self.rest.get_authorizers().rest_api_id(id)
        );
        let parts = all.iter().map(|one| part(one.id(), json::authorizer(one)));
        parts.collect()
    }

    async fn models(&self, id: &str) -> Result<Vec<Part>, PortError> {
        let all = all_pages!(
            self,
            "list the models",
            self.rest.get_models().rest_api_id(id)
        );
        let parts = all.iter().map(|one| part(one.name(), json::model(one)));
        parts.collect()
    }

    /// API Gateway lists all types; those that nobody has customised may change with a release of it.
    async fn gateway_responses(&self, id: &str) -> Result<Vec<Part>, PortError> {
        let all = all_pages!(
            self,
            "list the gateway responses",
            self.rest.get_gateway_responses().rest_api_id(id)
        );
        let customised = all.iter().filter(|one| !one.default_response);
        let parts = customised.map(|one| {
            let kind = one.response_type.as_ref().map(|kind| kind.as_str());
            part(kind, json::gateway_response(one))
        });
        parts.collect()
    }

    async fn request_validators(&self, id: &str) -> Result<Vec<Part>, PortError> {
        let all = all_pages!(
            self,
            "list the request validators",
            self.rest.get_request_validators().rest_api_id(id)
        );
        let parts = all.iter().map(|one| part(one.id(), json::validator(one)));
        parts.collect()
    }
}

fn part(name: Option<&str>, json: String) -> Result<Part, PortError> {
    let name = name.ok_or_else(|| unclear("understand the draft", "a part has no name"))?;
    Ok(Part {
        name: name.to_owned(),
        json,
    })
}

fn resource(resource: types::Resource) -> Result<Resource, PortError> {
    let (Some(path), Some(id)) = (resource.path, resource.id) else {
        return Err(unclear("understand the draft", "a resource has no path"));
    };
    let methods = resource.resource_methods.unwrap_or_default().into_iter();
    let method = |(verb, method): (String, types::Method)| {
        // Without its embedding a method is an empty object.
        if method.http_method.is_none() || method.authorization_type.is_none() {
            return Err(unclear("understand the draft", "a method is not shown"));
        }
        part(Some(&verb), json::method(&id, &method))
    };
    Ok(Resource {
        path,
        methods: methods.map(method).collect::<Result<_, _>>()?,
    })
}

fn settings(api: GetRestApiOutput) -> Settings {
    let endpoint = api.endpoint_configuration;
    let endpoint = endpoint.unwrap_or_else(|| types::EndpointConfiguration::builder().build());
    let types = endpoint.types.iter().flatten();
    Settings {
        policy: api.policy,
        endpoint_types: types.map(|kind| kind.as_str().to_owned()).collect(),
        vpc_endpoint_ids: endpoint.vpc_endpoint_ids.unwrap_or_default(),
        ip_address_type: endpoint
            .ip_address_type
            .map(|kind| kind.as_str().to_owned()),
        binary_media_types: api.binary_media_types.unwrap_or_default(),
        minimum_compression_size: api.minimum_compression_size.map(i64::from),
        api_key_source: api.api_key_source.map(|kind| kind.as_str().to_owned()),
        security_policy: api.security_policy.map(|kind| kind.as_str().to_owned()),
        endpoint_access_mode: api
            .endpoint_access_mode
            .map(|kind| kind.as_str().to_owned()),
    }
}
