"""A private API that is made public is private again: armed, when nothing published the change; live, when a deployment
did, and then redeployed, contained, or left to a person.

All APIs are deployed at the start. Exposure counts what is dated less than ten seconds before the change as after it,
so the attacks wait until that is over: every time here is the true one.
"""

import time
from types import SimpleNamespace

import pytest

from bench import wait_for
from deliveries import deliver
from remedy import EARLIER, POLICY, api_settings, ledger_id, modes, private_api, says, settings_of
from scenes import last, patch, patches, unseen

FUNCTION, RESTORE = "api-exposure", "restore-private-endpoint"
MARGIN = 11
OPEN = POLICY.replace('"Deny"', '"Allow"')
ATTACK = [*patches({"/policy": OPEN}), *patch("remove", "/endpointConfiguration/vpcEndpointIds", "vpce-2"),
          *patches({"/endpointConfiguration/types/PRIVATE": "REGIONAL",
                    "/endpointConfiguration/ipAddressType": "ipv4"})]
BY_INDEX = patches({"/endpointConfiguration/types/0": "REGIONAL", "/policy": ""})
LIMITS = {"/*/*/throttling/rateLimit": "50", "/*/*/throttling/burstLimit": "20", "/~1pets/GET/logging/loglevel": "INFO"}
# By scenario: the modes of redeploy and contain, and what is done after the attack.
ARMED, LIVE = (), ("prod",)
SCENARIOS = {
    "armed": ("auto", "auto", ARMED), "armed-by-index": ("auto", "auto", ARMED), "redeployed": ("auto", "auto", LIVE),
    "edited": ("auto", "auto", LIVE), "edited-uncontained": ("auto", "approve", LIVE), "told": ("notify", "off", LIVE),
    "dry": ("dry-run", "dry-run", LIVE), "one-of-two": ("auto", "auto", LIVE), "unrecorded": ("auto", "notify", LIVE)}


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


@pytest.fixture(scope="module")
def deployed_apis(remedied):
    """Private APIs with a stage `prod`, by scenario; long enough ago that it is known to be from before the attacks."""
    made = {name: deployed(remedied, name != "unrecorded") for name in (*SCENARIOS, "unreadable", "stopped")}
    apis = {name: api for name, (api, _) in made.items()}
    rest = remedied.aws.client("apigateway")
    rest.create_stage(**apis["one-of-two"], stageName="beta", deploymentId=serving(remedied, apis["one-of-two"]))
    for event in [event for _, events in made.values() for event in events] + [last(remedied, "CreateStage")]:
        remedied.handled(event, "baseline")
    over = time.monotonic() + MARGIN
    wait_for(lambda: time.monotonic() > over, seconds=2 * MARGIN)
    return apis


