"""Calls on REST APIs (v1) as CloudTrail shows them: the body wrapped in `<operation>Input`, `template: false`, links in
the response. Every function changes the world as AWS would and returns the `Call`.
"""

import copy

from .ids import iso
from .inventory import Api, method_settings
from .records import Call

SOURCE = "apigateway.amazonaws.com"

SETTING_FIELDS = {
    "logging/loglevel": ("loggingLevel", str),
    "logging/dataTrace": ("dataTraceEnabled", lambda v: v == "true"),
    "metrics/enabled": ("metricsEnabled", lambda v: v == "true"),
    "throttling/burstLimit": ("throttlingBurstLimit", lambda v: int(float(v))),
    "throttling/rateLimit": ("throttlingRateLimit", float),
}
API_LINKS = (
    "restapiUpdate",
    "restapiStages",
    "documentationversionByVersion",
    "deploymentById",
    "stageCreate",
    "documentationpartById",
    "restapiAuthorizers",
    "stageByName",
    "deploymentCreate",
    "authorizerCreate",
    "restapiDelete",
    "modelCreate",
    "restapiResources",
    "requestvalidatorCreate",
    "restapiDocumentationVersions",
    "resourceCreate",
    "documentationpartCreate",
    "documentationpartImport",
    "gatewayresponsePut",
    "restapiRequestValidators",
    "documentationversionCreate",
    "modelByName",
    "gatewayresponseByType",
    "requestvalidatorById",
    "restapiDeployments",
    "restapiModels",
    "restapiDocumentationParts",
    "restapiGatewayResponses",
    "authorizerById",
    "resourceById",
    "self",
)
TEMPLATED = {"restapiStages", "restapiResources", "restapiDeployments", "deploymentById"}


def replace(path, value):
    return {"path": path, "value": value, "op": "replace"}


def remove(path, value=None):
    return {"path": path, "op": "remove"} if value is None else {"path": path, "value": value, "op": "remove"}


def call(name, request, response=None, read=False):
    return Call(SOURCE, name, {**request, "template": False}, response, read, api="apigateway")


def read(name, **request):
    return call(name, request, read=True)


# --- responses ---


def stage_response(api_id, stage):
    ids = {"restApiId": api_id, "stageName": stage["stageName"], "template": False}
    links = {name: dict(ids) for name in ("stageUpdate", "stageFlushAuthorizerCache", "stageDelete", "self")}
    return {**copy.deepcopy(stage), **links}


def api_link(name, api):
    link = {"restApiId": api.id, "template": name.endswith(("ByVersion", "ById", "ByName", "ByType", "Put", "Import"))}
    if name == "resourceCreate":
        link = {"parentId": api.settings["rootResourceId"], **link}
    if name in TEMPLATED:
        link.update({"template": True, "templateSkipList": ["position"]})
    if name == "modelByName":
        link = {"flatten": False, **link}
    if name == "documentationpartImport":
        link["failOnWarnings"] = False
    return link


def api_response(api):
    settings = copy.deepcopy(api.settings)
    if "policy" in settings:
        settings["policy"] = settings["policy"].replace("/", "\\/").replace('"', '\\"')
    return {**settings, **{name: api_link(name, api) for name in API_LINKS}}


# --- stages ---


def apply_to_stage(stage, op):
    parts = op["path"].lstrip("/").split("/")
    if parts[0] == "accessLogSettings":
        if op["op"] == "remove":
            stage.pop("accessLogSettings")
        else:
            stage.setdefault("accessLogSettings", {})[parts[1]] = op["value"]
    elif parts[0] == "variables":
        stage["variables"][parts[1]] = op["value"]
    elif len(parts) == 1:
        stage[parts[0]] = op["value"]
    elif op["op"] == "remove":
        stage["methodSettings"].pop("/".join(parts))
    else:
        key, setting = "/".join(parts[:-2]), "/".join(parts[-2:])
        field, convert = SETTING_FIELDS[setting]
        stage["methodSettings"].setdefault(key, method_settings("OFF"))[field] = convert(op["value"])


