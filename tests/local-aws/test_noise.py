"""Who is told of what: the share of a rule, `thresholds.toml`, and the filter policies of subscriptions."""

import contextlib
import json
import time

import pytest

from bench import ACCOUNT
from deliveries import deliver, finding_id, variant
from scenes import STAGE_FUNCTIONS, logging_switched_off, patch, queue_of, unseen
from stack import attributes, drain

SHARE, SHARE_SECONDS = 20, 600
RULE = "stage-logging-disabled"
LAST = "No more messages of this rule about this API until the current 10 minutes end (more than 20 came)."


@pytest.fixture
def forgetful(stack):
    """The functions without a memory of shares that are used up, before and after."""
    stack.restart()
    yield stack
    stack.restart()


def within_one_share(stack, act):
    """Does something that must not be cut in two by the end of a share's ten minutes; again if it was."""
    while True:
        stack.empty()
        started = int(time.time()) // SHARE_SECONDS
        act()
        if int(time.time()) // SHARE_SECONDS == started:
            return


def assert_share_is_kept(stack, events):
    """20 messages, one that says that it is the last; every finding is in the table."""
    bodies = [message["Message"] for message in stack.messages()]
    assert [LAST in body for body in bodies] == [False] * SHARE + [True]
    found = stack.items("F#")
    assert set(found) == {(f"F#{finding_id(RULE, event)}", "-") for event in events}
    states = [item["state"] for item in found.values()]
    assert (states.count("SENT"), states.count("MUTED")) == (SHARE + 1, len(events) - SHARE - 1)


def test_a_storm_of_one_rule_is_cut_short_and_says_so(forgetful):
    event = logging_switched_off(forgetful)
    events = [variant(event) for _ in range(25)]

    def one_after_the_other():
        for number, one in enumerate(events):
            deliver(forgetful, [one])
            forgetful.handled(one, "stage-logging")
            assert len(forgetful.messages()) == min(number + 1, SHARE + 1)

    within_one_share(forgetful, one_after_the_other)
    assert_share_is_kept(forgetful, events)
    assert [item["messages"] for item in forgetful.items("Q#").values()] == [SHARE + 1]
    # It hides nothing that happens to another API.
    deliver(forgetful, [other := variant(event, api="another")])
    forgetful.handled(other, "stage-logging")
    assert [one["id"] for one in forgetful.findings()][SHARE + 1:] == [finding_id(RULE, other)]


def test_a_storm_at_once_keeps_to_the_share(forgetful):
    event = logging_switched_off(forgetful)
    events = [variant(event) for _ in range(50)]

    def at_once():
        deliver(forgetful, events)
        for one in events:
            forgetful.brought_to_an_end(one, "stage-logging")

    within_one_share(forgetful, at_once)
    assert sum(LAST in message["Message"] for message in forgetful.messages()) == 1
    assert len(forgetful.messages()) == SHARE + 1
    assert len(forgetful.items("F#")) == len(events)


@contextlib.contextmanager
def thresholds(stack, folder, text):
    """The function with this `thresholds.toml`."""
    (folder / "thresholds.toml").write_text(text)
    with stack.configured("stage-logging", PORTCULLIS_CONFIG=str(folder)):
        yield


def notified(stack, event):
    """Delivers an event; gives what became of its findings: rule, severity, whether it was told."""
    deliver(stack, [event])
    outcomes = stack.handled(event, "stage-logging")
    [outcome] = [one for one in outcomes if one["function"] == "stage-logging"]
    return [(one["rule.id"], one["severity"], one["notified"]) for one in outcome["findings"]]


def test_notify_from_mutes_what_is_milder(stack, tmp_path):
    with thresholds(stack, tmp_path, f'[rules.{RULE}]\nnotify_from = "critical"\n'):
        event = logging_switched_off(stack)
        assert notified(stack, event) == [(RULE, "high", "muted")]
    assert stack.messages() == []
    assert [item["state"] for item in stack.items("F#").values()] == ["MUTED"]


def test_notify_from_tells_what_is_as_bad(stack, tmp_path):
    with thresholds(stack, tmp_path, f'[rules.{RULE}]\nnotify_from = "high"\n'):
        assert notified(stack, logging_switched_off(stack)) == [(RULE, "high", "sent")]


def test_a_disabled_rule_never_fires(stack, tmp_path):
    with thresholds(stack, tmp_path, f"[rules.{RULE}]\nenabled = false\n"):
        assert notified(stack, logging_switched_off(stack)) == []
    assert stack.items() == {}


def test_a_disabled_window_is_not_counted(stack, tmp_path):
    with thresholds(stack, tmp_path, f"[rules.{RULE}-across-stages]\nenabled = false\n"):
        assert notified(stack, logging_switched_off(stack)) == [(RULE, "high", "sent")]
    assert {pk.split("#")[1] for pk, _ in stack.items("W#")} == {f"{RULE}-across-apis", f"{RULE}-across-accounts"}


def test_expected_principals_are_one_milder(stack, tmp_path):
    expected = f"arn:aws:iam::{ACCOUNT}:user/tester"
    with thresholds(stack, tmp_path, f'[rules.{RULE}]\nexpected_principals = ["{expected}"]\n'):
        event = logging_switched_off(stack)
        assert notified(stack, event) == [(RULE, "medium", "sent")]
        other = variant(event)
        other["detail"]["userIdentity"]["arn"] = f"arn:aws:iam::{ACCOUNT}:user/mallory"
        assert notified(stack, other) == [(RULE, "high", "sent")]


def test_another_threshold_alerts_sooner(stack, tmp_path):
    with thresholds(stack, tmp_path, f"[rules.{RULE}-across-stages]\nthreshold = 1\nseconds = 60\n"):
        event = logging_switched_off(stack)
        assert len(notified(stack, variant(event, stage="a"))) == 1
        assert notified(stack, variant(event, stage="b"))[1] == (f"{RULE}-across-stages", "critical", "sent")


def test_a_filter_policy_sees_the_attributes(stack):
    url, arn = queue_of(stack.aws, "critical-only")
    sns = stack.aws.client("sns")
    subscription = sns.subscribe(
        TopicArn=stack.topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True,
        Attributes={"FilterPolicy": json.dumps({"severity": ["critical"], "kind": ["finding"]})})["SubscriptionArn"]
    try:
        deliver(stack, [high := logging_switched_off(stack)])
        stack.handled(high, *STAGE_FUNCTIONS)
        rest = stack.aws.client("apigateway")
        set_role = patch("replace", "/cloudwatchRoleArn", "")
        cleared = unseen(stack, lambda: rest.update_account(patchOperations=set_role), "UpdateAccount")
        deliver(stack, [cleared])
        stack.handled(cleared, "stage-logging")
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
    assert sorted(attributes(one)["severity"] for one in stack.messages()) == ["critical", "high"]
    filtered = [json.loads(message["Body"]) for message in drain(stack.aws, url)]
    assert [attributes(one)["rule"] for one in filtered] == ["account-logging-role-removed"]
