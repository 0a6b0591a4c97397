"""What an attack takes comes back field by field, and what others changed meanwhile stays: rows 1 to 8, 11 and 15 of the
attacks, from the event to the read-back, on MiniStack and, for REST APIs, on moto too.

Every attack meets a stage (API, Region) of its own. Its event comes late, after an unrelated change of somebody else.
"""

import contextlib
import functools
import json
from types import SimpleNamespace

import pytest

from bench import ACCOUNT, REGION, LocalAws
from deliveries import at, deliver
from remedy import EARLIER, POLICY, REMEDIATOR, TRUST, Remedied, as_remediator, issuer, recorded, remediation
from scenes import LOG_GROUP, ROLE, last, patch, patches, rest_api_with_method, rest_stage, unseen
from stack import forward

OTHER_GROUP = LOG_GROUP.replace(":access", ":elsewhere")
MADE = {"eventTime": at(180)}
# Loops that run at once; with what is forgotten in between, no more than an account has restores an hour.
AT_ONCE = 10
RUN_BY_ITSELF = ("lastUpdatedDate", "createdDate", "LastUpdatedDate", "CreatedDate", "ResponseMetadata")

ALL, PETS, ADMIN, ROOT, ORDERS = "/*/*", "/~1pets/GET", "/~1admin/POST", "/~1/GET", "/~1orders/PUT"
LEVEL, TRACE = "logging/loglevel", "logging/dataTrace"
DESTINATION, FORMAT = "/accessLogSettings/destinationArn", "/accessLogSettings/format"
LOGGED = patches({
    f"{ALL}/{LEVEL}": "INFO", f"{ALL}/metrics/enabled": "true", f"{ALL}/throttling/rateLimit": "50",
    f"{ALL}/throttling/burstLimit": "20", f"{PETS}/{LEVEL}": "INFO", f"{PETS}/caching/ttlInSeconds": "60",
    DESTINATION: LOG_GROUP, FORMAT: "$context.requestId $context.status"})
QUIET_BY_DEFAULT, TRACED = patches({f"{ALL}/{LEVEL}": "OFF"}), patches({f"{ALL}/{TRACE}": "true"})
# What the attacker sends, and what the stage had beside `LOGGED`.
REST = {
    "1-every-method": (patches({f"{ALL}/{LEVEL}": "OFF"}), []),
    "1-reduced": (patches({f"{ALL}/{LEVEL}": "ERROR", f"{PETS}/{LEVEL}": "ERROR"}), []),
    "1-and-data-trace": (patches({f"{ALL}/{LEVEL}": "OFF", f"{ALL}/{TRACE}": "false"}), TRACED),
    "2-one-method": (patches({f"{PETS}/{LEVEL}": "OFF"}), []),
    "2-a-method-without-settings": (patches({f"{ADMIN}/{LEVEL}": "OFF"}), []),
    "2-the-root": (patches({f"{ROOT}/{LEVEL}": "OFF"}), []),
    "3-the-key-of-all": (patch("remove", ALL), []),
    "3-the-key-of-one": (patch("remove", PETS), QUIET_BY_DEFAULT),
    "3-a-key-with-data-trace": (patch("remove", ALL), TRACED),
    "4-access-logs": (patch("remove", "/accessLogSettings"), []),
    "4-and-1-and-3-at-once": ([*patch("remove", "/accessLogSettings"), *patch("remove", ALL),
                               *patches({f"{PETS}/{LEVEL}": "OFF"})], []),
    "5-redirected": (patches({DESTINATION: OTHER_GROUP}), []),
    "5-gutted": (patches({FORMAT: "$context.requestId"}), []),
    "5-both": (patches({DESTINATION: OTHER_GROUP, FORMAT: "-"}), []),
}

# What moto can do: it takes no key away.
ON_MOTO = [row for row in REST if not row.startswith(("2-a-", "2-the-", "3-", "4-and-"))]

ROUTES = {"$connect": {"LoggingLevel": "INFO", "ThrottlingRateLimit": 9.0, "DetailedMetricsEnabled": True},
          "send": {"LoggingLevel": "INFO", "ThrottlingBurstLimit": 4}}
