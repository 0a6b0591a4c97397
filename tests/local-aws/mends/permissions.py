"""Mends of permissions, which only `AUTH=true` enforces: what a call is, under which action, of whom, on which keys."""

import re

import ministack.app
from ministack.core import iam_actions, iam_evaluator, responses, router
from ministack.services import apigateway_v1 as v1, dynamodb, iam

from mends import body_of

PRINCIPAL_ARN = "aws:principalarn"
EQUALS = re.compile(r"(#?\w+)\s*=\s*(:\w+)")
# Of UpdateRestApi. Source: service authorization reference, "Condition keys for Amazon API Gateway Management".
REQUEST_KEYS = {
    "/endpointConfiguration/types": "apigateway:Request/EndpointType",
    "/disableExecuteApiEndpoint": "apigateway:Request/DisableExecuteApiEndpoint",
    "/securityPolicy": "apigateway:Request/SecurityPolicy",
    "/name": "apigateway:Request/ApiName",
}


def calls_are_encrypted():
    """AWS's clients call over TLS, which policies ask for with `aws:SecureTransport`; here everything is plain HTTP
    on loopback, so that such policies would refuse every call.
    """
    pin = iam_evaluator.pin_request_origin
    ministack.app.pin_request_origin = lambda source_ip, _secure: pin(source_ip, True)


def batches_of_messages():
    """AWS has no actions of their own for batches: `SendMessageBatch` needs `sqs:SendMessage`."""
    extract = iam_actions.extract_iam_action

    def extract_iam_action(service, *request):
        action = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extract_iam_action


def sessions_count_as_their_role():
    """In AWS `aws:PrincipalArn` of a role's session is the ARN of the role; MiniStack has the session's there."""
    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key, context):
        found = resolve(key, context)
        if key.lower() != PRINCIPAL_ARN or ":assumed-role/" not in found:
            return found
        name = iam_evaluator._role_name_from_assumed_arn(found)
        role = iam._roles.get_scoped(context.principal_account, None, name) or {}
        return role.get("Arn") or f"arn:aws:iam::{context.principal_account}:role/{name}"

    iam_evaluator._resolve_condition_key = resolve_condition_key


def leading_keys():
    """AWS has the partition keys that a request names in `dynamodb:LeadingKeys`; MiniStack leaves the key out, so that
    a condition on it is met by everything.
    """
    context_of = iam_actions.dynamodb_service_context

    def dynamodb_service_context(body):
        keys = [key for key in keys_of(body_of(body)) if key is not None]
        return {**context_of(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    iam_actions.dynamodb_service_context = dynamodb_service_context


def keys_of(request):
    """Values of the partition key in a request, or in the items of a transaction."""
    for item in request.get("TransactItems") or []:
        for part in item.values():
            yield from keys_of(part)
    table = dynamodb._tables.get(request.get("TableName")) or {}
    name = next((key["AttributeName"] for key in table.get("KeySchema", ()) if key["KeyType"] == "HASH"), None)
    for item in (request.get("Key"), request.get("Item")):
        yield plain((item or {}).get(name))
    names, values = (request.get(f"ExpressionAttribute{kind}") or {} for kind in ("Names", "Values"))
    for left, right in EQUALS.findall(request.get("KeyConditionExpression") or ""):
        if names.get(left, left) == name:
            yield plain(values.get(right))


def plain(value):
    """The text of a DynamoDB value."""
    return next(iter((value or {}).values()), None)


def request_keys_of_rest_apis():
    """AWS has what a change of a REST API asks for in `apigateway:Request/...`; MiniStack has no such keys."""
    context_of = iam_actions.request_tag_context

    def request_context(service, action, body, params):
        found = context_of(service, action, body, params)
        for operation in body_of(body).get("patchOperations") or [] if action == "apigateway:PATCH" else []:
            for path, key in REQUEST_KEYS.items():
                if (operation.get("path") or "").startswith(path):
                    found = {**found, key: [*found.get(key, ()), operation.get("value") or ""]}
        return found

    iam_actions.request_tag_context = request_context


def roles_are_passed_to_api_gateway():
    """AWS asks for `iam:PassRole` when the account's CloudWatch role is set; MiniStack lets everybody set it."""

    @asks_too("/account", "/cloudwatchRoleArn")
    def asked(role, _region):
        context = {"iam:PassedToService": "apigateway.amazonaws.com"}
        return ("iam:PassRole", "iam", role, context) if role else None


def policies_of_rest_apis():
    """AWS asks for `apigateway:UpdateRestApiPolicy` too when the policy of an API is changed."""

    @asks_too("/restapis/([^/]+)", "/policy")
    def asked(_policy, region, api_id):
        return "apigateway:UpdateRestApiPolicy", "apigateway", f"arn:aws:apigateway:{region}::/restapis/{api_id}", {}


def asks_too(path, patched):
    """A PATCH of resources that changes `patched` needs what the decorated function says: action, service, resource
    and condition keys.
    """
    pattern = re.compile(path)

    def decorate(asked):
        behind = v1.handle_request

        async def handle_request(method, where, headers, body, query):
            found = pattern.fullmatch(where) if ministack.app.AUTH and method == "PATCH" else None
            for operation in body_of(body).get("patchOperations") or [] if found else []:
                needs = asked(operation.get("value"), responses.get_region(), *found.groups())
                if operation.get("path") == patched and needs and is_denied(headers, query, *needs):
                    return v1._v1_error("AccessDeniedException", f"not authorized to perform: {needs[0]}", 403)
            return await behind(method, where, headers, body, query)

        v1.handle_request = handle_request
        return asked

    return decorate


def is_denied(headers, query, action, service, resource, context):
    """Whether the caller may not do this."""
    key = router.extract_access_key_id(headers, query)
    return iam_evaluator.enforce(
        key, action, service, responses.get_region(), resource_arn=resource, service_context=context) is not None


MENDS = (
    calls_are_encrypted,
    batches_of_messages,
    sessions_count_as_their_role,
    leading_keys,
    request_keys_of_rest_apis,
    roles_are_passed_to_api_gateway,
    policies_of_rest_apis,
)
