//! `portcullis approve` and `portcullis undo`, against a server on loopback that plays Lambda.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::common::{Run, command, finish, run};

const ID: &str = "restore-stage-logging-0123456789abcdef";

/// What Lambda was asked: the request line and the payload.
struct Asked {
    line: String,
    payload: Value,
}

/// A Lambda that answers one invocation.
struct Lambda {
    address: String,
    thread: JoinHandle<Asked>,
}

impl Lambda {
    /// Answers with this status, these further headers and this body.
    fn that_answers(status: &'static str, headers: &'static [&'static str], body: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = read(&stream);
            let body = body.to_string();
            let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
            for header in headers {
                head.push_str(&format!("{header}\r\n"));
            }
            head.push_str("Content-Type: application/json\r\nConnection: close\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).unwrap();
            asked
        });
        Self { address, thread }
    }

    /// Runs the command line against it.
    fn run(self, args: &[&str]) -> (Run, Asked) {
        let mut command = command(args);
        command
            .env("AWS_ENDPOINT_URL_LAMBDA", &self.address)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "111122223333")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let run = finish(command);
        (run, self.thread.join().unwrap())
    }
}

/// One request with a `Content-Length`.
fn read(stream: &std::net::TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let header = header.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked {
        line: line.trim().to_owned(),
        payload: serde_json::from_slice(&body).unwrap(),
    }
}

fn answer(state: &str, text: &[&str]) -> Value {
    json!({"id": ID, "state": state, "text": text})
}

#[test]
fn an_approval_reaches_the_function_that_the_id_tells() {
    let text = ["put back and read back: as it was", "a\u{1b}[2Jb"];
    let lambda = Lambda::that_answers("200 OK", &[], answer("verified", &text));
    let (run, asked) = lambda.run(&["approve", ID, "--by", "carol"]);
    assert_eq!(
        asked.line,
        "POST /2015-03-31/functions/portcullis-stage-logging/invocations HTTP/1.1"
    );
    let command = json!({"command": "approve", "id": ID, "by": "carol"});
    assert_eq!(asked.payload, command);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    insta::assert_snapshot!(run.out, @r"
    restore-stage-logging-0123456789abcdef: verified
      put back and read back: as it was
      a\u{1b}[2Jb
    ");
}

#[test]
fn an_undo_that_needs_a_delete_prints_the_commands_and_fails() {
    let text = [
        "that takes a call that deletes, which is never made here",
        "aws apigatewayv2 delete-access-log-settings --api-id a1 --stage-name prod",
    ];
    let lambda = Lambda::that_answers("200 OK", &[], answer("refused", &text));
    let id = "contain-0123456789abcdef";
    let (run, asked) = lambda.run(&["undo", id, "--function", "mine", "--format", "json"]);
    assert!(asked.line.contains("/functions/mine/"), "{}", asked.line);
    assert_eq!(asked.payload, json!({"command": "undo", "id": id}));
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(told, answer("refused", &text));
}

#[test]
fn the_status_says_whether_it_is_done() {
    let table = [
        ("verified", 0),
        ("undone", 0),
        ("already-right", 0),
        ("attempted", 1),
        ("failed", 1),
        ("awaiting", 1),
        ("refused", 1),
    ];
    for (state, code) in table {
        let lambda = Lambda::that_answers("200 OK", &[], answer(state, &[]));
        let (run, _) = lambda.run(&["approve", ID]);
        assert_eq!(run.code, code, "{state}: {}", run.err);
    }
}

#[test]
fn an_id_that_is_none_names_the_nearest_and_costs_no_call() {
    let table = [
        (
            "restor-stage-loging-0123456789abcdef",
            "`restore-stage-logging-0123456789abcdef`",
        ),
        ("redeploy-0123", "`redeploy-0123456789abcdef`"),
        ("contain", "`contain-0123456789abcdef`"),
        (
            "restore-private-endpoint-0123456789ABCDEF",
            "`restore-private-endpoint-",
        ),
        ("\u{1b}[2J", "`\\u{1b}[2J` is no id"),
        ("", "16 of the digits"),
    ];
    for (id, said) in table {
        for verb in ["approve", "undo"] {
            let run = run(&[verb, id]);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{id}");
            assert!(run.err.contains(said), "{id}: {}", run.err);
        }
    }
}

#[test]
fn a_function_that_fails_is_told_with_the_next_step() {
    let fault =
        json!({"errorType": "Error", "errorMessage": "cannot read the ledger\u{202e}: throttled"});
    let lambda = Lambda::that_answers("200 OK", &["X-Amz-Function-Error: Unhandled"], fault);
    let (run, _) = lambda.run(&["approve", ID]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for part in [
        ID,
        "cannot read the ledger\\u{202e}: throttled",
        "may be given again",
        "/aws/lambda/portcullis-stage-logging",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[test]
fn what_lambda_refuses_says_what_is_missing() {
    let denied = json!({"Message": "User: x is not authorized", "Type": "User"});
    let lambda = Lambda::that_answers(
        "403 Forbidden",
        &["X-Amzn-ErrorType: AccessDeniedException"],
        denied,
    );
    let (run, _) = lambda.run(&["undo", ID]);
    assert_eq!(run.code, 2);
    for part in [
        "lambda:InvokeFunction",
        "`portcullis-stage-logging`",
        "not authorized",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    let missing = json!({"Message": "Function not found", "Type": "User"});
    let lambda = Lambda::that_answers(
        "404 Not Found",
        &["X-Amzn-ErrorType: ResourceNotFoundException"],
        missing,
    );
    let (run, _) = lambda.run(&["undo", "redeploy-0123456789abcdef"]);
    assert_eq!(run.code, 2);
    for part in [
        "`portcullis-api-exposure`",
        "(eu-west-1)",
        "AWS_REGION",
        "--function",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[test]
fn another_function_s_answer_is_not_taken_for_one() {
    let lambda = Lambda::that_answers("200 OK", &[], json!({"batchItemFailures": []}));
    let (run, _) = lambda.run(&["approve", ID, "--function", "other"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("`other` is none to a command"),
        "{}",
        run.err
    );
}

#[test]
fn no_region_is_told_before_anything_is_sent() {
    let mut command = command(&["approve", ID]);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let run = finish(command);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("AWS_REGION"), "{}", run.err);
}

#[test]
fn help_says_what_it_takes() {
    for verb in ["approve", "undo"] {
        let run = run(&[verb, "--help"]);
        assert_eq!(run.code, 0);
        for part in [
            "lambda:InvokeFunction",
            "--function",
            "--by",
            "--format",
            "Exit status",
        ] {
            assert!(run.out.contains(part), "{verb} {part}: {}", run.out);
        }
    }
}
