//! `stage-logging`: logging switched off or starved, and the account's CloudWatch role.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    portcullis_aws::writing::run("stage-logging").await
}