def update_stage(world, api_id, stage_name, *ops):
    stage = world.apis[api_id].stages[stage_name]
    for op in ops:
        apply_to_stage(stage, op)
    stage["lastUpdatedDate"] = iso(world.now)
    request = {"updateStageInput": {"patchOperations": list(ops)}, "restApiId": api_id, "stageName": stage_name}
    return call("UpdateStage", request, stage_response(api_id, stage))


def truncated_update_stage(world, api_id, stage_name, *ops):
    """The change happens, but the record is over CloudTrail's size limit and comes without its parameters."""
    out = update_stage(world, api_id, stage_name, *ops)
    out.request = out.response = None
    return out


def create_stage(world, api_id, stage_name, deployment_id, stage_tags=None):
    body = {
        "deploymentId": deployment_id,
        "cacheClusterEnabled": False,
        "tracingEnabled": False,
        "variables": {},
        "stageName": stage_name,
    }
    if stage_tags:
        body["tags"] = stage_tags
    stage = {
        **body,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "createdDate": iso(world.now),
        "lastUpdatedDate": iso(world.now),
    }
    world.apis[api_id].stages[stage_name] = stage
    return call("CreateStage", {"restApiId": api_id, "createStageInput": body}, stage_response(api_id, stage))


def delete_stage(world, api_id, stage_name):
    world.latest[api_id] = world.apis[api_id].stages.pop(stage_name)["deploymentId"]
    return call("DeleteStage", {"restApiId": api_id, "stageName": stage_name})


def create_deployment(world, api_id, stage_name="", description=None):
    """With a stage name, the deployment goes live on that stage at once."""
    deployment = world.latest[api_id] = world.new_id("deployment", 6)
    body = {"stageName": stage_name} if description is None else {"description": description, "stageName": stage_name}
    if stage_name:
        world.apis[api_id].stages[stage_name]["deploymentId"] = deployment
    ids = {"deploymentId": deployment, "restApiId": api_id, "template": False}
    response = {
        "id": deployment,
        "createdDate": iso(world.now),
        "deploymentUpdate": dict(ids),
        "deploymentStages": {**ids, "templateSkipList": ["position"]},
        "deploymentDelete": dict(ids),
        "self": dict(ids),
    }
    if description:
        response["description"] = description
    return call("CreateDeployment", {"restApiId": api_id, "createDeploymentInput": body}, response)


def release(world, api_id, stage_name):
    """UpdateStage to the deployment just made: what an ordinary release does."""
    return update_stage(world, api_id, stage_name, replace("/deploymentId", world.latest[api_id]))


# --- the API itself ---


def apply_to_api(settings, op):
    path, value = op["path"], op.get("value")
    if path.startswith("/endpointConfiguration/types/"):
        settings["endpointConfiguration"]["types"] = [value]
        if value != "PRIVATE":
            settings["endpointConfiguration"]["ipAddressType"] = "ipv4"
    elif path == "/endpointConfiguration/vpcEndpointIds":
        ids = settings["endpointConfiguration"]["vpcEndpointIds"]
        ids.remove(value)
        if not ids:
            del settings["endpointConfiguration"]["vpcEndpointIds"]
    elif path == "/disableExecuteApiEndpoint":
        settings["disableExecuteApiEndpoint"] = value == "true"
    else:
        settings[path.lstrip("/")] = value


def update_rest_api(world, api_id, *ops):
    api = world.apis[api_id]
    for op in ops:
        apply_to_api(api.settings, op)
    request = {"restApiId": api_id, "updateRestApiInput": {"patchOperations": list(ops)}}
    return call("UpdateRestApi", request, api_response(api))


