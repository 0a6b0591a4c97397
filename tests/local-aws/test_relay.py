"""The relay: records as CloudTrail has them, events on the right bus, each fault, the counts."""

import json
import socket
import threading
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from bench import ACCOUNT, REGION, fetch, wait_for
from deploy import connect_rule
from scenes import LOG_GROUP, http_stage, patch, queue_of, receive, refused, rest_api_with_method, rest_stage

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "cloudtrail" / "samples"
NO_RETRIES = Config(retries={"total_max_attempts": 1})


def last(aws, name):
    """The record of the last such call."""
    return aws.events(name)[-1]["detail"]


@pytest.fixture
def queue(aws):
    """A queue that gets every event of API Gateway; call it for the records so far."""
    url, arn = queue_of(aws, "records")
    connect_rule(aws, "records", {"source": ["aws.apigateway"]}, arn)
    got = []

    def records():
        while messages := receive(aws, url):
            got.extend(json.loads(message["Body"]) for message in messages)
        return got

    return records


# Records


def test_update_stage_of_rest_api(aws):
    stage = rest_stage(aws.client("apigateway"))
    aws.client("apigateway").update_stage(**stage, patchOperations=patch("replace", "/description", "x") + patch(
        "remove", "/variables/a"))
    record = last(aws, "UpdateStage")
    assert record["requestParameters"] == {**stage, "template": False, "updateStageInput": {"patchOperations": [
        {"path": "/description", "value": "x", "op": "replace"}, {"path": "/variables/a", "op": "remove"}]}}
    operation = record["requestParameters"]["updateStageInput"]["patchOperations"][0]
    assert list(operation) == ["path", "value", "op"]
    assert record["responseElements"]["description"] == "x"
    assert record["responseElements"]["stageUpdate"] == {**stage, "template": False}


def test_update_stage_of_http_api(aws):
    http = aws.client("apigatewayv2")
    api = http.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    http.create_stage(ApiId=api, StageName="$default", StageVariables={"secret": "1"})
    assert last(aws, "CreateStage")["requestParameters"]["stageName"] == "$default"
    http.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings={"ThrottlingBurstLimit": 1})
    record = last(aws, "UpdateStage")
    assert record["requestParameters"] == {
        "apiId": api, "stageName": "%24default", "defaultRouteSettings": {"throttlingBurstLimit": 1}}
    assert record["responseElements"]["stageName"] == "$default"
    assert record["responseElements"]["stageVariables"] == "***"
    assert "clientProvidedHostHeader" not in record["tlsDetails"]


def test_deletions_have_no_response_elements(aws):
    http = aws.client("apigatewayv2")
    stage = http_stage(http, RouteSettings={"GET /pets": {"ThrottlingBurstLimit": 1}})
    http.delete_route_settings(**stage, RouteKey="GET /pets")
    record = last(aws, "DeleteRouteSettings")
    assert record["responseElements"] is None
    assert record["requestParameters"] == {
        "apiId": stage["ApiId"], "stageName": "prod", "routeKey": "GET%20%2Fpets"}
    http.delete_access_log_settings(**stage)
    assert last(aws, "DeleteAccessLogSettings")["requestParameters"] == {"apiId": stage["ApiId"], "stageName": "prod"}


def test_tags_of_both_versions(aws):
    api = rest_api_with_method(aws.client("apigateway"))
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api}"
    aws.client("apigateway").tag_resource(resourceArn=arn, tags={"team": "a"})
    assert last(aws, "TagResource")["requestParameters"] == {
        "resourceArn": arn, "tagResourceInput": {"tags": {"team": "a"}}, "template": False}
    aws.client("apigateway").untag_resource(resourceArn=arn, tagKeys=["team"])
    assert last(aws, "UntagResource")["requestParameters"] == {
        "resourceArn": arn, "tagKeys": ["team"], "template": False}
    http = aws.client("apigatewayv2")
    arn = f"arn:aws:apigateway:{REGION}::/apis/{http.create_api(Name='a', ProtocolType='HTTP')['ApiId']}"
    http.tag_resource(ResourceArn=arn, Tags={"team": "a"})
    assert last(aws, "TagResource")["requestParameters"].keys() == {"resourceArn", "tags"}


def test_failed_calls_are_recorded(aws):
    stage = {"restApiId": "nowhere", "stageName": "prod"}
    rest, http = aws.client("apigateway"), aws.client("apigatewayv2")
    refused("NotFoundException", rest.update_stage, **stage, patchOperations=patch("remove", "/*/*"))
    record = last(aws, "UpdateStage")
    assert (record["errorCode"], record["responseElements"]) == ("NotFoundException", None)
    assert "errorMessage" in record
    assert record["requestParameters"]["restApiId"] == "nowhere"
    refused("BadRequestException", http.update_stage, **http_stage(http), DefaultRouteSettings={"LoggingLevel": "OFF"})
    record = last(aws, "UpdateStage")
    assert "errorMessage" not in record
    assert record["responseElements"].keys() == {"message"}
    refused("NotFoundException", http.delete_api, ApiId="nowhere")
    assert last(aws, "DeleteApi")["responseElements"] is None


