"""What stops remediation: the kill switch, a setting that is fought about, budgets. And that neither throwaway stages
nor storms of duplicates wear it out.
"""

import pytest

from deliveries import at, deliver, variant
from remedy import (
    LOGGED, api_settings, attacked, known_private_api, known_stage, ledger_id, made_public, says, settings_of)
from scenes import last, patch, patches, unseen


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


@pytest.mark.parametrize(("turn", "reason"), [
    (lambda stack: stack.switch("Allow it"), "the kill switch stops every write"),
    (lambda stack: stack.unswitch(), "the kill switch cannot be read, which stops every write: "),
    (lambda stack: stack.switch("stop"), "the kill switch stops every write"),
], ids=["nonsense", "missing", "stop"])
def test_the_kill_switch_stops_the_next_one(stack, turn, reason):
    stage = known_stage(stack)
    turn(stack)
    event = attacked(stack, stage)
    damaged = settings_of(stack, stage)
    told = stack.answered(event)
    assert settings_of(stack, stage) == damaged
    assert stack.writes_to(stage) == []
    assert (told.outcome, stack.entry(event)["state"]) == ("awaiting", "awaiting")
    assert says(told, "Reason", f"{reason}")


def test_the_one_after_the_kill_switch_allows_again_is_restored(stack):
    stages = [known_stage(stack), known_stage(stack)]
    before = settings_of(stack, stages[1])
    stack.switch("stop")
    stack.answered(attacked(stack, stages[0]))
    stack.switch("allow")
    assert stack.answered(attacked(stack, stages[1])).outcome == "verified"
    assert settings_of(stack, stages[1]) == before
    # What was stopped stays with a person.
    assert settings_of(stack, stages[0])["methodSettings"]["*/*"]["loggingLevel"] == "OFF"


