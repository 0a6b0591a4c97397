"""Mends of API Gateway HTTP and WebSocket APIs (v2)."""

from urllib.parse import unquote

from ministack.services import apigateway as v2

from mends import intercept
from mends.rest_api import LOG_DESTINATION, LOG_LEVELS, NO_ROLE, account_role

STAGE = "/v2/apis/([^/]+)/stages/([^/]+)"
NO_CONTENT = (204, {}, b"")


def bad_request(message):
    """A 400 as API Gateway answers it."""
    return v2._apigw_error("BadRequestException", message, 400)


def stage_of(api_id, name):
    """The stored stage, or none."""
    return v2._stages.get(api_id, {}).get(unquote(name))


def not_found(api_id):
    """What AWS answers when the stage or its API is missing."""
    what = "Stage" if api_id in v2._apis else "API"
    return v2._apigw_error("NotFoundException", f"Invalid {what} identifier specified", 404)


def delete_access_log_settings():
    """AWS clears the access-log settings; MiniStack deletes the whole stage."""

    @intercept(v2, "DELETE", f"{STAGE}/accesslogsettings")
    def answer(_data, _query, api_id, name):
        stage = stage_of(api_id, name)
        if stage is None:
            return not_found(api_id)
        stage.pop("accessLogSettings", None)
        return NO_CONTENT


def delete_route_settings():
    """AWS clears the settings of one route; MiniStack deletes the whole stage."""

    @intercept(v2, "DELETE", f"{STAGE}/routesettings/(.+)")
    def answer(_data, _query, api_id, name, route_key):
        stage = stage_of(api_id, name)
        if stage is None or unquote(route_key) not in (stage.get("routeSettings") or {}):
            return not_found(api_id)
        stage["routeSettings"].pop(unquote(route_key))
        return NO_CONTENT


def create_stage():
    """AWS refuses a second stage of the same name, and settings that the API cannot have."""

    @intercept(v2, "POST", "/v2/apis/([^/]+)/stages")
    def answer(data, _query, api_id):
        if api_id not in v2._apis:
            return None
        if data.get("stageName") in v2._stages.get(api_id, {}):
            return v2._apigw_error("ConflictException", "Stage already exists", 409)
        problem = settings_problem(api_id, data)
        return bad_request(problem) if problem else None


def update_stage():
    """AWS merges stage variables (an empty value clears one), takes empty access-log settings for nothing to do,
    and checks the rest; MiniStack replaces, clears and stores.
    """

    @intercept(v2, "PATCH", STAGE)
    def answer(data, _query, api_id, name):
        stage = stage_of(api_id, name)
        if stage is None:
            return not_found(api_id)
        problem = settings_problem(api_id, data)
        if data.get("deploymentId") and data.get("autoDeploy", stage.get("autoDeploy")):
            problem = "Deployment ID cannot be set on stage because AutoDeploy is enabled"
        if problem:
            return bad_request(problem)
        if not data.get("accessLogSettings"):
            data.pop("accessLogSettings", None)
        if "stageVariables" in data:
            merged = {**(stage.get("stageVariables") or {}), **data["stageVariables"]}
            data["stageVariables"] = {key: value for key, value in merged.items() if value != ""}
        return v2._update_stage(api_id, unquote(name), data)


def settings_problem(api_id, data):
    """What AWS has against the settings of a stage."""
    protocol = v2._apis[api_id]["protocolType"]
    for settings in (data.get("defaultRouteSettings") or {}, *(data.get("routeSettings") or {}).values()):
        level = settings.get("loggingLevel")
        if protocol == "HTTP" and (level is not None or settings.get("dataTraceEnabled") is not None):
            return "Execution logs are not supported on protocol type HTTP"
        if level not in (None, *LOG_LEVELS):
            return f"Invalid logging level {level}"
        if (level in ("ERROR", "INFO") or settings.get("dataTraceEnabled")) and not account_role():
            return NO_ROLE
    destination = (data.get("accessLogSettings") or {}).get("destinationArn")
    if destination is not None and not LOG_DESTINATION.fullmatch(destination):
        return f"Invalid ARN specified in the request: {destination}"
    return None


MENDS = (delete_access_log_settings, delete_route_settings, create_stage, update_stage)