ACCESS = {"DestinationArn": LOG_GROUP, "Format": "$context.requestId $context.status"}
DEFAULT = {"LoggingLevel": "ERROR", "ThrottlingRateLimit": 50.0, "ThrottlingBurstLimit": 20}
OF_A_KIND = {
    "HTTP": {"AccessLogSettings": ACCESS, "DefaultRouteSettings": {"ThrottlingRateLimit": 50.0}},
    "WEBSOCKET": {"AccessLogSettings": ACCESS, "DefaultRouteSettings": DEFAULT, "RouteSettings": ROUTES},
}


def changes(**settings):
    """An attack by UpdateStage of a v2 stage."""
    return lambda http, stage: http.update_stage(**stage, **settings)


# The kind of API, what the attacker does, what the stage had beside `OF_A_KIND`.
V2 = {
    "5-http-redirected": ("HTTP", changes(AccessLogSettings={**ACCESS, "DestinationArn": OTHER_GROUP}), {}),
    "5-websocket-gutted": ("WEBSOCKET", changes(AccessLogSettings={**ACCESS, "Format": "-"}), {}),
    "6-http": ("HTTP", lambda http, stage: http.delete_access_log_settings(**stage), {}),
    "6-websocket": ("WEBSOCKET", lambda http, stage: http.delete_access_log_settings(**stage), {}),
    "7-every-route": ("WEBSOCKET", changes(DefaultRouteSettings={**DEFAULT, "LoggingLevel": "OFF"}), {}),
    "7-one-route": ("WEBSOCKET", changes(RouteSettings={**ROUTES, "send": {**ROUTES["send"], "LoggingLevel": "OFF"}}), {}),
    "7-settings-of-a-route": ("WEBSOCKET", lambda http, stage: http.delete_route_settings(**stage, RouteKey="$connect"),
                              {"DefaultRouteSettings": {**DEFAULT, "LoggingLevel": "OFF"}}),
    "7-every-route-of-none": (
        "WEBSOCKET", changes(DefaultRouteSettings={**DEFAULT, "LoggingLevel": "OFF"}), {"RouteSettings": {}}),
}


@pytest.fixture(scope="module")
def remedied(tmp_path_factory):
    """Portcullis that puts everything back at once, in an AWS of its own."""
    with remediation(tmp_path_factory.mktemp("config")) as stack:
        yield stack


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """The same with moto as API Gateway; everything else stays."""
    with LocalAws(moto=True) as aws:
        stack = Remedied(aws, tmp_path_factory.mktemp("config"))
        stack.settings["AWS_ENDPOINT_URL_API_GATEWAY"] = aws.moto_url
        stack.restart()
        recorded(aws, lambda event: deliver(stack, [event]), EARLIER).update_account(
            patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))
        yield stack


def on_ministack(stack, **where):
    """How tests act there: long ago, now, and as an attacker whose event is held back."""
    client = functools.partial(stack.aws.client, **where)

    def hidden(calls, service="apigateway"):
        unseen(stack, lambda: calls(client(service)))
        return stack.aws.events()[-1]

    return SimpleNamespace(hidden=hidden, newest=lambda: stack.aws.events()[-1],
                           of=lambda record=None, service="apigateway": client(service, record=record))


def on_moto(stack):
    """The same there: its clients make the records that the relay would have made."""
    def hidden(calls):
        held = []
        calls(recorded(stack.aws, held.append))
        return held[-1]

    seen = []

    def published(event):
        seen.append(event)
        deliver(stack, [event])

    return SimpleNamespace(hidden=hidden, newest=lambda: seen[-1],
                           of=lambda record=None: recorded(stack.aws, published, record))


def settings(answer):
    """All that an answer says but when it was made and changed."""
    return {name: value for name, value in answer.items() if name not in RUN_BY_ITSELF}


