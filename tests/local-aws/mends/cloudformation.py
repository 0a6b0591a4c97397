"""Mends of CloudFormation: properties that a template sets and MiniStack's provisioners drop or misspell."""

from ministack.core import responses
from ministack.services import apigateway, apigateway_v1, dynamodb
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

HANDLERS = provisioners._RESOURCE_HANDLERS


def after(resource_type, apply):
    """Calls `apply(physical id, properties)` after a resource was created or updated."""
    handler = HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def created(logical_id, props, stack_name):
        physical_id, attributes = create(logical_id, props, stack_name)
        apply(physical_id, props)
        return physical_id, attributes

    def updated(physical_id, old_props, new_props, *rest):
        physical_id, attributes = update(physical_id, old_props, new_props, *rest)
        apply(physical_id, new_props)
        return physical_id, attributes

    handler.update(create=created, update=updated)


def lower_first(value):
    """A template's `{"LoggingLevel": ...}` as the API spells it."""
    if not isinstance(value, dict):
        return value
    return {name[:1].lower() + name[1:]: lower_first(item) for name, item in value.items()}


def table_settings():
    """TTL, point-in-time recovery and encryption of a table are set as the template says."""
    after("AWS::DynamoDB::Table", lambda name, props: set_table(name, props, props))
    after("AWS::DynamoDB::GlobalTable", lambda name, props: set_table(name, props, (props.get("Replicas") or [{}])[0]))


def set_table(name, props, recovery):
    """Sets what UpdateTimeToLive, UpdateContinuousBackups and UpdateTable would."""
    ttl = props.get("TimeToLiveSpecification") or {}
    if ttl.get("AttributeName"):
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": {
            "Enabled": is_true(ttl.get("Enabled")), "AttributeName": ttl["AttributeName"]}})
    backups = recovery.get("PointInTimeRecoverySpecification") or {}
    dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": {
        "PointInTimeRecoveryEnabled": is_true(backups.get("PointInTimeRecoveryEnabled"))}})
    encryption = props.get("SSESpecification") or {}
    if encryption:
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(
            {**encryption, "Enabled": is_true(encryption.get("SSEEnabled"))})


def is_true(value):
    """Templates may write a boolean as a string."""
    return str(value).lower() == "true"


def stage_access_logs():
    """The access log of a REST stage is set; the settings of an HTTP or WebSocket stage are spelled as the API does."""

    def rest(name, props):
        stage = apigateway_v1._stages_v1.get(props.get("RestApiId", ""), {}).get(name)
        if stage is not None:
            stage["accessLogSettings"] = lower_first(props.get("AccessLogSetting")) or {}

    def routed(_physical_id, props):
        stage = apigateway._stages.get(props.get("ApiId", ""), {}).get(props.get("StageName", "$default"))
        if stage is not None:
            stage["defaultRouteSettings"] = lower_first(props.get("DefaultRouteSettings")) or {}
            routes = props.get("RouteSettings") or {}
            stage["routeSettings"] = {key: lower_first(value) for key, value in routes.items()}

    after("AWS::ApiGateway::Stage", rest)
    after("AWS::ApiGatewayV2::Stage", routed)


def rest_api_settings():
    """A REST API's endpoint type, key source and disabled endpoint are set as the template says."""

    def settings(api_id, props):
        api = apigateway_v1._rest_apis.get(api_id)
        if api is None:
            return
        if props.get("EndpointConfiguration"):
            api["endpointConfiguration"] = lower_first(props["EndpointConfiguration"])
        api["disableExecuteApiEndpoint"] = is_true(props.get("DisableExecuteApiEndpoint"))
        api["apiKeySource"] = props.get("ApiKeySourceType") or "HEADER"

    after("AWS::ApiGateway::RestApi", settings)


def regions_in_conditions():
    """`Ref` of a pseudo parameter has its value in a condition too; MiniStack compares with its name."""
    evaluate = engine._evaluate_conditions

    def evaluate_conditions(template, params):
        pseudo = {"AWS::Region": responses.get_region(), "AWS::AccountId": responses.get_account_id(),
                  "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
        return evaluate(template, {**{name: {"Value": value} for name, value in pseudo.items()}, **params})

    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = evaluate_conditions


def alarms_on_metric_math():
    """AWS has alarms on expressions; MiniStack refuses the template. Here such an alarm exists and is never raised."""
    record = provisioners._cw_metric_alarm_record

    def alarm_record(name, props):
        if not props.get("Metrics"):
            return record(name, props)
        rest = {key: value for key, value in props.items() if key != "Metrics"}
        return {**record(name, {**rest, "Namespace": "-", "MetricName": "-"}), "Namespace": "", "MetricName": "",
                "Metrics": props["Metrics"]}

    provisioners._cw_metric_alarm_record = alarm_record


MENDS = (table_settings, stage_access_logs, rest_api_settings, regions_in_conditions, alarms_on_metric_math)
