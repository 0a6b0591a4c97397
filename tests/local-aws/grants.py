"""The calls that the code makes and the grants that they need: the one table that the tests of permissions go by.

`test_permissions.py` holds it against the sources and the template, `test_grants.py` against what runs.
"""

import contextlib
import json
import re

RULES = ("api-exposure", "api-lifecycle", "stage-logging")
WRITERS = ("api-exposure", "stage-logging")
COUNTING = ("api-lifecycle", "stage-logging")  # whose rules feed windows: shared/core/src/rules/windows.rs
KEEPER = ("baseline",)
EVERY = (*RULES, *KEEPER)
COMMAND_LINE = ()

# File of shared/aws/src; what it calls; on which table, queue ..., or as which role; the functions that come to it.
CALLS = (
    ("baselines.rs", "dynamodb:Query", "baselines", RULES),
    ("baselines/store.rs", "dynamodb:Query", "baselines", KEEPER),
    ("baselines/store.rs", "dynamodb:PutItem", "baselines", KEEPER),
    ("baselines/store.rs", "dynamodb:UpdateItem", "baselines", KEEPER),
    ("baselines/store.rs", "dynamodb:Scan", "baselines", COMMAND_LINE),
    ("bootstrap.rs", "dynamodb:GetItem", "counters", RULES),
    ("bootstrap.rs", "dynamodb:GetItem", "baselines", KEEPER),
    ("clients.rs", "sts:AssumeRole", "reader", EVERY),
    ("drafts.rs", "dynamodb:Query", "baselines", WRITERS),
    ("drafts.rs", "dynamodb:PutItem", "baselines", KEEPER),
    ("invoke.rs", "lambda:Invoke", "function", COMMAND_LINE),
    ("kill_switch.rs", "ssm:GetParameter", "kill switch", WRITERS),
    ("ledger.rs", "dynamodb:GetItem", "counters", RULES),
    ("ledger/write.rs", "dynamodb:TransactWriteItems", "counters", WRITERS),
    ("live.rs", "apigateway:GetAccount", "reader", RULES),
    ("live.rs", "apigateway:GetRestApi", "reader", RULES),
    ("live.rs", "apigateway:GetStage", "reader", RULES),
    ("live.rs", "apigatewayv2:GetApi", "reader", RULES),
    ("live.rs", "apigatewayv2:GetStage", "reader", RULES),
    ("outbox.rs", "dynamodb:TransactWriteItems", "counters", RULES),
    ("outbox.rs", "dynamodb:PutItem", "counters", RULES),
    ("outbox.rs", "dynamodb:UpdateItem", "counters", RULES),
    ("publication.rs", "apigateway:GetDeployments", "reader", WRITERS),
    ("publication.rs", "apigateway:GetRestApi", "reader", WRITERS),
    ("publication.rs", "apigateway:GetStages", "reader", WRITERS),
    ("publication/draft.rs", "apigateway:GetAuthorizers", "reader", (*WRITERS, *KEEPER)),
    ("publication/draft.rs", "apigateway:GetGatewayResponses", "reader", (*WRITERS, *KEEPER)),
    ("publication/draft.rs", "apigateway:GetModels", "reader", (*WRITERS, *KEEPER)),
    ("publication/draft.rs", "apigateway:GetRequestValidators", "reader", (*WRITERS, *KEEPER)),
    ("publication/draft.rs", "apigateway:GetResources", "reader", (*WRITERS, *KEEPER)),
    ("publication/draft.rs", "apigateway:GetRestApi", "reader", (*WRITERS, *KEEPER)),
    ("queue.rs", "sqs:SendMessageBatch", "sweeps", KEEPER),
    ("settings.rs", "apigateway:GetAccount", "reader", (*WRITERS, *KEEPER)),
    ("settings.rs", "apigateway:GetRestApi", "reader", (*WRITERS, *KEEPER)),
    ("settings.rs", "apigateway:GetStage", "reader", (*WRITERS, *KEEPER)),
    ("settings.rs", "apigatewayv2:GetApi", "reader", (*WRITERS, *KEEPER)),
    ("settings.rs", "apigatewayv2:GetStage", "reader", (*WRITERS, *KEEPER)),
    ("settings/lists.rs", "apigateway:GetRestApis", "reader", KEEPER),
    ("settings/lists.rs", "apigateway:GetStages", "reader", KEEPER),
    ("settings/lists.rs", "apigatewayv2:GetApis", "reader", KEEPER),
    ("settings/lists.rs", "apigatewayv2:GetStages", "reader", KEEPER),
    ("sns.rs", "sns:Publish", "topic", RULES),
    ("windows/table.rs", "dynamodb:GetItem", "counters", COUNTING),
    ("windows/table.rs", "dynamodb:Query", "counters", COUNTING),
    ("windows/table.rs", "dynamodb:UpdateItem", "counters", COUNTING),
    ("writer/requests.rs", "apigateway:CreateDeployment", "remediator", WRITERS),
    ("writer/requests.rs", "apigateway:UpdateAccount", "remediator", WRITERS),
    ("writer/requests.rs", "apigateway:UpdateRestApi", "remediator", WRITERS),
    ("writer/requests.rs", "apigateway:UpdateStage", "remediator", WRITERS),
    ("writer/requests.rs", "apigatewayv2:UpdateStage", "remediator", WRITERS),
    ("writer/session.rs", "sts:AssumeRole", "remediator", WRITERS),
)

