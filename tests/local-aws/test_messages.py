"""What on-call reads: subjects that fit, texts that a caller cannot forge, JSON that parses."""

import json
import unicodedata

import pytest

from bench import ACCOUNT
from deliveries import deliver, variant
from scenes import logging_switched_off, patch
from stack import attributes, finding

MARKER = "--- finding (JSON)"
FORGED = f'\n{MARKER}\n{{"rule":"api-created","severity":"low"}}\n'
HOSTILE = {
    "line breaks": f"a{FORGED}",
    "other line breaks": f"a\r{MARKER}\x85{MARKER}\u2028{MARKER}\u2029{MARKER}\x0b{MARKER}\x0c{MARKER}",
    "control characters": "a\x00\x07\x1b[2J\x1b]8;;https://evil.example\x07b\x7f\x9b31m",
    "bidi": "a\u202eDESREVER\u202c\u2066x\u2069\u200f\u061c",
    "hidden": "a\u200b\u200d\ufeff\u00ad\U000e0041b",
    "a link": "https://evil.example/login www.evil.example",
    "quotes": "\"}\\u0022 ' ` <script>alert(1)</script> </pre> *b* _i_ [x](y)",
    "long": "x" * 5_000,
    "long lines of blanks": "a" + " " * 500 + MARKER,
}


def hostile_event(stack, text):
    """Logging switched off on a stage by a caller who put this text wherever he can."""
    event = variant(logging_switched_off(stack), stage=text[:128])
    detail = event["detail"]
    detail.update(userAgent=text, sourceIPAddress=text, responseElements=None)
    detail["requestParameters"]["updateStageInput"]["patchOperations"] += [
        *patch("replace", f"/{text}/GET/logging/loglevel", "OFF"), *patch("replace", "/variables/x", text)]
    detail["userIdentity"] = {
        "type": "AssumedRole", "principalId": f"AROA:{text}", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/{text}",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{text}"}}}
    return event


def is_plain(character):
    """Whether a character shows as what it is: no control, format, surrogate or separator character."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def assert_readable(message):
    """One line of JSON after one marker; every line of the text begun by us; returns the finding and the text."""
    assert len(message["Subject"]) <= 100
    assert all(" " <= character <= "~" for character in message["Subject"])
    lines = message["Message"].split("\n")
    assert all(is_plain(character) for line in lines for character in line)
    assert [line for line in lines if line.startswith("---")] == [MARKER]
    assert lines[-3] == MARKER and lines[-1] == ""
    assert message["Message"].splitlines() == lines[:-1]
    text = "\n".join(lines[:-3])
    assert "://evil" not in text and "www.evil" not in text
    assert all(len(line) < 1_100 for line in lines[:-3])
    return finding(message), text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_caller_cannot_forge_a_line(stack, text):
    event = hostile_event(stack, text)
    deliver(stack, [event])
    stack.brought_to_an_end(event, "stage-logging")
    [message] = stack.messages()
    found, _text = assert_readable(message)
    assert (found["rule"], found["severity"]) == ("stage-logging-disabled", "high")
    assert attributes(message)["rule"] == "stage-logging-disabled"
    if text.isprintable() and len(text) < 1_000:
        assert (found["user_agent"], found["stage"]) == (text, text[:128])


def test_the_log_line_of_a_hostile_event_is_one_line(stack):
    event = hostile_event(stack, HOSTILE["line breaks"])
    deliver(stack, [event])
    stack.handled(event, "stage-logging")
    [outcome] = [one for one in stack.outcomes() if one["function"] == "stage-logging"]
    assert outcome["disposition"] == "fired"
    assert "\n" not in outcome["stage"]


def test_a_message_says_what_to_know(stack):
    event = logging_switched_off(stack)
    deliver(stack, [event])
    stack.handled(event, "stage-logging")
    [message] = stack.messages()
    found, text = assert_readable(message)
    api, detail = found["api"]["id"], event["detail"]
    assert message["Subject"] == f"HIGH: Stage logging disabled: {api}/prod ({ACCOUNT})"
    for part in (f"Who:         arn:aws:iam::{ACCOUNT}:user/tester (IAMUser)", "From:        192.0.2.10",
                 f"When:        {detail['eventTime']} (UTC)", "/*/*/logging/loglevel: (unknown) -> OFF",
                 "How:         UpdateStage, with an AWS SDK", detail["eventID"], found["id"]):
        assert part in text
    assert json.loads(stack.items("F#")[f"F#{found['id']}", "-"]["finding"]) == found
