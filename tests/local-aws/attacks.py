"""Attacks on the deployed stack. Each function sets a scene that stood before, as the baseline saw it, and returns what
strikes: a call that attacks and gives the event.
"""

import json
import time

from bench import wait_for
from deliveries import at, deliver, variant
from scenes import LOG_GROUP, ROLE, http_stage, last, logging_switched_off, patch, rest_api_with_method, unseen

LOGGED = [*patch("replace", "/*/*/logging/loglevel", "INFO"),
          *patch("replace", "/accessLogSettings/destinationArn", LOG_GROUP),
          *patch("replace", "/accessLogSettings/format", "$context.requestId")]
DARK = [*patch("replace", "/*/*/logging/loglevel", "OFF"), *patch("remove", "/accessLogSettings")]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
     "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}]})
PUBLIC = [*patch("replace", "/endpointConfiguration/types/PRIVATE", "REGIONAL"), *patch("replace", "/policy", "")]


def before(stack, service="apigateway", seconds=60):
    """A client whose calls were made so long ago, as far as their records say: events count in whole seconds."""
    return stack.aws.client(service, record={"eventTime": at(seconds)})


def struck(stack, name, call, **parameters):
    """Makes a call; returns its event."""
    call(**parameters)
    return last(stack, name)


def account_with_role(stack):
    """An account whose API Gateway may log, as long ago as the baseline needs it."""
    before(stack, seconds=90).update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))
    stack.handled(last(stack, "UpdateAccount"), "baseline", "stage-logging")


def stage_with_logs(stack):
    """A REST stage with both kinds of logs."""
    rest = before(stack)
    api = rest_api_with_method(rest)
    stage = {"restApiId": api, "stageName": "prod"}
    rest.create_stage(**stage, deploymentId=rest.create_deployment(restApiId=api)["id"])
    before(stack, seconds=50).update_stage(**stage, patchOperations=LOGGED)
    return stage


def logged_stage(stack):
    """The same, and the baseline knows it."""
    stage = stage_with_logs(stack)
    stack.handled(last(stack, "UpdateStage"), "baseline")
    return stage


def stage_goes_dark(stack, stage=None):
    """Both kinds of logs of a REST stage are switched off."""
    stage = stage or logged_stage(stack)
    update = stack.aws.client("apigateway").update_stage
    return lambda: struck(stack, "UpdateStage", update, **stage, patchOperations=DARK)


def websocket_stage_goes_dark(stack):
    """The execution logs of a WebSocket stage are switched off."""
    stage = http_stage(before(stack, "apigatewayv2"), "WEBSOCKET", DefaultRouteSettings={"LoggingLevel": "INFO"})
    stack.handled(last(stack, "CreateStage"), "baseline")
    update = stack.aws.client("apigatewayv2").update_stage
    return lambda: struck(stack, "UpdateStage", update, **stage, DefaultRouteSettings={"LoggingLevel": "OFF"})


def account_loses_its_role(stack):
    """The role that API Gateway logs with is taken from the account."""
    account_with_role(stack)
    # One process updates an account once in 20 seconds.
    stack.cold("stage-logging")
    update = stack.aws.client("apigateway").update_account
    cleared = patch("replace", "/cloudwatchRoleArn", "")
    return lambda: struck(stack, "UpdateAccount", update, patchOperations=cleared)