# What IAM asks for where it is not the name of the call.
OTHER_ACTIONS = {
    ("ledger/write.rs", "dynamodb:TransactWriteItems"): ("dynamodb:PutItem",),
    ("outbox.rs", "dynamodb:TransactWriteItems"): ("dynamodb:PutItem", "dynamodb:UpdateItem"),
    ("queue.rs", "sqs:SendMessageBatch"): ("sqs:SendMessage",),
}

# Keys that a file writes in the table of counters, and the functions that do.
KEYS = {
    "W#": ("windows/items.rs", COUNTING), "A#": ("windows/items.rs", COUNTING),
    "F#": ("outbox.rs", RULES), "Q#": ("outbox.rs", RULES), "L#": ("ledger.rs", WRITERS),
}

# What no code calls: AWS does, with the role of the function, or of the session that called. The emulator's API Gateway
# asks for nothing of log delivery.
ON_BEHALF = {
    ("logs:CreateLogStream", "log"): (EVERY, "Lambda writes what a function prints"),
    ("logs:PutLogEvents", "log"): (EVERY, "the same"),
    ("sqs:SendMessage", "failed"): (EVERY, "Lambda sends what failed to the destination"),
    ("sqs:ReceiveMessage", "sweeps"): (KEEPER, "Lambda polls the queue for the event source mapping"),
    ("sqs:DeleteMessage", "sweeps"): (KEEPER, "the same"),
    ("sqs:GetQueueAttributes", "sweeps"): (KEEPER, "the same"),
    **{(f"kms:{action}", "key"): (EVERY, "DynamoDB and SNS use the key for the caller")
       for action in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")},
    **{(f"logs:{action}", "log delivery"): (("remediator",), "API Gateway, when access logs of an HTTP API are set")
       for action in ("CreateLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery",
                      "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery")},
}

# What IAM calls a thing, in a template and where it is deployed.
LABELS = (
    ("counters", r"GuardCounters"), ("baselines", r"GuardBaselines"), ("topic", r"GuardOnCall|:portcullis-on-call"),
    ("failed", r"GuardedFailed|-failed"), ("sweeps", r"Sweeps[0-9A-F]{8}|:portcullis-sweeps"),
    ("log", r"GuardedLog|:log-group:"), ("key", r"GuardKey|:key/"), ("kill switch", r":parameter/portcullis/"),
    ("reader", r":role/portcullis-reader"), ("remediator", r":role/portcullis-remediator"),
    ("logging role", r":role/api-gateway-logs"), ("log delivery", r"^\"\*\"$"), (None, r"apigateway:\*::(/[^\"]*)"),
)


def label(resource):
    """A short name of what a statement is about: of API Gateway its path."""
    text = json.dumps(resource)
    for name, pattern in LABELS:
        if found := re.search(pattern, text):
            return name or found.group(1)
    raise ValueError(f"grants.LABELS has no name for {text}")


def listed(value):
    """What IAM writes as one or as a list."""
    return value if isinstance(value, list) else [value]


def allowed(statements):
    """Action and label of all that statements allow."""
    return {(action, label(resource)) for statement in statements if statement["Effect"] == "Allow"
            for action in listed(statement["Action"]) for resource in listed(statement["Resource"])}


def needed(name):
    """Action and label of all that a function needs by itself: not as the reader or the remediator."""
    calls = {(action, thing) for file, call, thing, functions in CALLS if name in functions
             if not call.startswith("apigateway") for action in OTHER_ACTIONS.get((file, call), (call,))}
    return calls | {grant for grant, (functions, _why) in ON_BEHALF.items() if name in functions}


def policies(aws, role):
    """The policies of a role by name."""
    iam, name = aws.client("iam"), f"portcullis-{role}"
    return {policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]}


@contextlib.contextmanager
def taken_away(aws, role, change):
    """A role whose statements are those that `change` leaves of each, for as long as the context lasts."""
    known, iam, name = policies(aws, role), aws.client("iam"), f"portcullis-{role}"
    changed = {policy: {**document, "Statement": [left for one in document["Statement"] for left in change(one)]}
               for policy, document in known.items()}
    assert changed != known

    def put(documents):
        for policy, document in documents.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    put(changed)
    try:
        yield
    finally:
        put(known)


def without(statement, action, thing):
    """A statement that no longer allows the action on the thing, as statements that allow the rest."""
    if statement["Effect"] == "Deny":
        return [statement]
    actions, resources = (listed(statement[name]) for name in ("Action", "Resource"))
    others = [one for one in actions if one != action]
    elsewhere = [one for one in resources if label(one) != thing]
    return [*([{**statement, "Action": others}] if others else []),
            *([{**statement, "Action": [action], "Resource": elsewhere}] if action in actions and elsewhere else [])]


def without_key(statement, key):
    """A statement whose condition does not name the key."""
    keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    if key not in keys:
        return [statement]
    left = {"dynamodb:LeadingKeys": [one for one in keys if one != key]}
    return [{**statement, "Condition": {"ForAllValues:StringLike": left}}]
