"""A real binary against the Lambda Runtime API alone: whatever the event, it is answered and the binary lives on."""

import json

import pytest

from bench import ACCOUNT, REGION
from deliveries import envelope, variant
from runtime_api import Runtime
from scenes import logging_switched_off, patch
from stack import BINARIES

OTHER_ACCOUNT = "777788889999"  # Nobody else calls as it.


def environment(stack, **members):
    """What Lambda gives the function; members that are `None` are left out."""
    found = {**stack.settings, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test",
             "AWS_ENDPOINT_URL": stack.aws.endpoint_url, "LAMBDA_TASK_ROOT": str(stack.aws.folder), **members}
    return {name: value for name, value in found.items() if value is not None}


@pytest.fixture(scope="module")
def function(deployed):
    """The function `stage-logging`, for all tests that do not end it."""
    with Runtime(BINARIES / "stage-logging", environment(deployed)) as runtime:
        yield runtime


@pytest.fixture
def event(stack):
    """Logging switched off on a stage."""
    return logging_switched_off(stack)


def invoke(function, event):
    """Hands over an event as JSON."""
    return function.invoke(json.dumps(event).encode())


def with_operations(event, *operations):
    """The same with other patch operations."""
    event = variant(event)
    event["detail"]["requestParameters"]["updateStageInput"]["patchOperations"] = list(operations)
    return event


def test_init_makes_exactly_one_call(stack):
    assert stack.aws.calls(account=OTHER_ACCOUNT) == {}
    with Runtime(BINARIES / "stage-logging", environment(stack, AWS_ACCESS_KEY_ID=OTHER_ACCOUNT)) as runtime:
        runtime.ready()
        assert stack.aws.calls(account=OTHER_ACCOUNT) == {"dynamodb:GetItem": 1}


def test_events_that_are_quiet_or_not_ours_are_answered_without_a_call(function, stack, event):
    quiet = with_operations(event, *patch("replace", "/variables/color", "blue"))
    function.ready()
    calls = stack.aws.calls(account=ACCOUNT)
    assert invoke(function, envelope(quiet["detail"])) == ("response", None)
    other = envelope({"reason": "x"}, **{"detail-type": "Scheduled Event", "source": "aws.events"})
    assert invoke(function, other) == ("response", None)
    someone_else = envelope({**event["detail"], "eventSource": "ec2.amazonaws.com"})
    assert invoke(function, someone_else) == ("response", None)
    assert stack.aws.calls(account=ACCOUNT) == calls