def kept_rest_stage(aws, extra=()):
    """A stage of a new REST API as it stood long ago."""
    before = aws.of(MADE)
    api = rest_api_with_method(before)
    before.put_integration(
        restApiId=api, resourceId=before.get_resources(restApiId=api)["items"][0]["id"], httpMethod="GET", type="MOCK")
    deployment = before.create_deployment(restApiId=api)["id"]
    stage = {"restApiId": api, "stageName": "prod"}
    before.create_stage(**stage, deploymentId=deployment, variables={"owner": "team"}, tags={"tier": "one"})
    aws.of(EARLIER).update_stage(**stage, patchOperations=[*LOGGED, *extra])
    return stage


def rest_loop(aws, row):
    """A stage with its attack made, its event not delivered, and an unrelated change after it."""
    attack, extra = REST[row]
    stage = kept_rest_stage(aws, extra)
    now = aws.of()
    loop = SimpleNamespace(stage=stage, read=lambda: settings(now.get_stage(**stage)))
    loop.before, loop.known = loop.read(), aws.newest()
    loop.event = aws.hidden(lambda rest: rest.update_stage(**stage, patchOperations=attack))
    now.update_stage(**stage, patchOperations=patches({
        "/variables/color": "blue", f"{ORDERS}/throttling/rateLimit": "7", "/tracingEnabled": "true",
        "/description": "for all"}))
    loop.damaged = loop.read()
    loop.expected = {**loop.before, "variables": {"owner": "team", "color": "blue"}, "tracingEnabled": True,
                     "description": "for all", "methodSettings": {
                         **loop.before["methodSettings"],
                         "~1orders/PUT": loop.damaged["methodSettings"]["~1orders/PUT"]}}
    if extra == TRACED:
        loop.expected["methodSettings"]["*/*"] = {**loop.before["methodSettings"]["*/*"], "dataTraceEnabled": False}
    return loop


def v2_loop(aws, row):
    """The same of an HTTP or WebSocket API."""
    kind, attack, extra = V2[row]
    stage = v2_stage(aws, kind, extra)
    return v2_change(aws, stage, attack, v2_meanwhile(kind, {**OF_A_KIND[kind], **extra}, row))


def v2_stage(aws, kind, extra):
    """A stage of a new API as it stood long ago."""
    before = aws.of(EARLIER, "apigatewayv2")
    expression = {"RouteSelectionExpression": "$request.body.action"} if kind == "WEBSOCKET" else {}
    stage = {"ApiId": before.create_api(Name="chat", ProtocolType=kind, **expression)["ApiId"], "StageName": "prod"}
    before.create_stage(**stage, StageVariables={"owner": "team"}, **{**OF_A_KIND[kind], **extra})
    return stage


def v2_meanwhile(kind, was, row):
    """What somebody else sets: of other routes, or of all routes where the attack is on one. Settings of a route come
    without a level for HTTP APIs only: they replace those of the stage and would silence it.
    """
    if row.startswith("7") and not row.startswith("7-every-route"):
        return {"DefaultRouteSettings": {**was["DefaultRouteSettings"], "ThrottlingRateLimit": 70.0}}
    level = {"LoggingLevel": "INFO"} if kind == "WEBSOCKET" else {}
    return {"RouteSettings": {**was.get("RouteSettings", {}), "other": {**level, "ThrottlingRateLimit": 7.0}}}


def v2_change(aws, stage, attack, meanwhile):
    """An attack and an unrelated change after it."""
    now = aws.of(service="apigatewayv2")
    loop = SimpleNamespace(stage=stage, read=lambda: settings(now.get_stage(**stage)))
    loop.before, loop.known = loop.read(), aws.newest()
    loop.event = aws.hidden(lambda http: attack(http, stage), "apigatewayv2")
    now.update_stage(**stage, StageVariables={"color": "blue"}, Description="for all", **meanwhile)
    loop.damaged = loop.read()
    loop.expected = {**loop.before, "StageVariables": {"owner": "team", "color": "blue"}, "Description": "for all",
                     **meanwhile}
    return loop


