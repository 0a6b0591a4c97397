"""One test per mend: each shows what AWS does, and fails against MiniStack as it is published."""

import json

import pytest

from bench import ACCOUNT, REGION, wait_for
from deploy import connect_rule
from scenes import (LOG_GROUP, ROLE, deploy_probe, http_stage, patch, queue_of, receive, refused, rest_stage,
                    set_account_role)

PATTERN = {"source": ["aws.apigateway"]}


def put_event(aws, detail=None, **members):
    """Puts one event of API Gateway; returns the answer's only entry."""
    entry = {"Source": "aws.apigateway", "DetailType": "AWS API Call via CloudTrail", **members}
    return aws.client("events").put_events(Entries=[{"Detail": json.dumps(detail or {}), **entry}])["Entries"][0]


# REST APIs


def test_ids_of_apis(aws):
    rest = aws.client("apigateway").create_rest_api(name="a")["id"]
    http = aws.client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    assert [len(rest), len(http)] == [10, 10]


def test_no_null_members(aws):
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    assert "accessLogSettings" not in rest.get_stage(**stage)
    assert "cloudwatchRoleArn" not in rest.get_account()


def test_create_rest_api_defaults_to_edge(aws):
    rest = aws.client("apigateway")
    assert rest.create_rest_api(name="a")["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    private = rest.create_rest_api(name="b", endpointConfiguration={"types": ["PRIVATE"]})
    assert private["endpointConfiguration"] == {"types": ["PRIVATE"], "ipAddressType": "dualstack"}


def test_import_rest_api(aws):
    document = {"openapi": "3.0.1", "info": {"title": "orders"}, "paths": {"/pets": {"get": {"responses": {}}}}}
    rest = aws.client("apigateway")
    api = rest.import_rest_api(body=json.dumps(document), parameters={"endpointConfigurationTypes": "PRIVATE"})
    assert (api["name"], api["endpointConfiguration"]["types"]) == ("orders", ["PRIVATE"])
    assert "/pets" in [resource["path"] for resource in rest.get_resources(restApiId=api["id"])["items"]]


def test_update_rest_api_endpoint(aws):
    rest = aws.client("apigateway")
    api = rest.create_rest_api(name="a", endpointConfiguration={"types": ["PRIVATE"]})["id"]
    added = rest.update_rest_api(
        restApiId=api, patchOperations=patch("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"))
    assert added["endpointConfiguration"]["vpcEndpointIds"] == ["vpce-1"]
    path = "/endpointConfiguration/types/PRIVATE"
    refused("BadRequestException", rest.update_rest_api, restApiId=api, patchOperations=patch("replace", path, "EDGE"))
    public = rest.update_rest_api(restApiId=api, patchOperations=patch("replace", path, "REGIONAL"))
    assert public["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    last_wins = patch("replace", "/endpointConfiguration/types/0", "EDGE") + patch(
        "replace", "/endpointConfiguration/types/0", "PRIVATE")
    changed = rest.update_rest_api(restApiId=api, patchOperations=last_wins)
    assert changed["endpointConfiguration"]["types"] == ["PRIVATE"]


def test_update_rest_api_values(aws):
    rest = aws.client("apigateway")
    api = rest.create_rest_api(name="a")["id"]
    disable = patch("replace", "/disableExecuteApiEndpoint", "true")
    assert rest.update_rest_api(restApiId=api, patchOperations=disable)["disableExecuteApiEndpoint"] is True
    with_policy = rest.update_rest_api(restApiId=api, patchOperations=patch("replace", "/policy", '{"Version":"1"}'))
    assert with_policy["policy"] == r'{\"Version\":\"1\"}'
    assert "policy" not in rest.update_rest_api(restApiId=api, patchOperations=patch("replace", "/policy", ""))
    nonsense, name = patch("replace", "/nonsense", "x"), patch("replace", "/name", "x")
    refused("BadRequestException", rest.update_rest_api, restApiId=api, patchOperations=nonsense)
    refused("NotFoundException", rest.update_rest_api, restApiId="nowhere", patchOperations=name)


def test_duplicate_stage(aws):
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    deployment = rest.get_deployments(restApiId=stage["restApiId"])["items"][0]["id"]
    refused("ConflictException", rest.create_stage, **stage, deploymentId=deployment)


def test_deployment_without_methods(aws):
    rest = aws.client("apigateway")
    api = rest.create_rest_api(name="a")["id"]
    refused("BadRequestException", rest.create_deployment, restApiId=api)


@pytest.mark.parametrize(("operation", "path", "value"), [
    ("replace", "/*/*/logging/loglevel", "LOUD"),
    ("replace", "/nonsense", "x"),
    ("remove", "/*/*", None),
    ("remove", "/*/*/logging/loglevel", None),
    ("remove", "/accessLogSettings/destinationArn", None),
    ("replace", "/accessLogSettings/destinationArn", ""),
    ("replace", "/accessLogSettings/destinationArn", "arn:aws:s3:::bucket"),
])
def test_stage_settings_are_checked(aws, operation, path, value):
    set_account_role(aws)
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    refused("BadRequestException", rest.update_stage, **stage, patchOperations=patch(operation, path, value))


def test_stage_log_level_needs_the_account_role(aws):
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    level = patch("replace", "/*/*/logging/loglevel", "INFO")
    refused("BadRequestException", rest.update_stage, **stage, patchOperations=level)
    set_account_role(aws)
    assert rest.update_stage(**stage, patchOperations=level)["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
    assert rest.update_stage(**stage, patchOperations=patch("remove", "/*/*"))["methodSettings"] == {}


def test_stage_access_logs_come_and_go(aws):
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    both = patch("replace", "/accessLogSettings/destinationArn", LOG_GROUP) + patch(
        "replace", "/accessLogSettings/format", "$context.requestId")
    expected = {"destinationArn": LOG_GROUP, "format": "$context.requestId"}
    assert rest.update_stage(**stage, patchOperations=both)["accessLogSettings"] == expected
    assert "accessLogSettings" not in rest.update_stage(**stage, patchOperations=patch("remove", "/accessLogSettings"))


def test_method_settings_keys_stay_escaped(aws):
    rest = aws.client("apigateway")
    stage = rest_stage(rest)
    for path in ("/~1pets~1{id}/GET", "/~1/GET", "/test/GET"):
        changed = rest.update_stage(**stage, patchOperations=patch("replace", f"{path}/throttling/burstLimit", "7"))
        assert changed["methodSettings"][path[1:]]["throttlingBurstLimit"] == 7
        assert "loggingLevel" not in changed["methodSettings"][path[1:]]
    assert rest.update_stage(**stage, patchOperations=patch("remove", "/~1/GET"))["methodSettings"].keys() == {
        "~1pets~1{id}/GET", "test/GET"}


def test_account_role_is_cleared(aws):
    rest = aws.client("apigateway")
    set_account_role(aws)
    assert rest.get_account()["cloudwatchRoleArn"] == ROLE
    assert "cloudwatchRoleArn" not in rest.update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ""))
    refused("BadRequestException", rest.update_account, patchOperations=patch("replace", "/nonsense", "x"))