def create_rest_api(world, account, region, api_id, name, description):
    body = {
        "name": name,
        "description": description,
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "disableExecuteApiEndpoint": False,
    }
    settings = {
        "id": api_id,
        "name": name,
        "description": description,
        "createdDate": iso(world.now),
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": world.new_id("root", 10),
        "apiStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_0",
    }
    world.apis[api_id] = Api(account, region, api_id, "REST", name, settings)
    return call("CreateRestApi", {"createRestApiInput": body}, api_response(world.apis[api_id]))


def delete_rest_api(world, api_id):
    del world.apis[api_id]
    return call("DeleteRestApi", {"restApiId": api_id})


def update_account(world, account, region, arn):
    """The empty string clears the role; the response then has none."""
    world.cloudwatch_roles[(account, region)] = arn or None
    response = {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
        "accountUpdate": {"template": False},
        "self": {"template": False},
    }
    if arn:
        response["cloudwatchRoleArn"] = arn
    return call(
        "UpdateAccount", {"updateAccountInput": {"patchOperations": [replace("/cloudwatchRoleArn", arn)]}}, response
    )


# --- what deployments and intruders build inside an API ---


def create_resource(world, api_id, path_part):
    resource, parent = world.new_id("resource", 6), world.apis[api_id].settings["rootResourceId"]
    ids = {"restApiId": api_id, "resourceId": resource, "template": False}
    response = {
        "id": resource,
        "parentId": parent,
        "pathPart": path_part,
        "path": f"/{path_part}",
        "resourceUpdate": dict(ids),
        "resourceDelete": dict(ids),
        "resourceCreateChild": {"parentId": resource, "restApiId": api_id, "template": False},
        "methodPut": {**ids, "template": True},
        "methodByHttpMethod": {**ids, "template": True},
        "self": dict(ids),
    }
    request = {"parentId": parent, "restApiId": api_id, "createResourceInput": {"pathPart": path_part}}
    return call("CreateResource", request, response)


def method_links(ids):
    links = {name: dict(ids) for name in ("methodDelete", "methodUpdate", "integrationPut")}
    return {
        **links,
        "methodresponsePut": {**ids, "template": True},
        "self": {**ids, "name": ids["httpMethod"], "title": ids["httpMethod"]},
    }


def put_method(api_id, resource, method, authorization):
    ids = {"restApiId": api_id, "resourceId": resource, "httpMethod": method, "template": False}
    body = {"apiKeyRequired": False, "authorizationType": authorization}
    request = {"restApiId": api_id, "putMethodInput": body, "httpMethod": method, "resourceId": resource}
    return call("PutMethod", request, {"httpMethod": method, **body, **method_links(ids)})


def update_method(api_id, resource, method, *ops):
    ids = {"restApiId": api_id, "resourceId": resource, "httpMethod": method, "template": False}
    request = {
        "httpMethod": method,
        "resourceId": resource,
        "updateMethodInput": {"patchOperations": list(ops)},
        "restApiId": api_id,
    }
    response = {"httpMethod": method, "apiKeyRequired": False, "authorizationType": "AWS_IAM", **method_links(ids)}
    response.update({op["path"].lstrip("/"): op["value"] for op in ops})
    return call("UpdateMethod", request, response)


def put_integration(api, resource, method, function):
    ids = {"restApiId": api.id, "resourceId": resource, "httpMethod": method, "template": False}
    uri = (
        f"arn:aws:apigateway:{api.region}:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:{api.region}:{api.account}:function:{function}/invocations"
    )
    body = {"httpMethod": "POST", "type": "AWS_PROXY", "uri": uri}
    request = {"resourceId": resource, "httpMethod": method, "putIntegrationInput": body, "restApiId": api.id}
    response = {
        **body,
        "timeoutInMillis": 29000,
        "cacheKeyParameters": [],
        "cacheNamespace": resource,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "responseTransferMode": "BUFFERED",
        "integrationDelete": dict(ids),
        "integrationUpdate": dict(ids),
        "integrationresponsePut": {**ids, "template": True},
        "self": dict(ids),
    }
    return call("PutIntegration", request, response)