def test_a_setting_that_is_taken_away_again_is_left_to_a_person_and_pages(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    first = attacked(stack, stage)
    assert stack.answered(first).outcome == "verified"
    [own] = stack.writes(ledger_id(first))
    stack.handled(own, "baseline")
    again = attacked(stack, stage, eventTime=at(-2))
    told = stack.answered(again)
    damaged = settings_of(stack, stage)
    assert damaged["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert len(stack.writes_to(stage)) == 1
    entry = stack.entry(again)
    assert (entry["state"], entry["contested"], told.outcome) == ("awaiting", True, "awaiting")
    assert (told.severity, told.finding["severity"]) == ("critical", "high")
    assert told.subject.startswith("CRITICAL: ") and told.subject.endswith(", needs approval")
    assert told.text.splitlines()[1] == \
        "Somebody has to look now: logging of */* was restored within the last hour and taken away again."
    # What nobody fights about on the same stage is restored all the same.
    other = attacked(stack, stage, patch("remove", "/accessLogSettings"), eventTime=at(-2))
    assert stack.answered(other).outcome == "verified"
    assert settings_of(stack, stage) == {**before, "methodSettings": damaged["methodSettings"]}


@pytest.mark.parametrize("is_late", [False, True], ids=["same-second", "own-event-is-late"])
def test_a_setting_that_is_taken_away_again_is_told_whatever_the_baseline_knows_of_its_restore(stack, is_late):
    """The newest settings that the baseline has are those of the first attack: it counts whole seconds, and our own
    event may come after that of the second attack.
    """
    stage = known_stage(stack)
    first = attacked(stack, stage)
    if is_late:
        stack.aws.faults({"operation": "UpdateStage", "drop_event": True})
    assert stack.answered(first).outcome == "verified"
    stack.handled(first, "baseline")
    [own] = stack.writes(ledger_id(first))
    again = attacked(stack, stage, eventTime=at(-2) if is_late else own["detail"]["eventTime"])
    told = stack.answered(again)
    assert (told.severity, told.outcome) == ("critical", "awaiting")


def test_another_setting_that_was_taken_in_the_second_of_a_restore_comes_back(stack):
    """It was gone when the first restore was read back."""
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    first, other = attacked(stack, stage), attacked(stack, stage, patch("remove", "/accessLogSettings"))
    assert stack.answered(first).outcome == "verified"
    [own] = stack.writes(ledger_id(first))
    stack.handled(own, "baseline")
    told = stack.answered(variant(other, eventTime=own["detail"]["eventTime"]))
    assert told.outcome == "verified", told.text
    assert settings_of(stack, stage) == before


def test_an_attack_from_before_the_restore_is_no_fight(stack):
    """CloudTrail gives no order: its event comes after the restore of another one."""
    stage = known_stage(stack, {**LOGGED, "/*/*/metrics/enabled": "true"})
    before = settings_of(stack, stage)
    first = attacked(stack, stage, eventTime=at(40))
    rest = stack.aws.client("apigateway", record={"eventTime": at(30)})
    unseen(stack, lambda: rest.delete_stage(**stage))
    second = unseen(stack, lambda: rest.create_stage(**stage, deploymentId=before["deploymentId"]), "CreateStage")
    assert stack.answered(first).outcome == "verified"
    told = stack.answered(second)
    assert (told.outcome, told.severity) == ("verified", "high"), told.text
    assert {**settings_of(stack, stage), "createdDate": before["createdDate"]} == before


def test_a_stage_has_three_restores_an_hour(stack):
    """Each of another setting, so that none of them is contested."""
    keys = ["/*/*", "/~1pets/GET", "/~1orders/PUT", "/~1bills/GET"]
    stage = known_stage(stack, {f"{key}/logging/loglevel": "INFO" for key in keys})
    outcomes = []
    for key in keys:
        event = attacked(stack, stage, patches({f"{key}/logging/loglevel": "OFF"}))
        told = stack.answered(event)
        outcomes.append(told.outcome)
    assert outcomes == ["verified"] * 3 + ["awaiting"]
    assert len(stack.writes_to(stage)) == 3
    assert told.said["Reason"] == [
        "the resource had its share of 3 remediations of this kind within the hour",
        "the resource or the account had its share of remediations for this hour, so a person has to decide"]
    assert (told.said["Policy"], told.severity) == (["budget-spent, asked-for"], "critical")
    assert settings_of(stack, stage)["methodSettings"]["~1bills/GET"]["loggingLevel"] == "OFF"


def test_throwaway_stages_do_not_keep_a_private_api_from_being_restored(stack):
    """More of them than an account has restores of one kind an hour, all at once."""
    api = known_private_api(stack)
    private = api_settings(stack, api)
    first = known_stage(stack, {})
    deployment = stack.aws.client("apigateway").get_stage(**first)["deploymentId"]
    stages = [known_access_log(stack, first["restApiId"], deployment, f"throwaway{number}") for number in range(22)]
    events = [attacked(stack, stage, patch("remove", "/accessLogSettings")) for stage in stages]
    deliver(stack, events)
    for event in events:
        stack.brought_to_an_end(event, "stage-logging")
    states = [stack.entry(event)["state"] for event in events]
    assert (states.count("verified"), states.count("awaiting")) == (20, 2)
    restored = [("accessLogSettings" in settings_of(stack, stage)) for stage in stages]
    assert restored == [state == "verified" for state in states]
    # A share of messages that is used up hides none of them.
    assert all(stack.all_told(event) or stack.told_later(event) for event in events)
    assert len(stack.writes_to(first)) == 20

    event = made_public(stack, api)
    assert stack.answered(event, "api-exposure").outcome == "verified"
    assert api_settings(stack, api) == private


def known_access_log(stack, api, deployment, name):
    """Another stage of an API, with an access log that the baseline knows."""
    stage = {"restApiId": api, "stageName": name}
    stack.aws.client("apigateway", record={"eventTime": at(180)}).create_stage(**stage, deploymentId=deployment)
    rest = stack.aws.client("apigateway", record={"eventTime": at(120)})
    rest.update_stage(**stage, patchOperations=patches(
        {path: value for path, value in LOGGED.items() if path.startswith("/accessLog")}))
    stack.handled(last(stack, "UpdateStage"), "baseline")
    return stage


def test_a_storm_of_one_event_patches_once_and_tells_once(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    event = attacked(stack, stage)
    deliver(stack, [event], copies=200)
    stack.handled(event, "stage-logging", "api-lifecycle", times=200)
    assert settings_of(stack, stage) == before
    assert len(stack.writes_to(stage)) == 1
    assert stack.told(event).outcome == "verified"
    assert stack.told_later(event) == []
    entry = stack.entry(event)
    assert (entry["state"], len(entry["writes"])) == ("verified", 1)