# HTTP and WebSocket APIs


def test_delete_access_log_settings(aws):
    http = aws.client("apigatewayv2")
    stage = http_stage(http, AccessLogSettings={"DestinationArn": LOG_GROUP, "Format": "x"}, Description="kept")
    http.delete_access_log_settings(**stage)
    after = http.get_stage(**stage)
    assert "AccessLogSettings" not in after
    assert after["Description"] == "kept"
    refused("NotFoundException", http.delete_access_log_settings, ApiId=stage["ApiId"], StageName="other")


def test_delete_route_settings(aws):
    http = aws.client("apigatewayv2")
    routes = {"GET /": {"ThrottlingBurstLimit": 1}, "GET /pets": {"ThrottlingBurstLimit": 2}}
    stage = http_stage(http, RouteSettings=routes)
    for key in routes:
        http.delete_route_settings(**stage, RouteKey=key)
        assert key not in http.get_stage(**stage)["RouteSettings"]
    refused("NotFoundException", http.delete_route_settings, **stage, RouteKey="GET /pets")


def test_create_stage_of_http_api(aws):
    http = aws.client("apigatewayv2")
    stage = http_stage(http)
    refused("ConflictException", http.create_stage, **stage)
    other = {"ApiId": stage["ApiId"], "StageName": "other"}
    refused("BadRequestException", http.create_stage, **other, DefaultRouteSettings={"LoggingLevel": "INFO"})
    refused("BadRequestException", http.create_stage, **other, AccessLogSettings={"DestinationArn": "nowhere"})


def test_update_stage_of_http_api(aws):
    http = aws.client("apigatewayv2")
    stage = http_stage(http, StageVariables={"a": "1", "b": "2"}, AutoDeploy=True,
                       AccessLogSettings={"DestinationArn": LOG_GROUP, "Format": "x"})
    changed = http.update_stage(**stage, StageVariables={"b": "", "c": "3"}, AccessLogSettings={})
    assert changed["StageVariables"] == {"a": "1", "c": "3"}
    assert changed["AccessLogSettings"]["DestinationArn"] == LOG_GROUP
    refused("BadRequestException", http.update_stage, **stage, DeploymentId="d")
    refused("BadRequestException", http.update_stage, **stage, DefaultRouteSettings={"LoggingLevel": "OFF"})