def ended(stack, made, function="stage-logging"):
    """Delivers the events of these loops, a few at once, and notes how each ended."""
    for first in range(0, len(made), AT_ONCE):
        stack.forgive()
        loops = made[first:first + AT_ONCE]
        deliver(stack, [loop.event for loop in loops])
        for loop in loops:
            with contextlib.suppress(TimeoutError):
                stack.brought_to_an_end(loop.event, function)
    return made


def run(stack, aws, make, rows):
    """The loops of these rows, by row."""
    made = {row: make(aws, row) for row in rows}
    for loop in made.values():
        stack.handled(loop.known, "baseline")
    ended(stack, list(made.values()))
    return made


@pytest.fixture(scope="module")
def rest_loops(remedied):
    """Attacks on stages of REST APIs."""
    return run(remedied, on_ministack(remedied), rest_loop, REST)


@pytest.fixture(scope="module")
def v2_loops(remedied):
    """Attacks on stages of HTTP and WebSocket APIs."""
    return run(remedied, on_ministack(remedied), v2_loop, V2)


def assert_restored(stack, loop, remediation="restore-stage-logging"):
    """As it stood before the attack, with the change made since, by one write that was read back and told."""
    told, entry = stack.told(loop.event), stack.entry(loop.event, remediation)
    assert loop.damaged != loop.expected
    assert loop.read() == loop.expected, told.text
    assert (entry["state"], entry["mode"], entry["policies"]) == ("verified", "auto", ["asked-for"])
    assert told.outcome == "verified"
    assert told.subject.endswith(", restored")
    assert told.finding["decision"]["id"] == entry["id"]
    assert "Done:        put back and read back: as it was" in told.text
    assert f"Undo:        portcullis undo {entry['id']} (within 24 hours)" in told.text
    for change in (change for part in entry["parts"] for change in part["plan"]["changes"]):
        assert f"Restored:    {change['path']}: {change['before'] or '(not set)'} -> {change['after'] or '(not set)'}" \
            in told.text
    return told, entry


def assert_own_writes(stack, entry, *functions, number=1):
    """What was written is in the ledger, and every function that its events reach knows it for our own."""
    written = stack.writes(entry["id"])
    assert len(written) == number
    assert [event["detail"]["eventName"] for event in written] == [
        write["step"]["call"].replace("V2", "") for write in entry["writes"]]
    for event in written:
        reached = stack.handled(event, *functions)
        assert {one["disposition"] for one in reached if one["function"] != "baseline"} == {"own_action"}


@pytest.mark.parametrize("row", REST)
def test_logging_of_a_rest_stage_comes_back(remedied, rest_loops, row):
    told, entry = assert_restored(remedied, rest_loops[row])
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
    assert ("data trace" in told.text) == (row in ("1-and-data-trace", "3-a-key-with-data-trace"))


def test_data_trace_is_never_switched_on_again_and_that_is_told(remedied, rest_loops):
    for row in ("1-and-data-trace", "3-a-key-with-data-trace"):
        loop = rest_loops[row]
        assert loop.before["methodSettings"]["*/*"]["dataTraceEnabled"] is True
        assert loop.read()["methodSettings"]["*/*"]["dataTraceEnabled"] is False
        text = remedied.told(loop.event).text
        assert "Done:        put back and read back: as it was, but for what the notes say" in text
        assert "data trace" in next(line for line in text.splitlines() if line.startswith("Note:")).lower()


@pytest.mark.parametrize("row", V2)
def test_logging_of_a_v2_stage_comes_back(remedied, v2_loops, row):
    _, entry = assert_restored(remedied, v2_loops[row])
    # The record of a v2 stage does not tell which settings were changed, so no pattern leaves it out.
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


def test_a_route_that_was_silenced_by_settings_of_its_own_is_logged_again(remedied):
    """Its settings cannot be removed without a call that deletes: they become those that it had from the stage."""
    aws = on_ministack(remedied)
    silent = changes(RouteSettings={**ROUTES, "$disconnect": {"LoggingLevel": "OFF"}})
    loop = v2_change(aws, v2_stage(aws, "WEBSOCKET", {}), silent, {})
    ended(remedied, [loop])
    loop.expected["RouteSettings"] = {**ROUTES, "$disconnect": DEFAULT}
    told, entry = assert_restored(remedied, loop)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
    assert "Note:        route `$disconnect` had no settings of its own; to remove those that it has now: " \
        f"aws apigatewayv2 delete-route-settings --region '{REGION}' --api-id '{loop.stage['ApiId']}'" in told.text