def deployed(stack, is_recorded=True):
    """A private API that was deployed once, as the name that calls take, and the events that the baseline learns from;
    that of the deployment may be lost.
    """
    rest = stack.aws.client("apigateway")
    api = {"restApiId": private_api(stack.aws.client("apigateway", record=EARLIER))}
    root = rest.get_resources(**api)["items"][0]["id"]
    rest.put_method(**api, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM")
    rest.put_integration(**api, resourceId=root, httpMethod="GET", type="MOCK")
    stack.aws.faults({"operation": "CreateDeployment", "drop_event": not is_recorded})
    deployment = rest.create_deployment(**api)["id"]
    stack.aws.faults()
    rest.create_stage(**api, stageName="prod", deploymentId=deployment)
    rest.update_stage(**api, stageName="prod", patchOperations=patches(LIMITS))
    names = ("CreateRestApi", "CreateDeployment", "CreateStage", "UpdateStage")
    return api, [event for event in (last(stack, name) for name in names) if event["published"]]


def serving(stack, api, stage="prod"):
    """The deployment that a stage serves."""
    return stack.aws.client("apigateway").get_stage(**api, stageName=stage)["deploymentId"]


def attack(stack, api, stages, operations=ATTACK):
    """The loop of one API: made public, published by these stages, and changed by somebody else; not yet delivered."""
    rest = stack.aws.client("apigateway")
    loop = SimpleNamespace(api=api, before=api_settings(stack, api), prod={**api, "stageName": "prod"})
    loop.stage, loop.first = settings_of(stack, loop.prod), serving(stack, api)
    loop.event = unseen(stack, lambda: rest.update_rest_api(**api, patchOperations=operations), "UpdateRestApi")
    for name in stages:
        rest.create_deployment(**api, stageName=name)
    rest.update_rest_api(**api, patchOperations=patches({"/description": "for all"}))
    loop.damaged, loop.published = api_settings(stack, api), serving(stack, api)
    loop.expected = {**loop.before, "description": "for all"}
    return loop


def target(api, remediation_, mode):
    """A mode of one remediation for one API."""
    return f"""[[target]]
remediations = ["{remediation_}"]
apis = ["{api["restApiId"]}"]
mode = "{mode}"
"""


@pytest.fixture(scope="module")
def loops(remedied, deployed_apis):
    """Every scenario, all at once."""
    targets = [target(deployed_apis[name], what, mode) for name, found in SCENARIOS.items()
               for what, mode in zip(("redeploy", "contain"), found)]
    remedied.configure_modes("\n".join([modes(), *targets]))
    rest, made = remedied.aws.client("apigateway"), {}
    for name, (*_, stages) in SCENARIOS.items():
        api = deployed_apis[name]
        if name.startswith("edited"):
            root = rest.get_resources(**api)["items"][0]["id"]
            rest.put_method(**api, resourceId=root, httpMethod="POST", authorizationType="NONE")
        made[name] = attack(remedied, api, stages, BY_INDEX if name == "armed-by-index" else ATTACK)
    deliver(remedied, [loop.event for loop in made.values()])
    for loop in made.values():
        remedied.brought_to_an_end(loop.event, FUNCTION)
    return made


def assert_private(stack, loop):
    """Field by field as before, but for what somebody else changed; what was told."""
    told = stack.told(loop.event)
    assert loop.damaged["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert loop.damaged.get("policy") != loop.before["policy"]
    assert api_settings(stack, loop.api) == loop.expected, told.text
    entry = stack.entry(loop.event, RESTORE)
    assert entry["state"] == "verified"
    assert "put back and read back: as it was" in told.said["Done"]
    assert (told.rule, told.finding["decision"]["outcome"]) == ("private-api-made-public", "verified")
    return told, entry


@pytest.mark.parametrize("name", ["armed", "armed-by-index"])
def test_without_a_deployment_it_was_armed(remedied, loops, name):
    loop = loops[name]
    told, entry = assert_private(remedied, loop)
    assert entry["exposure"] == "armed"
    assert told.said["Exposure"] == [
        "found no deployment dated after the change; the API that the next one publishes is private again"]
    assert (told.outcome, told.subject.endswith(", restored")) == ("verified", True)
    assert serving(remedied, loop.api) == loop.first
    assert settings_of(remedied, loop.prod) == loop.stage
    for follow_up in ("redeploy", "contain"):
        assert remedied.entry(loop.event, follow_up) is None


def test_what_was_published_is_deployed_again_when_the_draft_is_what_was_published_before(remedied, loops):
    loop = loops["redeployed"]
    told, entry = assert_private(remedied, loop)
    redeployed = remedied.entry(loop.event, "redeploy")
    assert (entry["exposure"]["live"]["stages"], redeployed["state"]) == (["prod"], "verified")
    now = serving(remedied, loop.api)
    assert now not in (loop.first, loop.published)
    deployment = remedied.aws.client("apigateway").get_deployment(**loop.api, deploymentId=now)
    assert deployment["description"].startswith(f"Portcullis {redeployed['id']} ")
    # The stage's own settings are none of a deployment's.
    assert settings_of(remedied, loop.prod) == {**loop.stage, "deploymentId": now}
    assert remedied.entry(loop.event, "contain") is None
    since, now_open = told.said["Exposure"]
    assert since.startswith("LIVE: published at ") and since.endswith(" (UTC) or earlier, by stage prod")
    assert now_open == "now: every one of these stages serves a deployment of the restored API (read back)"
    assert "deployed again and read back: the stage serves a deployment of the restored API" in told.said["Redeploy"]
    assert (told.outcome, told.subject.endswith(", restored")) == ("verified", True)
    [own] = remedied.writes(redeployed["id"])
    assert own["detail"]["eventName"] == "CreateDeployment"
    reached = remedied.handled(own, "api-lifecycle", "baseline")
    assert {one["disposition"] for one in reached if one["function"] != "baseline"} == {"own_action"}


def test_an_edit_that_was_never_published_is_not_published_and_the_stage_is_contained(remedied, loops):
    loop = loops["edited"]
    told, _ = assert_private(remedied, loop)
    redeploy, contain = (remedied.entry(loop.event, what) for what in ("redeploy", "contain"))
    assert (redeploy["state"], contain["state"]) == ("awaiting", "verified")
    assert serving(remedied, loop.api) == loop.published
    limited = settings_of(remedied, loop.prod)
    assert {key: (one["throttlingRateLimit"], one["throttlingBurstLimit"])
            for key, one in limited["methodSettings"].items()} == {"*/*": (0.0, 0), "~1pets/GET": (0.0, 0)}
    assert says(told, "Redeploy", "not done yet: it waits for approval until ")
    assert "a deployment would publish an edit that never was: POST / was added" in told.said["Reason"]
    assert says(told, "Approve", f"portcullis approve {redeploy['id']} (")
    assert told.said["Contain"] == [
        "request limit set to 0 and read back: the stage refuses every request until this is undone"]
    assert "/*/*/throttling/rateLimit: 50 -> 0" in told.said["Limited"]
    assert told.said["Exposure"][1] == \
        "now: every one of these stages refuses all requests or serves a deployment of the restored API (read back)"
    assert (told.outcome, told.subject.endswith(", restored, stages closed")) == ("awaiting", True)
    for own in remedied.writes(contain["id"]):
        reached = remedied.handled(own, "stage-logging", "api-lifecycle")
        assert {one["disposition"] for one in reached if one["function"] != "baseline"} == {"own_action"}


def test_a_containment_is_lifted_once_a_person_has_approved_the_deployment(stack, loops):
    loop = loops["edited"]
    id_ = ledger_id(loop.event, "redeploy")
    code, out, err = stack.command("approve", id_, "--by", "carol")
    assert (code, out.splitlines()[0], err) == (0, f"{id_}: verified", "")
    now = serving(stack, loop.api)
    assert now not in (loop.first, loop.published)
    assert settings_of(stack, loop.prod) == {**loop.stage, "deploymentId": now}
    assert (stack.entry(loop.event, "redeploy")["state"], stack.entry(loop.event, "contain")["state"]) == (
        "verified", "undone")
    later = stack.told_later(loop.event)
    assert [one.subject.split(":")[0] for one in later if one.remediation["id"] == id_] == ["REDEPLOYED"]
    assert "by carol (as the command says)" in later[0].text


def test_what_is_left_to_a_person_stays_published_and_that_is_told(remedied, loops):
    for name, lines in {
            "told": [("Redeploy", "not done (redeploy, mode notify)"), ("Reason", "the mode of `redeploy` is `notify`"),
                     ("Contain", "not done (contain, mode notify)"), ("Reason", "the mode of `contain` is `off`")],
            "dry": [("Redeploy", "not done (dry run): it would be; policy allows it"),
                    ("Contain", "not done (dry run): it would be; policy allows it")],
            "edited-uncontained": [("Redeploy", "not done yet: it waits for approval until "),
                                   ("Contain", "not done yet: it waits for approval until ")],
            "unrecorded": [("Redeploy", "not done yet: it waits for approval until "),
                           ("Reason", "what the last deployment before the change published is not known")]}.items():
        loop = loops[name]
        told, _ = assert_private(remedied, loop)
        assert told.subject.endswith(", still published"), name
        assert "now: treat stage prod as public" in told.said["Exposure"]
        for line in lines:
            assert says(told, *line), (name, told.text)
        assert serving(remedied, loop.api) == loop.published
        assert settings_of(remedied, loop.prod) == {**loop.stage, "deploymentId": loop.published}


def test_only_the_stage_that_serves_it_is_deployed_to(remedied, loops):
    loop = loops["one-of-two"]
    _, entry = assert_private(remedied, loop)
    assert entry["exposure"]["live"]["stages"] == ["prod"]
    assert serving(remedied, loop.api, "beta") == loop.first
    assert serving(remedied, loop.api) not in (loop.first, loop.published)


def test_deployments_that_cannot_be_read_count_as_live(stack, deployed_apis):
    loop = attack(stack, deployed_apis["unreadable"], ARMED)
    stack.aws.faults({"operation": "GetDeployments", "answer": 403})
    deliver(stack, [loop.event])
    stack.brought_to_an_end(loop.event, FUNCTION)
    told, entry = assert_private(stack, loop)
    assert entry["exposure"] == {"live": {"since": None, "stages": []}}
    assert told.subject.endswith(", still published")
    assert says(told, "Reason", "whether it was published could not be read: ")
    assert told.said["Exposure"] == [
        "treat as LIVE: whether it was published could not be read, nor since when; by which stages is not known",
        "now: treat every stage of the API as public"]
    assert says(told, "Redeploy", "not done") and says(told, "Contain", "not done")
    assert "which stages serve it is not known, so none can be closed" in told.said["Reason"]


def test_the_kill_switch_stops_between_two_writes_and_that_pages(stack, deployed_apis):
    loop = attack(stack, deployed_apis["stopped"], ARMED)
    deliver(stack, [loop.event])
    wait_for(lambda: stack.writes(ledger_id(loop.event, RESTORE)))
    stack.switch("stop")
    stack.brought_to_an_end(loop.event, FUNCTION)
    told, entry = stack.told(loop.event), stack.entry(loop.event, RESTORE)
    now = api_settings(stack, loop.api)
    assert now["policy"] == loop.before["policy"]
    assert now["endpointConfiguration"] == loop.damaged["endpointConfiguration"]
    assert (entry["state"], told.outcome) == ("attempted", "attempted")
    assert told.text.splitlines()[1] == \
        "Somebody has to look now: restore-private-endpoint was attempted and is not verified."
    assert says(told, "Reason", "the kill switch stops every write: ")
    assert len(stack.writes(entry["id"])) == 1
