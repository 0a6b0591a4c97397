//! `api-lifecycle`: APIs created, deleted, disabled, enabled; misuse of the responder's own role.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    portcullis_aws::bootstrap::run("api-lifecycle").await
}
