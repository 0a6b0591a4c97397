//! `baseline`: the sole writer of the last known good settings of every API, stage and account.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    portcullis_aws::keeping::run().await
}
