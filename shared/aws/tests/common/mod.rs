//! An empty table of its own for each test, in the local AWS that `PORTCULLIS_LOCAL_AWS` names.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

/// A configuration and a new table with `pk` and `sk`; `None`, and a line that says so, without a
/// local AWS.
pub(crate) async fn table(name: &str) -> Option<(SdkConfig, String)> {
    let Ok(endpoint) = std::env::var("PORTCULLIS_LOCAL_AWS") else {
        println!("skipped: PORTCULLIS_LOCAL_AWS is not set");
        return None;
    };
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .endpoint_url(endpoint)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("111122223333", "none", None, None, "test"))
        .load()
        .await;
    let client = Client::new(&config);
    let name = format!("{name}-{}", std::process::id());
    let mut create = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let schema = KeySchemaElement::builder()
            .attribute_name(key)
            .key_type(kind);
        let attribute = AttributeDefinition::builder()
            .attribute_name(key)
            .attribute_type(ScalarAttributeType::S);
        create = create
            .key_schema(schema.build().unwrap())
            .attribute_definitions(attribute.build().unwrap());
    }
    create.send().await.unwrap();
    Some((config, name))
}
