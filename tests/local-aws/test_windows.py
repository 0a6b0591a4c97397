"""Windows: one alert for many findings, whatever the number, order and time of deliveries."""

import pytest

from bench import ACCOUNT, REGION, wait_for
from deliveries import at, deliver, finding_id, variant, window_id
from scenes import STAGE_FUNCTIONS, http_stage, logged_rest_stage, logging_switched_off, unseen
from stack import forward

OTHER_REGION = "us-east-1"
ACCOUNTS = (ACCOUNT, "222233334444", "333344445555", "444455556666")
COPIES = 13  # of four events: 52 deliveries, 50 at once


@pytest.fixture(scope="module", autouse=True)
def members(deployed):
    """Member accounts, and another Region of the hub's, whose events come to the hub."""
    forward(deployed.aws, ACCOUNT, OTHER_REGION)
    for account in ACCOUNTS[1:]:
        forward(deployed.aws, account)


@pytest.fixture
def hour(request):
    """A time that no other test uses: functions remember the alerts of their windows."""
    names = sorted(item.name for item in request.session.items if item.path == request.path)
    return at(3600 * (2 + names.index(request.node.name)))


def storm(stack, events, functions=STAGE_FUNCTIONS):
    """Delivers every event many times and waits until all of it is handled."""
    deliver(stack, events, COPIES)
    for event in events:
        stack.handled(event, *functions, times=COPIES)


def assert_alerts_once(stack, rule, events, scope, of):
    """One finding for each event and one window alert for all of them; nothing else but other windows."""
    [base] = {one["rule"] for one in stack.findings() if one["window"] is None}
    assert sorted(one["id"] for one in stack.findings(base)) == sorted(finding_id(base, event) for event in events)
    [alert] = stack.findings(rule)
    latest = max(event["detail"]["eventTime"] for event in events)
    assert alert["window"]["of"] == of
    assert (alert["window"]["distinct"], alert["window"]["level"], alert["severity"]) == (4, 0, "critical")
    assert sorted(alert["event_ids"]) == sorted(event["detail"]["eventID"] for event in events)
    assert (alert["time"], alert["id"]) == (latest, window_id(rule, scope, latest))
    return alert


def test_four_stages_alert_once(stack):
    stage = logged_rest_stage(stack)
    rest = stack.aws.client("apigateway")
    deployment = rest.create_deployment(restApiId=stage["restApiId"])["id"]
    events = []
    for name in ("s1", "s2", "s3", "s4"):
        made = {"restApiId": stage["restApiId"], "stageName": name}
        unseen(stack, lambda: rest.create_stage(**made, deploymentId=deployment))
        events.append(logging_switched_off(stack, made))
    storm(stack, events)
    scope = f"{ACCOUNT}/{REGION}/{stage['restApiId']}"
    alert = assert_alerts_once(stack, "stage-logging-disabled-across-stages", events, scope, "stages")
    assert alert["api"]["id"] == stage["restApiId"]
    # Four stages of one API are no matter of several APIs.
    assert stack.findings("stage-logging-disabled-across-apis") == []


def test_four_apis_of_two_regions_alert_once(stack, hour):
    regions = (REGION, OTHER_REGION, REGION, OTHER_REGION)
    events = [variant(logging_switched_off(stack, region=region), eventTime=hour) for region in regions]
    storm(stack, events)
    alert = assert_alerts_once(stack, "stage-logging-disabled-across-apis", events, ACCOUNT, "stages")
    assert (alert["account"], alert["region"]) == (ACCOUNT, None)
    assert len(stack.findings()) == 5


def test_four_accounts_alert_once(stack, hour):
    events = [variant(logging_switched_off(stack, account=account), eventTime=hour) for account in ACCOUNTS]
    storm(stack, events)
    alert = assert_alerts_once(stack, "stage-logging-disabled-across-accounts", events, "", "accounts")
    assert (alert["account"], alert["region"], alert["principal"]) == (None, REGION, None)
    assert {one["account"] for one in stack.findings("stage-logging-disabled")} == set(ACCOUNTS)
    assert len(stack.findings()) == 5


def test_four_stages_alert_once_while_calls_fail(stack, hour):
    """Here and there a call fails, or is done without an answer; Lambda's retries meet the other deliveries."""
    events = stages(logging_switched_off(stack), "abcd", eventTime=hour)
    faults = [{"operation": f"dynamodb:{operation}", "skip": skip, "times": 1, **what}
              for operation in ("TransactWriteItems", "Query", "GetItem") for skip in (0, 4, 9)
              for what in ({"answer": 500}, {"drop_answer": True})]
    with stack.configured("stage-logging", AWS_MAX_ATTEMPTS="1"):
        stack.aws.faults(*faults)
        deliver(stack, events, COPIES)
        for event in events:
            wait_for(lambda: ended_well(stack, event) >= COPIES, seconds=30)
    assert "failed" in {one["disposition"] for one in stack.outcomes()}
    [alert] = stack.findings("stage-logging-disabled-across-stages")
    assert (alert["time"], alert["window"]["distinct"]) == (hour, 4)
    told = [one["id"] for one in stack.findings("stage-logging-disabled")]
    assert sorted(told) == sorted(finding_id("stage-logging-disabled", event) for event in events)


