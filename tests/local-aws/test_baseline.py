"""The function `baseline` beside the others: findings show what stood before; a sweep and an export end to end."""

import json
import os
import subprocess

import pytest

from bench import ACCOUNT, REGION, LocalAws
from deliveries import at
from scenes import STAGE_FUNCTIONS, http_stage, last, patch, queue_of, rest_stage, set_account_role
from stack import BINARIES, Stack

EARLIER = {"eventTime": at(120)}


@pytest.fixture(scope="module")
def kept():
    """Portcullis with its baseline, in an AWS of its own: what it keeps would change the findings of other tests."""
    with LocalAws() as aws:
        stack = Stack(aws)
        stack.sweeps, _ = queue_of(aws, "sweeps")
        stack.settings["PORTCULLIS_SWEEP_QUEUE"] = stack.sweeps
        stack.functions["baseline"] = stack.deploy("baseline")
        # A sweep keeps a minute for the message that goes on, and so needs a function that may run longer.
        aws.client("lambda").update_function_configuration(FunctionName="portcullis-baseline", Timeout=900)
        yield stack


def test_a_finding_shows_what_stood_before(kept):
    kept.empty()
    set_account_role(kept.aws)
    before = kept.aws.client("apigateway", record=EARLIER)
    stage = rest_stage(before)
    before.update_stage(**stage, patchOperations=patch("replace", "/*/*/logging/loglevel", "INFO"))
    kept.handled(last(kept, "UpdateStage"), "baseline", *STAGE_FUNCTIONS)
    kept.aws.client("apigateway").update_stage(
        **stage, patchOperations=patch("replace", "/*/*/logging/loglevel", "OFF"))
    kept.handled(last(kept, "UpdateStage"), "baseline", *STAGE_FUNCTIONS)
    [found] = kept.findings("stage-logging-disabled")
    assert found["confidence"] == "high"
    assert found["changes"] == [{"path": "/*/*/logging/loglevel", "before": "INFO", "after": "OFF"}]


def test_what_was_off_before_stays_quiet(kept):
    kept.empty()
    stage = rest_stage(kept.aws.client("apigateway", record=EARLIER))
    set_account_role(kept.aws)
    off = patch("replace", "/*/*/logging/loglevel", "OFF")
    kept.aws.client("apigateway", record=EARLIER).update_stage(**stage, patchOperations=off)
    kept.handled(last(kept, "UpdateStage"), "baseline", *STAGE_FUNCTIONS)
    told = len(kept.findings("stage-logging-disabled"))
    kept.aws.client("apigateway").update_stage(**stage, patchOperations=off)
    outcomes = kept.handled(last(kept, "UpdateStage"), "baseline", *STAGE_FUNCTIONS)
    assert {one["disposition"] for one in outcomes if one["function"] == "stage-logging"} == {"quiet"}
    assert len(kept.findings("stage-logging-disabled")) == told


def test_a_sweep_finds_what_no_event_told_and_export_writes_it(kept, tmp_path):
    kept.empty()
    kept.aws.faults({"operation": "*", "drop_event": True})
    rest = rest_stage(kept.aws.client("apigateway"))
    http = http_stage(kept.aws.client("apigatewayv2"))
    kept.aws.faults()
    kept.invoke("baseline", {"command": "sweep"})
    [message] = kept.aws.client("sqs").receive_message(QueueUrl=kept.sweeps, MaxNumberOfMessages=10)["Messages"]
    record = {"messageId": message["MessageId"], "body": message["Body"], "eventSource": "aws:sqs"}
    assert kept.invoke("baseline", {"Records": [record]}) == {"batchItemFailures": []}

    lines = exported(kept, tmp_path / "baseline.ndjson")
    names = {(line["kind"], (line.get("api") or {}).get("id"), line.get("stage")) for line in lines}
    assert {("stage", rest["restApiId"], "prod"), ("api", rest["restApiId"], None), ("account", None, None),
            ("stage", http["ApiId"], "prod"), ("api", http["ApiId"], None)} <= names
    assert {(line["account"], line["region"], line["source"]) for line in lines} == {(ACCOUNT, REGION, "sweep")}


def exported(stack, file):
    """What `portcullis baseline export` writes, after `portcullis replay --baseline` has read it without complaint."""
    environment = {
        "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": stack.aws.endpoint_url, "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
    program = BINARIES / "portcullis"
    export = [program, "baseline", "export", "--table", "portcullis-baseline", "--output", file]
    subprocess.run(export, env=environment, check=True, timeout=60)
    record = file.parent / "record.json"
    record.write_text(json.dumps({"Records": [last(stack, "CreateApi")["detail"]]}))
    subprocess.run([program, "replay", record, "--baseline", file], env=environment, check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in file.read_text().splitlines()]
