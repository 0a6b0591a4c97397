"""The rows of attacks on logging and on private APIs, as loops: what stood before, an attack whose event is held back,
an unrelated change of somebody else; and what has to be true in the end.
"""

import contextlib
import functools
from types import SimpleNamespace

from deliveries import at, deliver
from remedy import EARLIER, POLICY
from scenes import LOG_GROUP, patch, patches, rest_api_with_method, unseen

OTHER_GROUP = LOG_GROUP.replace(":access", ":elsewhere")
MADE = {"eventTime": at(180)}
# Loops that run at once; with what is forgotten in between, no more than an account has restores an hour.
AT_ONCE = 10
ARMED = "found no deployment dated after the change; the API that the next one publishes is private again"
UNDO = {"restore-stage-logging": "brings the bad settings back",
        "restore-account-logging-role": "brings the bad settings back",
        "restore-private-endpoint": "prints the calls that bring the bad settings back"}
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
    "7-one-route": (
        "WEBSOCKET", changes(RouteSettings={**ROUTES, "send": {**ROUTES["send"], "LoggingLevel": "OFF"}}), {}),
    "7-settings-of-a-route": ("WEBSOCKET", lambda http, stage: http.delete_route_settings(**stage, RouteKey="$connect"),
                              {"DefaultRouteSettings": {**DEFAULT, "LoggingLevel": "OFF"}}),
    "7-every-route-of-none": (
        "WEBSOCKET", changes(DefaultRouteSettings={**DEFAULT, "LoggingLevel": "OFF"}), {"RouteSettings": {}}),
}


def on_ministack(stack, **where):
    """How tests act there: long ago, now, and as an attacker whose event is held back."""
    client = functools.partial(stack.aws.client, **where)

    def hidden(calls, service="apigateway"):
        unseen(stack, lambda: calls(client(service)))
        return stack.aws.events()[-1]

    return SimpleNamespace(hidden=hidden, newest=lambda: stack.aws.events()[-1],
                           of=lambda record=None, service="apigateway": client(service, record=record))


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


def assert_restored(stack, loop, remediation="restore-stage-logging", is_noted=False):
    """As it stood before the attack, with the change made since, by one write that was read back and told."""
    told, entry = stack.told(loop.event), stack.entry(loop.event, remediation)
    assert loop.damaged != loop.expected
    assert loop.read() == loop.expected, told.text
    assert (entry["state"], entry["mode"], entry["policies"]) == ("verified", "auto", ["asked-for"])
    assert told.outcome == "verified"
    assert told.subject.endswith(", restored")
    assert told.finding["decision"]["id"] == entry["id"]
    assert told.said["Done"] == [f"put back and read back: as it was{', but for what the notes say' * is_noted}"]
    assert told.said["Undo"] == [f"portcullis undo {entry['id']} {UNDO[remediation]} (within 24 hours)"]
    assert told.said["Restored"] == [
        f"{change['path']}: {change['before'] or '(not set)'} -> {change['after'] or '(not set)'}"
        for change in entry["plan"]["changes"]]
    assert told.said["Note"] == entry["plan"]["notes"]
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
    assert told.said["Exposure"] == [ARMED]
    return entry