def ended_well(stack, event):
    """How many deliveries of an event have not failed."""
    outcomes = stack.outcomes(event["detail"]["eventID"])
    return sum(one["function"] == "stage-logging" and one["disposition"] != "failed" for one in outcomes)


def deleted(stack, time, **where):
    """The event, not yet delivered, of a deleted REST API."""
    rest = stack.aws.client("apigateway", **where)
    event = unseen(stack, lambda: rest.delete_rest_api(restApiId=rest.create_rest_api(name="orders")["id"]),
                   "DeleteRestApi")
    return variant(event, eventTime=time)


def test_four_deleted_apis_alert_once(stack, hour):
    events = [deleted(stack, hour, region=region) for region in (REGION, OTHER_REGION, REGION, OTHER_REGION)]
    storm(stack, events, ["api-lifecycle"])
    assert_alerts_once(stack, "apis-deleted-in-bulk", events, ACCOUNT, "apis")
    assert len(stack.findings()) == 5


def test_apis_deleted_in_four_accounts_alert_once(stack, hour):
    events = [deleted(stack, hour, account=account) for account in ACCOUNTS]
    storm(stack, events, ["api-lifecycle"])
    assert_alerts_once(stack, "apis-deleted-across-accounts", events, "", "accounts")
    assert len(stack.findings()) == 5


def stages(event, names, **members):
    """The same on other stages of the API."""
    return [variant(event, stage=name, **members) for name in names]


def handle(stack, events, times=1):
    """Delivers events one after the other, each for the so-manieth time."""
    for event in events:
        deliver(stack, [event])
        stack.handled(event, "stage-logging", times=times)


def levels(stack):
    """Level, count and time of the alerts over stages so far."""
    found = stack.findings("stage-logging-disabled-across-stages")
    return [(one["window"]["level"], one["window"]["distinct"], one["time"]) for one in found]


def test_twice_as_many_are_a_second_alert(stack, hour):
    events = stages(logging_switched_off(stack), "abcdefgh", eventTime=hour)
    handle(stack, events[:7])
    assert levels(stack) == [(0, 4, hour)]
    handle(stack, events[7:])
    assert levels(stack) == [(0, 4, hour), (1, 8, hour)]
    handle(stack, events, times=2)
    assert len(levels(stack)) == 2


def test_a_late_delivery_counts_in_its_own_window(stack):
    event, then = logging_switched_off(stack), at(40 * 60)
    old = stages(event, "abcd", eventTime=then)
    handle(stack, [*stages(event, "efg"), *old[:3]])
    assert levels(stack) == []
    handle(stack, old[3:])
    assert levels(stack) == [(0, 4, then)]


def test_things_exactly_a_window_apart_are_not_together(stack):
    event, first, second = logging_switched_off(stack), at(1000), at(400)
    handle(stack, [*stages(event, "a", eventTime=first), *stages(event, "bcd", eventTime=second)])
    assert levels(stack) == []
    handle(stack, stages(event, "e", eventTime=second))
    assert levels(stack) == [(0, 4, second)]


def test_what_comes_after_48_hours_is_told_and_not_counted(stack):
    late = stages(logging_switched_off(stack), "abcd", eventTime=at(49 * 3600))
    handle(stack, late)
    assert [one["id"] for one in stack.findings()] == [finding_id("stage-logging-disabled", one) for one in late]
    outcomes = [one for one in stack.outcomes() if one["function"] == "stage-logging"]
    assert [(one["late_beyond_horizon"], one["windows.fed"]) for one in outcomes] == [(True, 0)] * 4
    assert stack.items("W#") == {}


def test_windows_do_not_care_what_kind_of_api_it_is(stack, hour):
    http, off = stack.aws.client("apigatewayv2"), {"LoggingLevel": "OFF"}
    events = [logging_switched_off(stack) for _ in range(3)]
    events.append(unseen(stack, lambda: http.update_stage(
        **http_stage(http, "WEBSOCKET"), DefaultRouteSettings=off), "UpdateStage"))
    events = [variant(event, eventTime=hour) for event in events]
    handle(stack, events)
    [alert] = stack.findings("stage-logging-disabled-across-apis")
    assert sorted(alert["event_ids"]) == sorted(event["detail"]["eventID"] for event in events)


def test_one_thing_many_times_is_no_window(stack):
    event = logging_switched_off(stack)
    handle(stack, [variant(event) for _ in range(6)])
    assert len(stack.findings()) == 6
    assert levels(stack) == []
