//! Answers of API Gateway by hand: pages, what is missing, what is not told. No network; the clock of the
//! pace stands still.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use portcullis_core::baseline::thing::{Api, What};
use portcullis_core::change::ApiType;
use portcullis_core::remediation::publication::Exposure;

use super::*;
use crate::clients::Clients;

type Answer = dyn Fn(&str) -> (u16, String) + Send + Sync;

/// Answers by path and query, and remembers what was asked.
#[derive(Clone)]
struct Gateway {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway")
    }
}

impl HttpConnector for Gateway {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (_, asked) = request.uri().split_once("/restapis/a1").unwrap();
        self.asked.lock().unwrap().push(asked.to_owned());
        let (status, body) = (self.answer)(asked);
        let mut response = HttpResponse::new(status.try_into().unwrap(), body.into());
        if status == 404 {
            let headers = response.headers_mut();
            headers.insert("x-amzn-errortype", "NotFoundException");
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn gateway(
    answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
) -> (Gateway, ApiGatewaySettings) {
    let gateway = Gateway {
        answer: Arc::new(answer),
        asked: Arc::default(),
    };
    let connector = SharedHttpConnector::new(gateway.clone());
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let clients = Arc::new(Clients::of_config(config));
    (gateway, ApiGatewaySettings::new(clients))
}

fn api(kind: ApiType) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Api(Api {
            id: "a1".to_owned(),
            kind: Some(kind),
            name: None,
        }),
    }
}

const METHOD: &str = r#"{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false,
    "methodResponses":{"200":{"statusCode":"200"}},
    "methodIntegration":{"type":"MOCK","cacheNamespace":"r2","timeoutInMillis":29000,
        "requestTemplates":{"application/json":"{}"},
        "integrationResponses":{"200":{"statusCode":"200"}}}}"#;

/// A private API whose resources come on two pages.
fn answer(asked: &str) -> (u16, String) {
    let path = asked.split('?').next().unwrap_or_default();
    let body = match path {
        "" => {
            r#"{"id":"a1","policy":"{\\\"Version\\\":\\\"2012-10-17\\\"}","apiStatus":"AVAILABLE",
            "endpointConfiguration":{"types":["PRIVATE"],"vpcEndpointIds":["vpce-1"]}}"#
        }
        "/resources" if asked.contains("position=p2") => {
            let method =
                format!(r#"{{"id":"r2","path":"/pets","resourceMethods":{{"GET":{METHOD}}}}}"#);
            return (200, format!(r#"{{"item":[{method}]}}"#));
        }
        "/resources" => r#"{"position":"p2","item":[{"id":"r1","path":"/"}]}"#,
        "/authorizers" => {
            r#"{"item":[{"id":"x1","name":"n","type":"TOKEN","authorizerUri":"arn:f"}]}"#
        }
        "/models" => {
            r#"{"item":[{"id":"m1","name":"Pet","schema":"{}","contentType":"application/json"}]}"#
        }
        "/gatewayresponses" => {
            r#"{"item":[{"responseType":"DEFAULT_4XX","defaultResponse":true},
            {"responseType":"UNAUTHORIZED","statusCode":"401","defaultResponse":false}]}"#
        }
        "/requestvalidators" => r#"{"item":[{"id":"v1","name":"all","validateRequestBody":true}]}"#,
        "/deployments" if asked.contains("position=p2") => {
            r#"{"item":[{"id":"d2","createdDate":1793613600}]}"#
        }
        "/deployments" => r#"{"position":"p2","item":[{"id":"d1","createdDate":1793600000}]}"#,
        "/stages" => {
            r#"{"item":[{"stageName":"prod","deploymentId":"d1","createdDate":1793600000,
            "lastUpdatedDate":1793600500},{"stageName":"test","deploymentId":"d2","createdDate":1793613601}]}"#
        }
        _ => return (404, String::new()),
    };
    (200, body.to_owned())
}

const REST: ApiType = ApiType::Rest;