def private_api(stack):
    """Id of a private API with a policy, which the baseline knows."""
    rest = before(stack)
    api = rest.create_rest_api(name="payroll", endpointConfiguration={"types": ["PRIVATE"]}, policy=POLICY)
    rest.put_method(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE")
    stack.handled(last(stack, "CreateRestApi"), "baseline")
    return api["id"]


def private_api_goes_public(stack, api=None):
    """Its endpoint and its policy are changed, and nothing is deployed."""
    api = api or private_api(stack)
    update = stack.aws.client("apigateway").update_rest_api
    return lambda: struck(stack, "UpdateRestApi", update, restApiId=api, patchOperations=PUBLIC)


def private_api_is_published(stack):
    """The same, and the attacker deploys it to the stage that served the private API."""
    api, rest = private_api(stack), before(stack, seconds=30)
    deployment = rest.create_deployment(restApiId=api)["id"]
    stack.handled(last(stack, "CreateDeployment"), "baseline")
    rest.create_stage(restApiId=api, stageName="prod", deploymentId=deployment)
    stack.handled(last(stack, "CreateStage"), "baseline")
    # API Gateway's own clock tells which deployment came first, in whole seconds.
    made = int(time.time())
    attacker = stack.aws.client("apigateway")

    def strike():
        wait_for(lambda: time.time() >= made + 1)
        event = unseen(stack, private_api_goes_public(stack, api), "UpdateRestApi")
        attacker.create_deployment(restApiId=api, stageName="prod")
        deliver(stack, [event])
        return event

    return strike


def unknown_stage_goes_dark(stack):
    """A stage that the baseline does not know, so that nothing can be put back."""
    event = logging_switched_off(stack)
    return lambda: delivered(stack, event)


def unknown_stages_go_dark(stack):
    """Four stages at once, one more than a window lets pass."""
    event = logging_switched_off(stack)
    others = [variant(event, stage=name) for name in ("blue", "green", "test")]
    return lambda: [delivered(stack, one) for one in (event, *others)]


def unknown_api_goes_public(stack):
    """The same of a private API."""
    event = event_of_unknown_api(stack)
    return lambda: delivered(stack, event)


def event_of_unknown_api(stack):
    """The event, not yet delivered, of a private API made public that the baseline does not know."""
    rest = stack.aws.client("apigateway")

    def calls():
        api = rest.create_rest_api(name="unknown", endpointConfiguration={"types": ["PRIVATE"]})["id"]
        rest.update_rest_api(restApiId=api, patchOperations=PUBLIC[:1])

    return unseen(stack, calls, "UpdateRestApi")


def api_is_deleted(stack):
    """A REST API is deleted."""
    event = unseen(stack, lambda: delete_new_api(stack), "DeleteRestApi")
    return lambda: delivered(stack, event)


def delete_new_api(stack):
    """Makes an API and deletes it."""
    rest = stack.aws.client("apigateway")
    rest.delete_rest_api(restApiId=rest.create_rest_api(name="short-lived")["id"])


def stage_is_changed_unreadably(stack):
    """A stage that the baseline does not know goes dark, and the record does not say what was changed."""
    return unreadable(stack, logging_switched_off(stack), "restApiId", "stageName")


def rest_api_is_changed_unreadably(stack):
    """The same of a private API that goes public."""
    return unreadable(stack, event_of_unknown_api(stack), "restApiId")


def http_api_is_replaced_unreadably(stack):
    """An HTTP API gets another definition, which no record shows: the record of another call says so, because the
    emulator cannot do it.
    """
    http = stack.aws.client("apigatewayv2")

    def calls():
        api = http.create_api(Name="unknown", ProtocolType="HTTP")["ApiId"]
        http.update_api(ApiId=api, Description="another")

    return unreadable(stack, variant(unseen(stack, calls, "UpdateApi"), eventName="ReimportApi"), "apiId")


def unreadable(stack, event, *names):
    """Strikes with an event whose record says nothing but these parameters."""
    named = {name: event["detail"]["requestParameters"][name] for name in names}
    return lambda: delivered(stack, variant(event, requestParameters=named, responseElements=None))


def responder_is_imitated(stack):
    """A session of the remediator's role, under a ledger's id that nothing accounts for, changes a stage."""
    event = unseen(stack, stage_goes_dark(stack), "UpdateStage")
    account = event["account"]
    by = {"type": "AssumedRole",
          "arn": f"arn:aws:sts::{account}:assumed-role/portcullis-remediator/restore-stage-logging-0123456789abcdef",
          "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{account}:role/portcullis-remediator"}}}
    own = variant(event, userIdentity={**event["detail"]["userIdentity"], **by})
    return lambda: delivered(stack, own)


def delivered(stack, event):
    """Puts an event on the bus."""
    deliver(stack, [event])
    return event


def forget_apis(stack):
    """Deletes every REST API past the relay, so that a sweep is short."""
    rest = stack.aws.client("apigateway", endpoint_url=stack.aws.emulator_url)
    for api in rest.get_rest_apis(limit=500)["items"]:
        rest.delete_rest_api(restApiId=api["id"])