def recreated_rest(aws, _row):
    """Row 11: a stage is deleted and made again under its name; then somebody sets what is not logging."""
    loop = rest_loop(aws, "1-every-method")
    stage, known = loop.stage, loop.before

    def again(rest):
        rest.delete_stage(**stage)
        rest.create_stage(**stage, deploymentId=known["deploymentId"], variables=known["variables"], tags=known["tags"])

    loop.event = aws.hidden(again)
    aws.of().update_stage(**stage, patchOperations=patches({
        "/variables/color": "blue", "/tracingEnabled": "true", "/description": "for all"}))
    loop.damaged = loop.read()
    loop.expected["methodSettings"] = known["methodSettings"]
    return loop


def recreated_v2(aws, kind):
    """The same of an HTTP or WebSocket API."""
    def again(http, stage):
        http.delete_stage(**stage)
        http.create_stage(**stage, StageVariables={"owner": "team"})

    return v2_change(aws, v2_stage(aws, kind, {}), again, {})


@pytest.fixture(scope="module")
def recreated(remedied):
    """Stages that were made again."""
    aws = on_ministack(remedied)
    makers = {"REST": recreated_rest, "HTTP": recreated_v2, "WEBSOCKET": recreated_v2}
    return run(remedied, aws, lambda aws, kind: makers[kind](aws, kind), makers)


@pytest.mark.parametrize("kind", ["REST", "HTTP", "WEBSOCKET"])
def test_a_stage_that_was_made_again_is_logged_as_before(remedied, recreated, kind):
    loop = recreated[kind]
    assert loop.event["detail"]["eventName"] == "CreateStage"
    _, entry = assert_restored(remedied, loop)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


