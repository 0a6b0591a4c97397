"""Calls on HTTP and WebSocket APIs (v2) as CloudTrail shows them: flat parameters without `template`, `$default`
percent-encoded where it is part of the path, stage variables masked. Every function changes the world and returns
the `Call`.
"""

import copy
from urllib.parse import quote

from .ids import iso
from .inventory import Api
from .records import Call

SOURCE = "apigateway.amazonaws.com"


def call(name, request, response=None, read=False):
    return Call(SOURCE, name, request, response, read, api="apigatewayv2")


def read(name, **request):
    return call(name, request or None, read=True)


def label(text):
    """A path segment as it is logged: `$default` becomes `%24default`."""
    return quote(text, safe="-._~")


def stage_response(stage):
    return {**copy.deepcopy(stage), "stageVariables": "***"}


def update_stage(world, api_id, stage_name, **members):
    """An empty `accessLogSettings` changes nothing; other members merge into what is there."""
    stage = world.apis[api_id].stages[stage_name]
    for name, value in members.items():
        if isinstance(value, dict):
            stage.setdefault(name, {}).update(value)
        else:
            stage[name] = value
    stage["lastUpdatedDate"] = iso(world.now)
    request = {"stageName": label(stage_name), **copy.deepcopy(members), "apiId": api_id}
    return call("UpdateStage", request, stage_response(stage))


def delete_access_log_settings(world, api_id, stage_name):
    world.apis[api_id].stages[stage_name].pop("accessLogSettings")
    return call("DeleteAccessLogSettings", {"stageName": label(stage_name), "apiId": api_id})


def create_stage(world, api_id, stage_name, auto_deploy=True):
    stage = {
        "stageName": stage_name,
        "autoDeploy": auto_deploy,
        "createdDate": iso(world.now),
        "lastUpdatedDate": iso(world.now),
        "routeSettings": {},
        "defaultRouteSettings": {"detailedMetricsEnabled": False},
        "tags": {},
    }
    world.apis[api_id].stages[stage_name] = stage
    request = {"stageName": stage_name, "autoDeploy": auto_deploy, "apiId": api_id}
    return call("CreateStage", request, stage_response(stage))


def create_deployment(world, api_id, description=None):
    deployment = world.latest[api_id] = world.new_id("deployment", 6)
    response = {
        "deploymentStatus": "DEPLOYED",
        "createdDate": iso(world.now),
        "autoDeployed": False,
        "deploymentId": deployment,
    }
    request = {"apiId": api_id}
    if description:
        request["description"] = response["description"] = description
    return call("CreateDeployment", request, response)


def release(world, api_id, stage_name, **members):
    """UpdateStage to the deployment just made."""
    return update_stage(world, api_id, stage_name, deploymentId=world.latest[api_id], **members)


def create_api(world, account, region, api_id, kind, name, **members):
    scheme, selection = (
        ("wss", "$request.body.action") if kind == "WEBSOCKET" else ("https", "$request.method $request.path")
    )
    settings = {
        "disableExecuteApiEndpoint": False,
        "apiEndpoint": f"{scheme}://{api_id}.execute-api.{region}.amazonaws.com",
        "createdDate": iso(world.now),
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "routeSelectionExpression": selection,
        "name": name,
        "protocolType": kind,
        "apiId": api_id,
        "ipAddressType": "ipv4",
    }
    world.apis[api_id] = Api(account, region, api_id, kind, name, settings)
    return call("CreateApi", {"name": name, "protocolType": kind, **members}, dict(settings))


def update_api(world, api_id, **members):
    world.apis[api_id].settings.update(members)
    return call("UpdateApi", {**members, "apiId": api_id}, dict(world.apis[api_id].settings))


def delete_api(world, api_id):
    del world.apis[api_id]
    return call("DeleteApi", {"apiId": api_id})


def create_integration(world, api_id, uri, kind="AWS_PROXY"):
    request = {"integrationType": kind, "integrationUri": uri, "payloadFormatVersion": "2.0", "apiId": api_id}
    if kind == "HTTP_PROXY":
        request = {"integrationMethod": "ANY", **request, "payloadFormatVersion": "1.0"}
    integration = world.latest[f"{api_id}/integrations"] = world.new_id("integration", 7)
    response = {
        **request,
        "integrationMethod": request.get("integrationMethod", "POST"),
        "integrationId": integration,
        "connectionType": "INTERNET",
        "timeoutInMillis": 30000,
    }
    del response["apiId"]
    return call("CreateIntegration", request, response)


def create_route(world, api_id, route_key, authorization="NONE"):
    """A route to the integration made before it."""
    integration = world.latest[f"{api_id}/integrations"]
    body = {"routeKey": route_key, "authorizationType": authorization, "target": f"integrations/{integration}"}
    response = {**body, "apiKeyRequired": False, "routeId": world.new_id("route", 7)}
    return call("CreateRoute", {**body, "apiId": api_id}, response)


def update_route(world, api_id, route_id, route_key, integration):
    body = {"routeKey": route_key, "target": f"integrations/{integration}"}
    response = {**body, "routeId": route_id, "authorizationType": "AWS_IAM", "apiKeyRequired": False}
    return call("UpdateRoute", {"routeId": route_id, **body, "apiId": api_id}, response)