#[tokio::test(start_paused = true)]
async fn a_draft_is_read_whole_in_seven_requests() {
    let (gateway, reader) = gateway(answer);
    let fingerprint = reader.draft(&api(REST)).await.unwrap();
    let names: Vec<&str> = fingerprint.0.keys().map(String::as_str).collect();
    let expected = [
        "GET /pets",
        "authorizer x1",
        "endpoint configuration",
        "gateway response UNAUTHORIZED",
        "model Pet",
        "policy",
        "request validator v1",
        "resource /",
        "resource /pets",
    ];
    assert_eq!(names, expected);
    let asked = gateway.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 7, "{asked:#?}");
    assert_eq!(reader.requests("111122223333").await, 7);
    let of_resources = asked.iter().filter(|uri| uri.starts_with("/resources?"));
    assert!(
        of_resources
            .clone()
            .all(|uri| uri.contains("embed=methods"))
    );
    assert!(of_resources.clone().all(|uri| uri.contains("limit=500")));
}

/// Each list in turn fails, does not exist, or shows something without its name.
#[tokio::test(start_paused = true)]
async fn no_half_of_a_draft_ever_becomes_one() {
    for path in [
        "/resources",
        "/authorizers",
        "/models",
        "/gatewayresponses",
        "/requestvalidators",
    ] {
        for (status, body, retryable) in [
            (404, "", false),
            (403, r#"{"message":"no"}"#, false),
            (429, "", true),
            (500, "", true),
            (200, r#"{"item":[{}]}"#, false),
            (200, r#"{"item":"#, false),
            (200, r#"{"position":"p9","item":[]}"#, false),
        ] {
            let (_, reader) = gateway(move |asked| match asked.starts_with(path) {
                true => (status, body.to_owned()),
                false => answer(asked),
            });
            let error = reader.draft(&api(REST)).await.unwrap_err();
            assert_eq!(
                error.retryable, retryable,
                "{path} {status} {body}: {error:?}"
            );
            assert!(reader.look(&api(REST), i64::MAX).await.is_err());
        }
    }
}

/// Without `embed` API Gateway names methods and shows nothing of them.
#[tokio::test(start_paused = true)]
async fn a_method_that_is_not_shown_is_an_error() {
    let (_, reader) = gateway(|asked| match asked.starts_with("/resources") {
        true => {
            let body = r#"{"item":[{"id":"r1","path":"/","resourceMethods":{"GET":{}}}]}"#;
            (200, body.to_owned())
        }
        false => answer(asked),
    });
    let error = reader.draft(&api(REST)).await.unwrap_err();
    assert!(
        error.to_string().contains("a method is not shown"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_member_of_a_part_counts_but_not_ids() {
    let read = async |from: &'static str, to: &'static str| {
        let (_, reader) = gateway(move |asked| {
            let (status, body) = answer(asked);
            (status, body.replace(from, to))
        });
        reader.draft(&api(REST)).await.unwrap()
    };
    let known = read("", "").await;
    let changes = [
        ("NONE", "AWS_IAM", "GET /pets"),
        ("\"MOCK\"", "\"AWS\"", "GET /pets"),
        (
            r#""cacheNamespace":"r2""#,
            r#""cacheNamespace":"x""#,
            "GET /pets",
        ),
        (r#"{"200":{"statusCode":"200"}}}}"#, "{}}}", "GET /pets"),
        ("arn:f", "arn:g", "authorizer x1"),
        ("vpce-1", "vpce-2", "endpoint configuration"),
        ("2012-10-17", "2008-10-17", "policy"),
        ("\"401\"", "\"200\"", "gateway response UNAUTHORIZED"),
        (r#""schema":"{}""#, r#""schema":"{ }""#, "model Pet"),
        ("Body\":true", "Body\":false", "request validator v1"),
    ];
    for (from, to, name) in changes {
        let differences = read(from, to).await.differences(&known);
        assert_eq!(differences, [format!("{name} was changed")], "{from}");
    }
    // Made again under its path.
    assert_eq!(read("r2", "r9").await, known);
    assert_eq!(read(r#""id":"m1""#, r#""id":"m2""#).await, known);
    assert_eq!(read("\"DEFAULT_4XX\"", "\"DEFAULT_5XX\"").await, known);
}

#[tokio::test(start_paused = true)]
async fn publications_have_all_pages_and_times() {
    let (gateway, reader) = gateway(answer);
    let publications = reader.publications(&api(REST)).await.unwrap();
    assert_eq!(gateway.asked.lock().unwrap().len(), 3);
    let changed: Vec<_> = publications
        .stages
        .iter()
        .map(|stage| stage.changed)
        .collect();
    assert_eq!(changed, [Some(1_793_600_500), Some(1_793_613_601)]);
    assert_eq!(publications.deployments.len(), 2);
    let live = Exposure::Live {
        since: Some(1_793_613_600),
        stages: vec!["test".to_owned()],
    };
    assert_eq!(publications.exposure(1_793_613_600), live);
    assert_eq!(publications.exposure(1_793_613_700), Exposure::Armed);
}

/// An API without stages and deployments would look harmless.
#[tokio::test(start_paused = true)]
async fn publications_that_cannot_be_read_are_an_error() {
    for path in ["/deployments", "/stages"] {
        for (status, body) in [(404, ""), (500, ""), (200, r#"{"item":[{}]}"#)] {
            let (_, reader) = gateway(move |asked| match asked.starts_with(path) {
                true => (status, body.to_owned()),
                false => answer(asked),
            });
            assert!(
                reader.publications(&api(REST)).await.is_err(),
                "{path} {status}"
            );
        }
    }
    let (_, reader) = gateway(|asked| match asked.starts_with("/stages") {
        true => (200, r#"{"item":[{"stageName":"prod"}]}"#.to_owned()),
        false => answer(asked),
    });
    let publications = reader.publications(&api(REST)).await.unwrap();
    assert_eq!(publications.stages[0].changed, None);
    assert_ne!(publications.exposure(i64::MAX), Exposure::Armed);
}

#[tokio::test(start_paused = true)]
async fn status_of_an_api() {
    let cases = [
        (200, r#"{"apiStatus":"AVAILABLE"}"#, ApiStatus::Available),
        (200, "{}", ApiStatus::Available),
        (200, r#"{"apiStatus":"FAILED"}"#, ApiStatus::Available),
        (200, r#"{"apiStatus":"UPDATING"}"#, ApiStatus::Updating),
        (200, r#"{"apiStatus":"PENDING"}"#, ApiStatus::Updating),
        (200, r#"{"apiStatus":"RESTING"}"#, ApiStatus::Updating),
        (404, "", ApiStatus::Gone),
    ];
    for (code, body, expected) in cases {
        let (_, reader) = gateway(move |_| (code, body.to_owned()));
        assert_eq!(reader.status(&api(REST)).await.unwrap(), expected, "{body}");
    }
    let (_, reader) = gateway(|_| (403, String::new()));
    assert!(reader.status(&api(REST)).await.is_err());
    assert!(reader.status(&api(ApiType::Http)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_look_knows_what_is_late_and_what_is_gone() {
    let (asked, reader) = gateway(|_| (404, String::new()));
    let look = reader.look(&api(REST), 0).await.unwrap();
    assert_eq!(look, Look::Late);
    assert!(asked.asked.lock().unwrap().is_empty());
    let look = reader.look(&api(REST), i64::MAX).await.unwrap();
    assert_eq!(look, Look::Gone);
    assert!(reader.draft(&api(REST)).await.is_err());
    let (_, reader) = gateway(answer);
    let look = reader.look(&api(REST), i64::MAX).await.unwrap();
    let Look::Read { fingerprint, at } = look else {
        panic!("{look:?}");
    };
    assert_eq!(fingerprint.0.len(), 9);
    assert!(at <= now_ms());
}