def test_reads_are_published_only_when_asked(aws, queue):
    rest = aws.client("apigateway")
    rest.get_account()
    assert aws.events() == []
    aws.publish_reads()
    rest.get_account()
    record = last(aws, "GetAccount")
    assert (record["readOnly"], record["responseElements"]) == (True, None)
    assert record["requestParameters"] == {"template": False}
    assert queue() == []


def test_identity_of_an_assumed_role(aws):
    aws.client("iam").create_role(RoleName="portcullis-remediator", AssumeRolePolicyDocument="{}")
    session = aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/portcullis-remediator", RoleSessionName="ledger-1")["Credentials"]
    aws.client("apigateway", account=session["AccessKeyId"], aws_session_token=session["SessionToken"]).create_rest_api(
        name="a")
    record = last(aws, "CreateRestApi")
    identity = record["userIdentity"]
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/portcullis-remediator/ledger-1"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{ACCOUNT}:role/portcullis-remediator"
    assert identity["principalId"] == f"{issuer['principalId']}:ledger-1"
    assert record["recipientAccountId"] == ACCOUNT


def test_a_client_may_replace_members_of_its_records(aws):
    by_cloudformation = {"userIdentity": {"invokedBy": "cloudformation.amazonaws.com"},
                         "sourceIPAddress": "cloudformation.amazonaws.com"}
    aws.client("apigateway", record=by_cloudformation).create_rest_api(name="a")
    record = last(aws, "CreateRestApi")
    assert record["sourceIPAddress"] == "cloudformation.amazonaws.com"
    assert record["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert record["userIdentity"]["type"] == "IAMUser"


# Records against real ones


def call_all(aws):
    """Makes each call that there is a real record of, the way that record's caller made it."""
    rest, http = aws.client("apigateway"), aws.client("apigatewayv2")
    made = rest.create_rest_api(name="a", endpointConfiguration={"types": ["REGIONAL"]})
    api = {"restApiId": made["id"]}
    resource = {**api, "resourceId": rest.create_resource(**api, parentId=made["rootResourceId"], pathPart="p")["id"]}
    pools = [f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_x"]
    rest.create_authorizer(**api, name="c", type="COGNITO_USER_POOLS", providerARNs=pools,
                           identitySource="method.request.header.Authorization")
    method = {**resource, "httpMethod": "GET"}
    rest.put_method(**method, authorizationType="NONE")
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    rest.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST",
                         uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations")
    deployment = rest.create_deployment(**api, stageName="dev")["id"]
    rest.create_stage(**api, stageName="latest", deploymentId=deployment, description="")
    rest.tag_resource(resourceArn=f"arn:aws:apigateway:{REGION}::/restapis/{made['id']}/stages/dev", tags={"a": "b"})
    rest.delete_stage(**api, stageName="dev")
    rest.import_rest_api(body='{"openapi": "3.0.1", "info": {"title": "a"}, "paths": {}}',
                         parameters={"endpointConfigurationTypes": "REGIONAL"})
    rest.delete_rest_api(**api)
    api = {"ApiId": http.create_api(Name="a", ProtocolType="HTTP")["ApiId"]}
    issuer = {"Issuer": "https://example.com", "Audience": ["a"]}
    jwt = http.create_authorizer(**api, Name="j", AuthorizerType="JWT", JwtConfiguration=issuer,
                                 IdentitySource=["$request.header.Authorization"])["AuthorizerId"]
    target = "integrations/" + http.create_integration(
        **api, IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0", IntegrationUri=function)["IntegrationId"]
    http.create_route(**api, RouteKey="GET /jwt", AuthorizationType="JWT", AuthorizerId=jwt, Target=target)
    deployment = http.create_deployment(**api)["DeploymentId"]
    http.create_stage(**api, StageName="$default", AutoDeploy=False)
    http.update_stage(**api, StageName="$default", DeploymentId=deployment)
    http.delete_api(**api)


# Sample, and what differs for a reason: members that only its caller or its time has.
REAL = [
    ("stackd-v1-CreateRestApi", ()), ("stackd-v1-CreateResource", ()), ("stackd-v1-CreateAuthorizer", ()),
    ("stackd-v1-PutMethod-none", ()), ("stackd-v1-PutIntegration", ()), ("stackd-v1-CreateDeployment", ()),
    ("stackd-v1-DeleteRestApi", ()),
    ("console2024-v1-CreateStage", ("sessionCredentialFromConsole", "cacheClusterSize")),
    ("spotlight-v1-DeleteStage", ("tlsDetails",)),
    ("spotlight-v1-ImportRestApi", (
        "tlsDetails", "apiStatus", "rootResourceId", "securityPolicy", "tags", "version", "documentationpartCreate")),
    ("c7n-v1-TagResource-eventbridge-envelope", ("sessionCredentialFromConsole", "tlsDetails")),
    ("stackd-v2-CreateApi", ()), ("stackd-v2-CreateAuthorizer-jwt", ()), ("stackd-v2-CreateIntegration", ()),
    ("stackd-v2-CreateRoute-jwt", ()), ("stackd-v2-CreateDeployment", ()), ("stackd-v2-CreateStage-default", ()),
    ("stackd-v2-UpdateStage-default-deployment", ()), ("stackd-v2-DeleteApi", ()),
]


@pytest.fixture(scope="module")
def made_records(local_aws):
    """The records of all those calls, by version and event name."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no real records at {SAMPLES}: the shapes were not compared")
    local_aws.reset()
    call_all(local_aws)
    found = {}
    for event in local_aws.events():
        version = "v1" if "template" in event["detail"]["requestParameters"] else "v2"
        found[version, event["detail"]["eventName"]] = event["detail"]
    return found


def key_sets(value, leave_out, path=""):
    """The paths of all members, but for those of maps whose keys are the caller's."""
    if isinstance(value, list):
        return set().union(*(key_sets(item, leave_out, f"{path}[]") for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, member in value.items():
        if name not in (*leave_out, "userIdentity"):
            found.add(f"{path}.{name}")
            if name not in ("tags", "endpointConfiguration"):
                found |= key_sets(member, leave_out, f"{path}.{name}")
    return found


@pytest.mark.parametrize(("sample", "leave_out"), REAL, ids=[sample for sample, _ in REAL])
def test_members_are_those_of_real_records(made_records, sample, leave_out):
    real = json.loads((SAMPLES / f"{sample}.json").read_text())
    real = real.get("detail", real)
    made = made_records["v1" if "-v1-" in sample else "v2", real["eventName"]]
    assert key_sets(made, leave_out) == key_sets(real, leave_out)
    assert made["eventSource"] == real["eventSource"]


# The bus


def test_events_reach_the_bus_of_the_callers_account_and_region(aws):
    where = {"account": "444455556666", "region": "us-east-1"}
    url, arn = queue_of(aws, "there", **where)
    connect_rule(aws, "there", {"source": ["aws.apigateway"]}, arn, **where)
    here_url, here = queue_of(aws, "here")
    connect_rule(aws, "here", {"source": ["aws.apigateway"]}, here)
    aws.client("apigateway", **where).create_rest_api(name="a")
    event = json.loads(receive(aws, url, **where)[0]["Body"])
    assert (event["account"], event["region"]) == ("444455556666", "us-east-1")
    assert (event["detail-type"], event["source"]) == ("AWS API Call via CloudTrail", "aws.apigateway")
    assert event["time"] == event["detail"]["eventTime"]
    assert event["resources"] == []
    assert receive(aws, here_url) == []


# Faults


def names(events):
    """The names of the APIs that the events are about."""
    return [event["detail"]["requestParameters"]["createRestApiInput"]["name"] for event in events]


def create(aws, *api_names):
    """Creates REST APIs, without retries."""
    for name in api_names:
        aws.client("apigateway", config=NO_RETRIES).create_rest_api(name=name)


def test_delay(aws, queue):
    aws.faults({"operation": "CreateRestApi", "delay": 1.5})
    create(aws, "a")
    assert queue() == []
    event = wait_for(queue)[0]
    assert event["time"] == event["detail"]["eventTime"]


def test_duplicate(aws, queue):
    aws.faults({"operation": "CreateRestApi", "duplicate": 2})
    create(aws, "a")
    assert len({event["detail"]["eventID"] for event in queue()}) == 1
    assert len(queue()) == 3
    assert aws.events()[0]["published"] == 3


def test_reorder(aws, queue):
    orders = []
    for _ in range(2):
        aws.faults({"operation": "CreateRestApi", "reorder": 4, "seed": 5})
        queue().clear()
        create(aws, "a", "b", "c")
        assert queue() == []
        create(aws, "d")
        orders.append(names(queue()))
    assert orders[0] == orders[1] != ["a", "b", "c", "d"]
    assert sorted(orders[0]) == ["a", "b", "c", "d"]


def test_reorder_lets_go_when_the_rules_change(aws, queue):
    aws.faults({"operation": "*", "reorder": 9})
    create(aws, "a", "b")
    assert queue() == []
    aws.faults()
    assert names(queue()) == ["b", "a"]


def test_drop_event(aws, queue):
    aws.faults({"operation": "CreateRestApi", "drop_event": True, "times": 1})
    create(aws, "a", "b")
    assert names(queue()) == ["b"]
    assert [event["published"] for event in aws.events()] == [0, 1]


def test_a_rule_may_let_calls_pass_first(aws, queue):
    aws.faults({"operation": "CreateRestApi", "drop_event": True, "skip": 1, "times": 1})
    create(aws, "a", "b", "c")
    assert names(queue()) == ["a", "c"]


@pytest.mark.parametrize(("status", "code"), [
    (400, "BadRequestException"), (403, "AccessDeniedException"), (404, "NotFoundException"),
    (409, "ConflictException"), (429, "TooManyRequestsException"), (500, "InternalServerErrorException")])
def test_error_answers(aws, status, code):
    aws.faults({"operation": "CreateRestApi", "answer": status, "retry_after": 3, "times": 1})
    with pytest.raises(ClientError) as caught:
        create(aws, "a")
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
    assert answer["ResponseMetadata"]["HTTPHeaders"].get("retry-after") == ("3" if status == 429 else None)
    assert "apigateway:CreateRestApi" not in aws.calls()
    assert last(aws, "CreateRestApi")["errorCode"] == {403: "AccessDenied"}.get(status, code)
    create(aws, "b")
    assert aws.calls()["apigateway:CreateRestApi"] == 1


@pytest.mark.parametrize(("service", "call", "name"), [
    ("sns", lambda client: client.list_topics(), "sns:ListTopics"),
    ("dynamodb", lambda client: client.list_tables(), "dynamodb:ListTables"),
    ("lambda", lambda client: client.list_functions(), "lambda:ListFunctions"),
])
def test_error_answers_of_other_services(aws, service, call, name):
    aws.faults({"operation": name, "answer": 429, "code": "ThrottlingException"})
    refused("ThrottlingException", call, aws.client(service, config=NO_RETRIES))


def test_drop_answer(aws, queue):
    aws.faults({"operation": "CreateRestApi", "drop_answer": True})
    with pytest.raises(ConnectionClosedError):
        create(aws, "a")
    assert names(queue()) == ["a"]
    assert len(aws.client("apigateway").get_rest_apis()["items"]) == 1


def test_rules_that_make_no_sense_are_refused(aws):
    for rule in ({"operation": "*", "delya": 1}, {"operation": "*", "answer": 418}, {}):
        with pytest.raises(ValueError, match="400"):
            aws.faults(rule)


# Counts and the wire


def test_calls_are_counted(aws):
    aws.client("sns").list_topics()
    aws.client("s3").list_buckets()
    aws.client("apigatewayv2", account="444455556666").get_apis()
    for _ in range(2):
        aws.client("dynamodb").list_tables()
    assert aws.calls() == {
        "apigatewayv2:GetApis": 1, "dynamodb:ListTables": 2, "s3:ListBuckets": 1, "sns:ListTopics": 1}
    assert aws.calls(account="444455556666") == {"apigatewayv2:GetApis": 1}
    assert aws.calls(caller="assumed-role/") == {}


def test_bodies_in_chunks_are_passed_on(aws):
    aws.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws.client("s3").put_object(Bucket="bucket", Key="a/b", Body=b"first\r\nsecond")
    assert aws.client("s3").get_object(Bucket="bucket", Key="a/b")["Body"].read() == b"first\r\nsecond"
    host, port = aws.endpoint_url.rpartition("/")[2].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /restapis HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
            b"Authorization: AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/apigateway/aws4_request, "
            b"SignedHeaders=host, Signature=0\r\n\r\n8\r\n{\"name\":\r\n4;x=y\r\n\"a\"}\r\n0\r\n\r\n")
        assert b" 201 " in connection.recv(100)
    assert names(aws.events()) == ["a"]


def test_calls_at_the_same_time(aws, queue):
    stage = rest_stage(aws.client("apigateway"))
    clients = [aws.client("apigateway") for _ in range(8)]
    threads = [threading.Thread(target=lambda client=client: [client.update_stage(
        **stage, patchOperations=patch("replace", "/accessLogSettings/destinationArn", LOG_GROUP)) for _ in range(5)])
        for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    updates = [event for event in queue() if event["detail"]["eventName"] == "UpdateStage"]
    assert len({event["detail"]["eventID"] for event in updates}) == len(updates) == 40
    assert aws.calls()["apigateway:UpdateStage"] == 40


def test_unknown_controls_are_not_passed_on(aws):
    with pytest.raises(ValueError, match="404"):
        fetch(f"{aws.endpoint_url}/_relay/nonsense")