def test_update_stage_of_websocket_api(aws):
    http = aws.client("apigatewayv2")
    stage = http_stage(http, "WEBSOCKET")
    logging = {"LoggingLevel": "ERROR"}
    refused("BadRequestException", http.update_stage, **stage, DefaultRouteSettings=logging)
    set_account_role(aws)
    assert http.update_stage(**stage, DefaultRouteSettings=logging)["DefaultRouteSettings"]["LoggingLevel"] == "ERROR"


# EventBridge


def test_put_events_of_aws_sources_with_their_time(aws):
    url, arn = queue_of(aws, "events")
    connect_rule(aws, "all", PATTERN, arn)
    assert "EventId" in put_event(aws, Time=1790000000)
    assert json.loads(receive(aws, url)[0]["Body"])["time"] == "2026-09-21T14:13:20Z"


def test_rules_for_all_management_events(aws):
    url, arn = queue_of(aws, "all")
    ordinary_url, ordinary_arn = queue_of(aws, "ordinary")
    connect_rule(aws, "all", PATTERN, arn, state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    connect_rule(aws, "ordinary", PATTERN, ordinary_arn)
    for read in (False, True):
        put_event(aws, {"readOnly": read})
    assert [len(receive(aws, each)) for each in (url, ordinary_url)] == [2, 1]
    assert aws.client("events").describe_rule(Name="all")["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@pytest.mark.parametrize("where", [{"region": "us-east-1"}, {"account": "444455556666"}])
def test_buses_elsewhere(aws, where):
    account, region = where.get("account", ACCOUNT), where.get("region", REGION)
    bus = f"arn:aws:events:{region}:{account}:event-bus/default"
    url, arn = queue_of(aws, "far", **where)
    connect_rule(aws, "far", PATTERN, arn, **where)
    events = aws.client("events")
    events.put_rule(Name="forward", EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule="forward", Targets=[{"Id": "bus", "Arn": bus, "RoleArn": ROLE}])
    put_event(aws)
    assert len(receive(aws, url, **where)) == (0 if "account" in where else 1)
    aws.client("events", **where).put_permission(
        EventBusName="default", StatementId="in", Action="events:PutEvents", Principal=ACCOUNT)
    put_event(aws, {"second": True})
    bodies = [json.loads(message["Body"]) for message in receive(aws, url, **where)]
    assert [(body["account"], body["region"]) for body in bodies] == [(ACCOUNT, REGION)]


def test_target_dead_letters(aws):
    url, queue = queue_of(aws, "dead")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    events = aws.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": missing, "DeadLetterConfig": {"Arn": queue}}])
    put_event(aws, {"eventID": "1"})
    message = receive(aws, url)[0]
    assert json.loads(message["Body"])["detail"] == {"eventID": "1"}
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == missing


# Lambda


@pytest.fixture
def function(aws, tmp_path):
    """A function that logs each invocation to a file; returns its ARN and that file."""
    return deploy_probe(aws, tmp_path), tmp_path / "log"


def test_lambda_targets_retry(aws, function):
    arn, log = function
    url, dead = queue_of(aws, "failed")
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="guard", MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": dead}})
    connect_rule(aws, "guard", PATTERN, arn)
    put_event(aws, {"fail": True})
    message = wait_for(lambda: receive(aws, url))[0]
    assert json.loads(message["Body"])["requestPayload"]["detail"] == {"fail": True}
    assert log.read_text().count("invoked") == 3


def test_retries_keep_the_request_id(aws, function):
    arn, log = function
    connect_rule(aws, "guard", PATTERN, arn)
    put_event(aws, {"fail": True})
    wait_for(lambda: log.read_text().count("invoked") == 3)
    put_event(aws, {})
    wait_for(lambda: log.read_text().count("invoked") == 4)
    first, second, third, other = log.read_text().splitlines()
    assert first == second == third != other


def test_functions_run_as_their_role(aws, function):
    arn, _log = function
    answer = json.load(aws.client("lambda").invoke(FunctionName=arn, Payload=b'{"detail": {}}')["Payload"])
    identity = aws.client("sts", account=answer["key"]).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/guard/guard")


def test_invoke_settings_of_the_latest_version(aws, function):
    client = aws.client("lambda")
    client.put_function_event_invoke_config(FunctionName="guard", Qualifier="$LATEST", MaximumRetryAttempts=1)
    assert client.get_function_event_invoke_config(FunctionName="guard")["MaximumRetryAttempts"] == 1


def test_output_is_never_lost(aws, function):
    """A line that is printed after the answer, with no invocation after it."""
    arn, _log = function
    connect_rule(aws, "guard", PATTERN, arn)
    put_event(aws, {"late": "printed late"})
    log = next(server.log for server in aws.servers if server.name == "ministack")
    wait_for(lambda: b"printed late\n" in log.read_bytes())


# CloudFormation


def stack(aws, resources):
    """Deploys a template and waits until it is complete; returns physical ids by logical name."""
    formation = aws.client("cloudformation")
    formation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))

    def finished():
        status = formation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    assert wait_for(finished) == "CREATE_COMPLETE"
    found = formation.describe_stack_resources(StackName="s")["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


@pytest.mark.parametrize("kind", ["Table", "GlobalTable"])
def test_table_settings(aws, kind):
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    replicas = {"Replicas": [{"Region": REGION, **recovery}]} if kind == "GlobalTable" else recovery
    name = stack(aws, {"Windows": {"Type": f"AWS::DynamoDB::{kind}", "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        "SSESpecification": {"SSEEnabled": True}, **replicas}}})["Windows"]
    table = aws.client("dynamodb")
    ttl = table.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = table.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table.describe_table(TableName=name)["Table"]["SSEDescription"]["Status"] == "ENABLED"


def test_rest_api_and_stage_of_a_template(aws):
    names = stack(aws, {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {
            "Name": "a", "EndpointConfiguration": {"Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-1"]},
            "DisableExecuteApiEndpoint": True}},
        "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET",
            "AuthorizationType": "NONE", "Integration": {"Type": "MOCK"}}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Get",
                       "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod",
            "AccessLogSetting": {"DestinationArn": LOG_GROUP, "Format": "x"}}},
    })
    rest = aws.client("apigateway")
    api = rest.get_rest_api(restApiId=names["Api"])
    assert api["endpointConfiguration"] == {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]}
    assert api["disableExecuteApiEndpoint"] is True
    stage = rest.get_stage(restApiId=names["Api"], stageName="prod")
    assert stage["accessLogSettings"] == {"destinationArn": LOG_GROUP, "format": "x"}