MALFORMED = {
    "an array": b"[]",
    "a number": b"5",
    "a text": b'"x"',
    "null": b"null",
    "an empty object": b"{}",
    "a command without id": b'{"command": "approve"}',
    "a command nobody knows": b'{"command": "delete", "id": "x"}',
    "a command and more": b'{"command": "approve", "id": "x", "detail": {}}',
    "a command in numbers": b'{"command": 1, "id": 2}',
    "deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "no JSON": b"not json{",
    "nothing": b"",
    "no UTF-8": b'"\xff\xfe"',
    "a key of 1 MB": json.dumps({"x" * 1_000_000: 1}).encode(),
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_event_is_an_error_with_a_reason(function, payload):
    kind, answer = function.invoke(payload)
    assert kind == "error"
    assert answer["errorType"]
    assert 0 < len(answer["errorMessage"]) < 2_000
    assert function.is_running()


REFUSED = {
    "x": "this is no id of a remediation",
    "restore-stage-logging-0123456789abcdef": "the ledger has no such entry",
    "restore-private-endpoint-0123456789abcdef": "the function `api-exposure` does that",
    "restore-stage-logging-\n" + "x" * 100_000: "this is no id of a remediation",
}


@pytest.mark.parametrize("verb", ["approve", "undo"])
@pytest.mark.parametrize("id_", REFUSED, ids=["no id", "unknown", "another function's", "a long one"])
def test_a_command_on_nothing_is_refused(function, verb, id_):
    answer = {"id": id_, "state": "refused", "text": [REFUSED[id_]]}
    assert invoke(function, {"command": verb, "id": id_, "by": "x\n" * 1_000}) == ("response", answer)


def nested(depth):
    """An object in an object, so many times."""
    return json.loads('{"a":' * depth + "1" + "}" * depth)


DAMAGED = {
    "time": {"eventTime": "yesterday"},
    "name": {"eventName": None},
    "identity": {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": 5}}}},
    "parameters": {"requestParameters": {"stageName": {"x": 1}, "template": False}},
    "response": {"responseElements": {"methodSettings": {"*/*": {"loggingLevel": 5}}}},
}


@pytest.mark.parametrize("members", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_an_error_that_names_the_field(function, event, members):
    kind, answer = invoke(function, envelope(variant(event, **members)["detail"]))
    assert (kind, answer["errorType"]) == ("error", "Final")
    [name] = members
    assert name in answer["errorMessage"]


STRANGE = {
    "user agent": {"userAgent": "x" * 200_000},
    "deep tags": {"responseElements": {"tags": nested(100)}},
    "no identity": {"userIdentity": None},
    "empty issuer": {"userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {}}}},
    "no id": {"eventID": None},
    "unknown members": {"somethingNew": nested(50)},
}


@pytest.mark.parametrize("members", STRANGE.values(), ids=STRANGE)
def test_a_strange_record_is_told_all_the_same(function, stack, event, members):
    strange = variant(event, responseElements=None)["detail"] | members
    assert invoke(function, envelope(strange)) == ("response", None)
    [found] = stack.findings()
    assert (found["rule"], found["account"]) == ("stage-logging-disabled", ACCOUNT)


def test_as_many_operations_as_cloudtrail_keeps_fit_into_a_message(function, stack, event):
    """CloudTrail cuts parameters at 100 KB."""
    many = [one for number in range(1_500)
            for one in patch("replace", f"/~1path{number}/GET/logging/loglevel", "OFF")]
    strange = variant(with_operations(event, *many), responseElements=None)
    assert invoke(function, envelope(strange["detail"])) == ("response", None)
    [message] = stack.messages()
    assert len(message["Message"].encode()) < 200_000
    [found] = stack.findings()
    assert found["rule"] == "stage-logging-disabled"


@pytest.mark.parametrize("name", ["PORTCULLIS_TABLE", "PORTCULLIS_BASELINE_TABLE", "PORTCULLIS_TOPIC_ARN"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_a_missing_variable_ends_the_function_and_is_named(stack, name, value):
    with Runtime(BINARIES / "stage-logging", environment(stack, **{name: value})) as runtime:
        code, said = runtime.ended()
    assert code != 0
    assert f"environment variable `{name}` is missing" in said


THRESHOLDS = {
    "[rules.nonsense]\nthreshold = 3\n": ["nonsense", "stage-logging-disabled"],
    "[rules.apis-deleted-in-bulk]\nthreshold = 0\n": ["apis-deleted-in-bulk", "threshold", "0"],
    "[rules.apis-deleted-in-bulk]\nthreshhold = 3\n": ["threshhold"],
    "x = [": ["unclosed array"],
    None: ["cannot read", "thresholds.toml"],
}


@pytest.mark.parametrize("text", THRESHOLDS, ids=["no rule", "out of range", "misspelt", "no TOML", "no file"])
def test_thresholds_that_cannot_be_used_end_the_function(stack, tmp_path, text):
    if text is not None:
        (tmp_path / "thresholds.toml").write_text(text)
    settings = environment(stack, PORTCULLIS_CONFIG=str(tmp_path))
    with Runtime(BINARIES / "stage-logging", settings) as runtime:
        code, said = runtime.ended()
    assert code != 0
    for part in THRESHOLDS[text]:
        assert part in said
