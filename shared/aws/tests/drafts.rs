//! Fingerprints of drafts and what deployments published, on a local AWS.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_apigateway as v1;
use portcullis_aws::baselines::DynamoBaselines;
use portcullis_aws::clients::Clients;
use portcullis_aws::drafts::DynamoDrafts;
use portcullis_aws::settings::ApiGatewaySettings;
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::change::ApiType;
use portcullis_core::keeper::draft::{DraftStore, Missed, Published};
use portcullis_core::remediation::ports::{DraftReader, PublicationReader};
use portcullis_core::remediation::publication::{Exposure, Fingerprint};

fn thing(api: &str) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Api(Api {
            id: api.to_owned(),
            kind: Some(ApiType::Rest),
            name: None,
        }),
    }
}

fn fingerprint(digest: &str) -> Fingerprint {
    Fingerprint(BTreeMap::from([("GET /".to_owned(), digest.to_owned())]))
}

fn published(time: &str, digest: &str) -> Published {
    let time: jiff::Timestamp = time.parse().unwrap();
    Published {
        api: thing("a1"),
        time,
        deployment: Some(digest.to_owned()),
        draft: Ok((fingerprint(digest), time.as_millisecond() + 4_000)),
    }
}

#[tokio::test]
async fn the_last_deployment_before_an_event_is_found() {
    let Some((config, table)) = common::table("drafts").await else {
        return;
    };
    let store = DynamoDrafts::new(&config, table.clone());
    for (time, digest, is_new) in [
        ("2026-11-02T10:00:00Z", "d1", true),
        ("2026-11-02T12:00:00Z", "d2", true),
        // The same event again, with a draft that was edited meanwhile.
        ("2026-11-02T12:00:00Z", "d9", false),
    ] {
        let published = published(time, digest);
        assert_eq!(store.keep(&published).await.unwrap(), is_new);
    }
    let before = async |time: &str| {
        let time = time.parse().unwrap();
        let found = store.published_before(&thing("a1"), time).await.unwrap();
        found.map(|published| published.fingerprint)
    };
    assert_eq!(before("2026-11-02T10:00:00Z").await, None);
    assert_eq!(
        before("2026-11-02T10:00:01Z").await,
        Some(fingerprint("d1"))
    );
    assert_eq!(
        before("2026-11-02T12:00:00Z").await,
        Some(fingerprint("d1"))
    );
    assert_eq!(
        before("2026-11-02T12:00:01Z").await,
        Some(fingerprint("d2"))
    );

    // Nobody takes d2 for what this one published.
    let missed = Published {
        draft: Err(Missed::Late),
        deployment: None,
        ..published("2026-11-02T13:00:00Z", "")
    };
    assert!(store.keep(&missed).await.unwrap());
    assert_eq!(before("2026-11-02T14:00:00Z").await, None);
    let time = "2026-11-02T14:00:00Z".parse().unwrap();
    let other = store.published_before(&thing("a2"), time).await.unwrap();
    assert_eq!(other, None);

    // Beside the versions of settings, and not one of them.
    let versions = DynamoBaselines::new(&config, table).export(None).await;
    assert_eq!(versions.unwrap(), []);
}

/// An API with a method on its root, which has a resource below.
async fn make_api(rest: &v1::Client) -> (String, String) {
    let api = rest.create_rest_api().name("drafts").send().await.unwrap();
    let id = api.id().unwrap();
    let pets = rest.create_resource().rest_api_id(id).path_part("pets");
    let pets = pets.parent_id(api.root_resource_id().unwrap());
    let pets = pets.send().await.unwrap();
    let pets = pets.id().unwrap();
    put_method(rest, id, pets, "GET").await;
    (id.to_owned(), pets.to_owned())
}

async fn put_method(rest: &v1::Client, api: &str, resource: &str, verb: &str) {
    let method = rest.put_method().rest_api_id(api).resource_id(resource);
    let method = method.http_method(verb).authorization_type("NONE");
    method.send().await.unwrap();
    let mock = rest.put_integration().rest_api_id(api);
    let mock = mock.resource_id(resource).http_method(verb);
    let mock = mock.r#type(v1::types::IntegrationType::Mock);
    mock.send().await.unwrap();
}

async fn deploy(rest: &v1::Client, api: &str) {
    let deployment = rest.create_deployment().rest_api_id(api);
    deployment.stage_name("prod").send().await.unwrap();
}

fn reader(config: &SdkConfig) -> ApiGatewaySettings {
    ApiGatewaySettings::new(Arc::new(Clients::of_config(config.clone())))
}

#[tokio::test]
async fn a_draft_and_its_publications_are_read() {
    let Some((config, _)) = common::table("publication").await else {
        return;
    };
    let rest = v1::Client::new(&config);
    let (id, pets) = make_api(&rest).await;
    let (reader, thing) = (reader(&config), thing(&id));
    deploy(&rest, &id).await;
    let deployed = reader.draft(&thing).await.unwrap();
    assert_eq!(reader.draft(&thing).await.unwrap(), deployed);

    put_method(&rest, &id, &pets, "POST").await;
    let edited = reader.draft(&thing).await.unwrap();
    assert_eq!(edited.differences(&deployed), ["POST /pets was added"]);
    let custom = rest.put_gateway_response().rest_api_id(&id);
    let custom = custom.response_type(v1::types::GatewayResponseType::Unauthorized);
    custom.status_code("200").send().await.unwrap();
    let customised = reader.draft(&thing).await.unwrap();
    let expected = ["gateway response UNAUTHORIZED was added"];
    assert_eq!(customised.differences(&edited), expected);

    let publications = reader.publications(&thing).await.unwrap();
    assert_eq!(
        (publications.stages.len(), publications.deployments.len()),
        (1, 1)
    );
    let deployed = publications.deployments.values().next().unwrap().unwrap();
    assert_eq!(publications.exposure(deployed + 60), Exposure::Armed);
    let live = Exposure::Live {
        since: Some(deployed),
        stages: vec!["prod".to_owned()],
    };
    assert_eq!(publications.exposure(deployed), live);
}