def test_http_stage_of_a_template(aws):
    names = stack(aws, {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
            "ApiId": {"Ref": "Api"}, "StageName": "prod",
            "DefaultRouteSettings": {"DetailedMetricsEnabled": True},
            "RouteSettings": {"GET /pets": {"ThrottlingBurstLimit": 3}},
            "AccessLogSettings": {"DestinationArn": LOG_GROUP, "Format": "x"}}},
    })
    stage = aws.client("apigatewayv2").get_stage(ApiId=names["Api"], StageName="prod")
    assert stage["DefaultRouteSettings"] == {"DetailedMetricsEnabled": True}
    assert stage["RouteSettings"] == {"GET /pets": {"ThrottlingBurstLimit": 3}}
    assert stage["AccessLogSettings"] == {"DestinationArn": LOG_GROUP, "Format": "x"}


def test_regions_in_conditions(aws):
    formation = aws.client("cloudformation")
    queue = {"Type": "AWS::SQS::Queue"}
    conditions = {name: {"Fn::Equals": [{"Ref": "AWS::Region"}, region]}
                  for name, region in (("Here", REGION), ("There", "us-east-1"))}
    formation.create_stack(StackName="conditions", TemplateBody=json.dumps({
        "Conditions": conditions, "Resources": {name: {**queue, "Condition": name} for name in conditions}}))
    wait_for(lambda: "COMPLETE" in formation.describe_stacks(StackName="conditions")["Stacks"][0]["StackStatus"])
    made = formation.describe_stack_resources(StackName="conditions")["StackResources"]
    assert [each["LogicalResourceId"] for each in made] == ["Here"]


def test_alarms_on_metric_math(aws):
    metric = {"Namespace": "a", "MetricName": "m"}
    stack(aws, {"Silent": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "AlarmName": "silent", "ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 3, "Threshold": 1,
        "Metrics": [{"Id": "e", "Expression": "FILL(m, 0)", "ReturnData": True},
                    {"Id": "m", "MetricStat": {"Metric": metric, "Period": 900, "Stat": "Sum"}, "ReturnData": False}],
    }}})
    [alarm] = aws.client("cloudwatch").describe_alarms(AlarmNames=["silent"])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["StateValue"]) == (1, "INSUFFICIENT_DATA")
