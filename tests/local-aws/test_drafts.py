"""What a deployment of a REST API publishes, as the function `baseline` keeps it: the fingerprint of its draft."""

import json

import pytest

from bench import ACCOUNT, REGION, LocalAws
from deliveries import at, deliver
from scenes import last, queue_of, rest_api_with_method
from stack import Stack

READS = ("GetRestApi", "GetResources", "GetAuthorizers", "GetModels", "GetGatewayResponses", "GetRequestValidators")
OF_A_DEPLOYMENT = {f"apigateway:{name}": 1 for name in READS} | {"dynamodb:PutItem": 1}


@pytest.fixture(scope="module")
def kept():
    """Portcullis with its baseline, in an AWS of its own."""
    with LocalAws() as aws:
        stack = Stack(aws)
        stack.settings["PORTCULLIS_SWEEP_QUEUE"], _ = queue_of(aws, "sweeps")
        stack.functions["baseline"] = stack.deploy("baseline")
        aws.client("lambda").update_function_configuration(FunctionName="portcullis-baseline", Timeout=60)
        yield stack


def made(stack):
    """Id of a new API that the function knows of, so that the calls for it are over."""
    api = rest_api_with_method(stack.aws.client("apigateway"))
    stack.handled(last(stack, "CreateRestApi"), "baseline")
    return api


def cost(stack, before):
    """The function's calls since `before`."""
    calls = {name: number - before.get(name, 0) for name, number in stack.calls("baseline").items()}
    return {name: number for name, number in calls.items() if number}


def deployed(stack, api, when, stage=None):
    """Deploys at that time of the records; returns the function's own words and what it has kept of the API."""
    names = {"stageName": stage} if stage else {}
    answer = stack.aws.client("apigateway", record={"eventTime": when}).create_deployment(restApiId=api, **names)
    event = last(stack, "CreateDeployment")
    [outcome] = stack.handled(event, "baseline")
    return answer["id"], outcome, drafts(stack, api)


def drafts(stack, api):
    """The items of an API, oldest first."""
    return stack.aws.client("dynamodb").query(
        TableName="portcullis-baseline", ConsistentRead=True, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"B#{ACCOUNT}#{REGION}#draft#{api}#"}})["Items"]


def fingerprint(item):
    """Names of the parts with their digests."""
    return json.loads(item["fingerprint"]["S"])


def test_each_deployment_is_kept_with_what_it_published(kept):
    kept.empty()
    rest = kept.aws.client("apigateway")
    api = made(kept)
    before = kept.calls("baseline")
    first, outcome, items = deployed(kept, api, at(20))
    assert (outcome["disposition"], outcome["draft"]) == ("drafted", "kept")
    [item] = items
    assert item["deployment"]["S"] == first
    published = fingerprint(item)
    assert {"GET /", "resource /", "endpoint configuration"} <= set(published)
    assert int(item["expires_at"]["N"]) > int(item["read_at"]["N"]) // 1000 + 399 * 24 * 3600
    assert cost(kept, before) == OF_A_DEPLOYMENT

    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    rest.update_method(restApiId=api, resourceId=root, httpMethod="GET", patchOperations=[
        {"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}])
    second, outcome, items = deployed(kept, api, at(5), "prod")
    # What it does for the stage stays as it was.
    assert (outcome["disposition"], outcome["draft"], outcome["stage"]) == ("written", "kept", "prod")
    assert [item["deployment"]["S"] for item in items] == [first, second]
    changed = fingerprint(items[1])
    assert {name for name in published | changed if published.get(name) != changed.get(name)} == {"GET /"}


def test_the_same_event_again_keeps_the_first(kept):
    kept.empty()
    rest = kept.aws.client("apigateway")
    api = rest_api_with_method(rest)
    deployed(kept, api, at(5))
    items = drafts(kept, api)
    rest.create_resource(
        restApiId=api, parentId=rest.get_resources(restApiId=api)["items"][0]["id"], pathPart="unfinished")
    event = last(kept, "CreateDeployment")
    deliver(kept, [event])
    outcomes = kept.handled(event, "baseline", times=2)
    assert [one["draft"] for one in outcomes] == ["kept", "known"]
    assert drafts(kept, api) == items


def test_what_would_be_read_late_is_marked_and_costs_no_read(kept):
    kept.empty()
    api = made(kept)
    before = kept.calls("baseline")
    _, outcome, items = deployed(kept, api, at(90))
    assert (outcome["disposition"], outcome["draft"]) == ("drafted", "late")
    [item] = items
    assert item["missed"]["S"] == "late" and "fingerprint" not in item
    assert cost(kept, before) == {"dynamodb:PutItem": 1}