def private_api(aws, **attack):
    """Row 15: a private API is made public, its policy gone with it; then somebody sets what is none of that."""
    before, now = aws.of(EARLIER), aws.of()
    api = {"restApiId": before.create_rest_api(
        name="payroll", policy=POLICY, description="for few", binaryMediaTypes=["image/png"],
        endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1", "vpce-2"]})["id"]}
    loop = SimpleNamespace(read=lambda: settings(now.get_rest_api(**api)), known=aws.newest())
    loop.before = loop.read()
    loop.event = aws.hidden(lambda rest: rest.update_rest_api(**api, patchOperations=patches(
        {"/policy": "", "/endpointConfiguration/types/PRIVATE": "REGIONAL", **attack})))
    now.update_rest_api(**api, patchOperations=patches({"/description": "for all", "/name": "wages"}))
    loop.damaged = loop.read()
    loop.expected = {**loop.before, "description": "for all", "name": "wages"}
    return loop


def assert_private_again(stack, aws):
    """Policy, type, VPC endpoints and IP address type are those from before; nothing published the change."""
    loop = private_api(aws)
    stack.handled(loop.known, "baseline")
    assert loop.damaged["endpointConfiguration"]["types"] == ["REGIONAL"]
    ended(stack, [loop], "api-exposure")
    told, entry = assert_restored(stack, loop, "restore-private-endpoint")
    assert told.severity == "critical"
    assert "Exposure:    no deployment since the change was found; the API that the next one publishes is private again" \
        in told.text
    return entry


def test_a_private_api_is_private_again(remedied):
    entry = assert_private_again(remedied, on_ministack(remedied))
    # The policy first: a private API needs it.
    assert [[one["path"] for one in write["step"]["patchOperations"]] for write in entry["writes"]] == [
        ["/policy"], ["/endpointConfiguration/types/REGIONAL", "/endpointConfiguration/vpcEndpointIds",
                      "/endpointConfiguration/vpcEndpointIds", "/endpointConfiguration/ipAddressType"]]
    assert_own_writes(remedied, entry, "api-exposure", "api-lifecycle", number=2)


@pytest.mark.parametrize(("region", "role"), [("us-east-1", ""), ("eu-central-1", f"{ROLE}-of-nobody")])
def test_the_accounts_logging_role_comes_back(remedied, region, role):
    """Row 8, cleared or replaced, each in a Region of its own: the role is that of an account and Region. There is
    nothing else to change in an account (MiniStack spoils `/features`), so a stage of the Region is changed.
    """
    forward(remedied.aws, ACCOUNT, region)
    aws = on_ministack(remedied, region=region)
    before, now = aws.of(EARLIER), aws.of()
    before.update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
    loop = SimpleNamespace(read=lambda: settings(now.get_account()), known=aws.newest())
    loop.before = loop.read()
    loop.event = aws.hidden(lambda rest: rest.update_account(patchOperations=patches({"/cloudwatchRoleArn": role})))
    now.update_stage(**rest_stage(now), patchOperations=patches({"/variables/color": "blue"}))
    loop.damaged, loop.expected = loop.read(), loop.before
    remedied.handled(loop.known, "baseline")
    ended(remedied, [loop])
    told, entry = assert_restored(remedied, loop, "restore-account-logging-role")
    assert (told.rule, told.region) == ("account-logging-role-removed", region)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


@pytest.fixture(scope="module")
def second_loops(second):
    """Attacks on stages of REST APIs where moto keeps them."""
    return run(second, on_moto(second), rest_loop, ON_MOTO)


@pytest.mark.parametrize("row", ON_MOTO)
def test_logging_of_a_rest_stage_comes_back_on_moto(second, second_loops, row):
    assert_restored(second, second_loops[row])


def test_a_key_that_was_removed_comes_back_on_moto(second):
    """moto takes no key away: the stage is made again without it, and the record says what AWS's would."""
    aws, held = on_moto(second), []
    loop = rest_loop(aws, "1-every-method")
    silent = recorded(second.aws, held.append)
    silent.update_stage(**loop.stage, patchOperations=patch("remove", ALL))
    loop.event = held[-1]
    loop.event["detail"]["responseElements"]["methodSettings"].pop("*/*")
    silent.delete_stage(**loop.stage)
    silent.create_stage(**loop.stage, deploymentId=loop.before["deploymentId"], tags=loop.before["tags"],
                        variables={**loop.before["variables"], "color": "blue"}, tracingEnabled=True)
    silent.update_stage(**loop.stage, patchOperations=[
        *(one for one in LOGGED if not one["path"].startswith(ALL)),
        *patches({f"{ORDERS}/throttling/rateLimit": "7", "/description": "for all"})])
    loop.damaged = loop.read()
    second.handled(loop.known, "baseline")
    ended(second, [loop])
    assert_restored(second, loop)


def test_a_private_api_is_private_again_on_moto(second):
    assert_private_again(second, on_moto(second))


def test_no_own_write_is_told(remedied, rest_loops, v2_loops, recreated):
    """After all of the above; those of the account's role and of the private API too."""
    told = {event_id for found in remedied.findings() for event_id in found["event_ids"]}
    written = {event["detail"]["eventID"] for event in remedied.writes()}
    assert len(written) >= len(rest_loops) + len(v2_loops) + len(recreated)
    assert not told & written
    assert remedied.findings("responder-role-misused") == []


@pytest.mark.parametrize(("session", "api", "operations"), [
    ("made up", "same", "same"),
    ("restore-stage-logging-0123456789abcdef", "same", "same"),
    ("of the entry", "other", "same"),
    ("of the entry", "same", "other"),
    ("of the entry", "same", "more"),
], ids=["made-up", "unknown-id", "another-api", "another-patch", "a-longer-patch"])
def test_what_else_the_remediators_role_does_is_told(remedied, rest_loops, session, api, operations):
    """A session name that anybody can choose makes no call our own."""
    loop, other = rest_loops["1-every-method"], rest_loops["2-one-method"]
    entry = remedied.entry(loop.event)
    session = {"made up": "mallory", "of the entry": entry["id"]}.get(session, session)
    mine = entry["writes"][0]["step"]["patchOperations"]
    theirs = patches({"/variables/color": "green"})
    as_remediator(remedied, session).update_stage(
        **{"same": loop, "other": other}[api].stage,
        patchOperations={"same": mine, "other": theirs, "more": [*mine, *theirs]}[operations])
    event = last(remedied, "UpdateStage")
    remedied.handled(event, "api-lifecycle", "stage-logging")
    told = remedied.told(event)
    assert (told.rule, told.severity) == ("responder-role-misused", "critical")
    assert told.finding["principal"]["session_issuer"] == f"arn:aws:iam::{ACCOUNT}:role/{REMEDIATOR}"
    assert told.finding["decision"]["remediation"] is None


def test_an_attack_by_the_remediators_role_is_told_and_undone(remedied):
    aws = on_ministack(remedied)
    stage = kept_rest_stage(aws)
    remedied.handled(aws.newest(), "baseline")
    before = settings(aws.of().get_stage(**stage))
    as_remediator(remedied, "mallory").update_stage(**stage, patchOperations=REST["1-every-method"][0])
    event = last(remedied, "UpdateStage")
    remedied.handled(event, "api-lifecycle", "stage-logging")
    assert settings(aws.of().get_stage(**stage)) == before, [m["Message"][:900] for m in remedied.messages()[-3:]]
    event_id = event["detail"]["eventID"]
    rules = {one["rule"]: one["severity"] for one in remedied.findings() if one["event_ids"] == [event_id]}
    assert rules == {"responder-role-misused": "critical", "stage-logging-disabled": "high"}
    assert remedied.entry(event)["state"] == "verified"


@pytest.mark.parametrize(("call", "is_told"), [
    (lambda http, stage, _: http.update_stage(**stage, StageVariables={"color": "green"}), True),
    (lambda http, stage, update: http.update_stage(**stage, **update, StageVariables={"color": "green"}), True),
    (lambda http, stage, _: http.delete_access_log_settings(**stage), True),
    (lambda http, stage, update: http.update_stage(**stage, **update), False),
], ids=["another-update", "a-larger-update", "a-deletion", "the-same-update"])
def test_what_else_the_remediators_role_does_to_a_v2_stage_is_told(remedied, v2_loops, call, is_told):
    loop = v2_loops["5-http-redirected"]
    entry = remedied.entry(loop.event)
    update = {"AccessLogSettings": ACCESS}
    assert entry["writes"][0]["step"]["update"]["accessLogSettings"] == {
        "destinationArn": ACCESS["DestinationArn"], "format": ACCESS["Format"]}
    call(as_remediator(remedied, entry["id"], "apigatewayv2"), loop.stage, update)
    event = remedied.aws.events()[-1]
    remedied.handled(event, "api-lifecycle")
    told = [one["rule"] for one in remedied.findings() if one["event_ids"] == [event["detail"]["eventID"]]]
    assert ("responder-role-misused" in told) == is_told


MEMBER = "222233334444"


def test_a_stage_of_a_member_account_is_restored_by_the_roles_of_that_account(remedied):
    forward(remedied.aws, MEMBER)
    iam = remedied.aws.client("iam", account=MEMBER)
    for role in (REMEDIATOR, "portcullis-reader"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    aws = on_ministack(remedied, account=MEMBER)
    aws.of(EARLIER).update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
    with remedied.configured("stage-logging", PORTCULLIS_READER_ROLE="portcullis-reader"):
        loop = rest_loop(aws, "4-and-1-and-3-at-once")
        remedied.handled(loop.known, "baseline")
        ended(remedied, [loop])
    told, entry = assert_restored(remedied, loop)
    assert (told.account, entry["thing"]["account"]) == (MEMBER, MEMBER)
    [own] = remedied.writes(entry["id"])
    assert issuer(own) == f"arn:aws:sts::{MEMBER}:assumed-role/{REMEDIATOR}/{entry['id']}"
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
