//! `api-exposure`: private APIs made public.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    portcullis_aws::writing::run("api-exposure").await
}
