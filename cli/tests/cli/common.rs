//! Runs the binary in a fixed environment, reads the example, makes records and files.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use walkdir::WalkDir;

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The findings of `--format jsonl`.
    pub(crate) fn findings(&self) -> Vec<Value> {
        lines(&self.out)
    }

    /// The rule of every finding, in their order.
    pub(crate) fn fired(&self) -> Vec<String> {
        let name = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
        self.findings().iter().map(name).collect()
    }
}

/// The JSON value of every line.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(parse).collect()
}

/// The binary in the workspace's folder, with nothing of the tester's environment.
pub(crate) fn command<S: AsRef<OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.env_clear().current_dir(workspace()).args(args);
    command.stdin(Stdio::null());
    command
}

pub(crate) fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn run<S: AsRef<OsStr>>(args: &[S]) -> Run {
    finish(command(args))
}

/// `replay PATHS --format jsonl`.
pub(crate) fn replay<S: AsRef<OsStr>>(args: &[S]) -> Run {
    let mut command = command(&["replay", "--format", "jsonl"]);
    command.args(args);
    finish(command)
}

/// With `input` on standard input.
pub(crate) fn run_on(args: &[&str], input: &[u8]) -> Run {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut command = command(args);
    command.stdin(file);
    finish(command)
}

pub(crate) fn workspace() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.parent().unwrap().to_owned()
}

/// A file of the workspace.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

/// A folder that goes when the test ends.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

#[derive(Deserialize)]
struct LogFile {
    #[serde(rename = "Records", default)]
    records: Vec<Box<RawValue>>,
}

/// Every record of the example as it stands there, each on one line.
pub(crate) static INCIDENT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let walk = WalkDir::new(workspace().join("examples/incident")).sort_by_file_name();
    let entries = walk.into_iter().map(|entry| entry.unwrap());
    let mut records = Vec::new();
    for entry in entries.filter(|entry| entry.file_type().is_file()) {
        let mut text = String::new();
        let mut file = GzDecoder::new(fs::File::open(entry.path()).unwrap());
        file.read_to_string(&mut text).unwrap();
        let file: LogFile = serde_json::from_str(&text).unwrap();
        records.extend(file.records.iter().map(|raw| raw.get().to_owned()));
    }
    assert!(records.iter().all(|record| !record.contains('\n')));
    records
});

/// One record a line.
pub(crate) fn ndjson<S: ToString>(records: impl IntoIterator<Item = S>) -> String {
    let line = |record: S| record.to_string() + "\n";
    records.into_iter().map(line).collect()
}

/// The EventBridge event that carries a record.
pub(crate) fn event(record: &str) -> String {
    let fields: Value = serde_json::from_str(record).unwrap();
    let service = fields["eventSource"].as_str().unwrap();
    format!(
        r#"{{"version":"0","id":{},"detail-type":"AWS API Call via CloudTrail","source":"aws.{}","account":{},"time":{},"region":{},"resources":[],"detail":{record}}}"#,
        fields["eventID"],
        service.strip_suffix(".amazonaws.com").unwrap(),
        fields["recipientAccountId"],
        fields["eventTime"],
        fields["awsRegion"],
    )
}

/// A successful call in account 111122223333 at `time` of 2 November 2026; `number` makes its id.
pub(crate) fn call(number: u32, time: &str, name: &str, request: Value, response: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLEEXAMPLE111:mallory",
            "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/mallory",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLEEXAMPLE11",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEEXAMPLE111",
                    "arn": "arn:aws:iam::111122223333:role/Deploy",
                    "accountId": "111122223333",
                    "userName": "Deploy"
                },
                "attributes": {"creationDate": "2026-11-02T09:44:08Z", "mfaAuthenticated": "false"}
            }
        },
        "eventTime": format!("2026-11-02T{time}Z"),
        "eventSource": "apigateway.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.44",
        "userAgent": "aws-cli/2.31.2 md/command#apigateway",
        "requestParameters": request,
        "responseElements": response,
        "requestID": format!("11111111-0000-4000-8000-{number:012}"),
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "apigateway.eu-west-1.amazonaws.com"
        }
    })
}

/// Deletes the REST API `api<number>`.
pub(crate) fn deletion(number: u32, time: &str) -> Value {
    let request = json!({"restApiId": format!("api{number}"), "template": false});
    call(number, time, "DeleteRestApi", request, Value::Null)
}

/// Switches execution logging off for a stage of the REST API `a1b2c3d4e5`.
pub(crate) fn logging_off(number: u32, time: &str, stage: &str) -> Value {
    let target = json!({"restApiId": "a1b2c3d4e5", "stageName": stage, "template": false});
    let mut request = target.clone();
    request["updateStageInput"] = json!({
        "patchOperations": [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "OFF"}]
    });
    let response = json!({
        "deploymentId": "43s4u5",
        "stageName": stage,
        "cacheClusterEnabled": false,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {"*/*": {
            "metricsEnabled": false,
            "loggingLevel": "OFF",
            "dataTraceEnabled": false,
            "throttlingBurstLimit": 5000,
            "throttlingRateLimit": 10000.0,
            "cachingEnabled": false,
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": false,
            "requireAuthorizationForCacheControl": true,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
        }},
        "tracingEnabled": false,
        "createdDate": "2025-06-17T08:21:40Z",
        "lastUpdatedDate": "2026-11-02T10:00:00Z",
        "stageUpdate": target,
        "stageDelete": target,
        "stageFlushAuthorizerCache": target,
        "self": target
    });
    call(number, time, "UpdateStage", request, response)
}

/// Four APIs of one account deleted within six minutes: the fourth makes `apis-deleted-in-bulk`.
pub(crate) fn four(folder: &Folder) -> String {
    let times = ["10:00:00", "10:02:00", "10:04:00", "10:06:00"];
    let records = (1..)
        .zip(times)
        .map(|(number, time)| deletion(number, time));
    folder.write("four.ndjson", ndjson(records))
}
