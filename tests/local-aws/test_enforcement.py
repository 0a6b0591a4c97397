"""One test per mend of `AUTH=true`: each shows how AWS decides, and fails against MiniStack as it is published."""

import json
import uuid

import pytest

from bench import ACCOUNT, LocalAws
from scenes import ROLE, patch, queue_of, refused
from stack import create_table

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}


@pytest.fixture(scope="module")
def strict():
    """An AWS that enforces permissions."""
    with LocalAws(auth=True) as aws:
        yield aws


def allowed(aws, *statements):
    """Whoever may do what the statements say: gives clients of a new role."""
    name = f"role-{uuid.uuid4().hex[:8]}"
    iam = aws.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(document))
    return clients_of(aws, arn)


def clients_of(aws, role_arn, session="tester"):
    """Gives clients of a session of a role."""
    keys = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
    return lambda service, **options: aws.client(
        service, account=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"], **options)


def test_calls_are_encrypted(strict):
    url, arn = queue_of(strict, "encrypted")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    strict.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    allowed(strict, {"Action": "sqs:SendMessage", "Resource": arn})("sqs").send_message(QueueUrl=url, MessageBody="x")


def test_batches_of_messages(strict):
    url, arn = queue_of(strict, "batches")
    sqs = allowed(strict, {"Action": "sqs:SendMessage", "Resource": arn})("sqs")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    handles = [{"Id": "1", "ReceiptHandle": "x"}]
    refused("AccessDenied", sqs.delete_message_batch, QueueUrl=url, Entries=handles)


def test_sessions_count_as_their_role(strict):
    ask = {"Action": "dynamodb:ListTables", "Resource": "*"}
    role = f"arn:aws:iam::{ACCOUNT}:role/role-*"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/*"
    allowed(strict, {**ask, "Condition": {"ArnLike": {"aws:PrincipalArn": role}}})("dynamodb").list_tables()
    stranger = allowed(strict, {**ask, "Condition": {"ArnLike": {"aws:PrincipalArn": session}}})
    refused("AccessDeniedException", stranger("dynamodb").list_tables)


def test_leading_keys(strict):
    create_table(strict, "keys")
    dynamodb = allowed(strict, {
        "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"], "Resource": "*",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["W#*"]}}})("dynamodb")
    own, other = ({"pk": {"S": f"{kind}#1"}, "sk": {"S": "-"}} for kind in "WL")
    query = {"TableName": "keys", "KeyConditionExpression": "pk = :pk"}
    dynamodb.put_item(TableName="keys", Item=own)
    dynamodb.update_item(TableName="keys", Key=own)
    dynamodb.query(**query, ExpressionAttributeValues={":pk": {"S": "W#1"}})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "keys", "Item": own}}])
    denied = "AccessDeniedException"
    refused(denied, dynamodb.put_item, TableName="keys", Item=other)
    refused(denied, dynamodb.update_item, TableName="keys", Key=other)
    refused(denied, dynamodb.query, **query, ExpressionAttributeValues={":pk": {"S": "L#1"}})
    both = [{"Put": {"TableName": "keys", "Item": item}} for item in (own, other)]
    refused(denied, dynamodb.transact_write_items, TransactItems=both)


def test_request_keys_of_rest_apis(strict):
    root = strict.client("apigateway")
    api = root.create_rest_api(name="a", endpointConfiguration={"types": ["PRIVATE"]})["id"]
    rest = allowed(strict, {"Action": "apigateway:PATCH", "Resource": "*", "Condition": {
        "Null": {"apigateway:Request/ApiName": "true"},
        "ForAllValues:StringEquals": {"apigateway:Request/EndpointType": "PRIVATE"}}})("apigateway")
    path = "/endpointConfiguration/types/PRIVATE"
    rest.update_rest_api(restApiId=api, patchOperations=patch("replace", path, "PRIVATE"))
    for operations in (patch("replace", path, "REGIONAL"), patch("replace", "/name", "b")):
        refused("AccessDeniedException", rest.update_rest_api, restApiId=api, patchOperations=operations)


def test_roles_are_passed_to_api_gateway(strict):
    patches = {"Action": "apigateway:PATCH", "Resource": "*"}
    passes = {"Action": "iam:PassRole", "Resource": ROLE,
              "Condition": {"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}}}
    operations = patch("replace", "/cloudwatchRoleArn", ROLE)
    refused("AccessDeniedException", allowed(strict, patches)("apigateway").update_account, patchOperations=operations)
    rest = allowed(strict, patches, passes)("apigateway")
    rest.update_account(patchOperations=operations)
    rest.update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ""))
    refused("AccessDeniedException", rest.update_account,
            patchOperations=patch("replace", "/cloudwatchRoleArn", f"{ROLE}-2"))


def test_policies_of_rest_apis(strict):
    root = strict.client("apigateway")
    api = root.create_rest_api(name="a")["id"]
    patches = {"Action": "apigateway:PATCH", "Resource": "*"}
    sets = {"Action": "apigateway:UpdateRestApiPolicy", "Resource": f"arn:aws:apigateway:*::/restapis/{api}"}
    change = {"restApiId": api, "patchOperations": patch("replace", "/policy", "")}
    refused("AccessDeniedException", allowed(strict, patches)("apigateway").update_rest_api, **change)
    allowed(strict, patches, sets)("apigateway").update_rest_api(**change)
