"""The evaluator against what IAM's documentation says of its language, and the mutants against a policy with slack.

The rules are those of "Condition operators", "Multivalued context keys" and "Policy evaluation logic" in the IAM User
Guide.
"""

import pytest

import documents
from evaluator import OPERATORS, Outcome, Request, Unsupported, arn_like, decide, holds
from mutants import mutants, survivors

ALLOWED, DENIED, NOTHING = Outcome.ALLOWED, Outcome.DENIED, Outcome.NOTHING
REQUEST = Request("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:queue")


def statement(effect="Allow", action="sqs:SendMessage", resource="*", **more):
    return {"Sid": "S", "Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(("statements", "outcome"), [
    ((), NOTHING),
    ((statement(),), ALLOWED),
    ((statement("Deny"),), DENIED),
    ((statement(), statement("Deny")), DENIED),
    ((statement("Deny"), statement()), DENIED),
    ((statement(action="sqs:DeleteQueue"),), NOTHING),
    ((statement(action=["sqs:DeleteQueue", "sqs:sendmessage"]),), ALLOWED),
    ((statement(resource="arn:aws:sqs:*:*:other"),), NOTHING),
    ((statement(resource=["arn:aws:sqs:*:*:other", "arn:aws:sqs:*:*:que*"]),), ALLOWED),
    ((statement("Deny", Principal="*"),), DENIED),
    ((statement(Condition={"StringEquals": {"a": "1", "b": "2"}}),), NOTHING),
])
def test_statements(statements, outcome):
    assert decide(policy(*statements), Request(REQUEST.action, REQUEST.resource, {"a": "1"})) == outcome


@pytest.mark.parametrize(("operator", "wanted", "given", "outcome"), [
    ("StringEquals", ["x"], "x", True), ("StringEquals", ["x"], "X", False), ("StringEquals", ["x*"], "xy", False),
    ("StringEquals", ["x", "y"], "y", True), ("StringEquals", ["x"], None, False),
    ("StringNotEquals", ["x"], "y", True), ("StringNotEquals", ["x", "y"], "y", False),
    ("StringNotEquals", ["x"], None, True),
    ("StringNotEqualsIfExists", ["x"], None, True), ("StringNotEqualsIfExists", ["x"], "x", False),
    ("StringEqualsIfExists", ["x"], None, True), ("StringEqualsIfExists", ["x"], "y", False),
    ("StringLike", ["x:*"], "x:y/z", True), ("StringLike", ["x:?"], "x:yz", False), ("StringLike", ["x"], None, False),
    ("Bool", ["true"], "True", True), ("Bool", ["true"], "false", False), ("Bool", ["true"], None, False),
    ("BoolIfExists", ["false"], None, True), ("BoolIfExists", ["false"], "true", False),
    ("ArnNotLike", ["arn:aws:iam::*:role/x*"], "arn:aws:iam::1:role/xy", False),
    ("ArnNotLike", ["arn:aws:iam::*:role/x*", "arn:aws:iam::*:role/z"], "arn:aws:iam::1:role/y", True),
    ("ArnNotLike", ["arn:aws:iam::*:role/x*"], None, True),
    ("Null", ["true"], None, True), ("Null", ["true"], "x", False), ("Null", ["false"], "x", True),
    ("Null", ["false"], None, False), ("Null", ["true"], ("x",), False),
    ("ForAnyValue:StringEquals", ["x"], ("y", "x"), True), ("ForAnyValue:StringEquals", ["x"], ("y",), False),
    ("ForAnyValue:StringEquals", ["x"], None, False), ("ForAnyValue:StringEquals", ["x"], (), False),
    ("ForAnyValue:StringNotEquals", ["x"], ("x", "y"), True), ("ForAnyValue:StringNotEquals", ["x"], ("x",), False),
    ("ForAnyValue:StringNotEquals", ["x"], None, False),
])
def test_operators(operator, wanted, given, outcome):
    assert holds(operator, "key", wanted, {} if given is None else {"key": given}) is outcome


@pytest.mark.parametrize(("pattern", "arn", "fits"), [
    ("*", "anything", True),
    ("arn:aws:apigateway:*::/restapis/??????????", "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5", True),
    ("arn:aws:apigateway:*::/restapis/??????????", "arn:aws:apigateway:x::/restapis/a1b2c3d4e5/stages/p", False),
    ("arn:aws:apigateway:*::/restapis/*", "arn:aws:apigateway:x::/restapis/a1b2c3d4e5/stages/p", True),
    ("arn:aws:sqs:*:*:queue", "arn:aws:sqs:eu-west-1:111122223333:queue-2", False),
    ("arn:aws:logs:*:*:log-group:x*", "arn:aws:logs:eu-west-1:111122223333:log-group:x:log-stream:y", True),
    ("arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x:role/x", False),
    ("arn:aws:iam::1:role/a.c", "arn:aws:iam::1:role/abc", False),
    ("arn:*", "arn:aws:iam::1:role/x", False),
])
def test_arns(pattern, arn, fits):
    assert arn_like(pattern, arn) is fits


@pytest.mark.parametrize("broken", [
    statement(NotAction="x"), statement("Maybe"), statement(action="sqs:*"), statement(action="sqs:Send?essage"),
    statement(resource="arn:${Partition}:sqs:*:*:q"), statement(Principal={"AWS": "*"}),
    statement(Condition={"StringEqualsIgnoreCase": {"key": "x"}}),
    statement(Condition={"ForAllValues:StringEquals": {"many": "x"}}),
    statement(Condition={"ForAnyValue:Null": {"many": "x"}}),
    statement(Condition={"ForAnyValue:StringEqualsIfExists": {"many": "x"}}),
    statement(Condition={"StringEquals": {"many": "x"}}),
    statement(Condition={"ForAnyValue:StringEquals": {"key": "x"}}),
    statement(Condition={"StringEquals": {"key": "${aws:username}"}}),
])
def test_what_it_does_not_know_is_an_error(broken):
    with pytest.raises(Unsupported):
        decide(policy(broken), Request(REQUEST.action, REQUEST.resource, {"key": "x", "many": ("x",)}))


def test_it_knows_no_operator_that_no_policy_uses():
    used = {
        operator.rpartition(":")[2].removesuffix("IfExists")
        for file in documents.load()
        for statement in file.rendered()["Statement"]
        for operator in statement.get("Condition", {})
    }
    assert used == {*OPERATORS, "Null"}


SLACK = policy(
    {"Sid": "A", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:PurgeQueue"], "Resource": "*"},
    {"Sid": "B", "Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*",
     "Condition": {"ArnNotLike": {"p": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]}}},
)


def test_mutants_take_out_one_thing_each():
    assert [name for name, _ in mutants(SLACK)] == [
        "A: the statement", "A: Action sqs:SendMessage", "A: Action sqs:PurgeQueue",
        "B: the statement", "B: ArnNotLike p ", "B: ArnNotLike p arn:aws:iam::1:role/a",
        "B: ArnNotLike p arn:aws:iam::1:role/b",
    ]


def test_a_mutant_that_no_case_notices_survives():
    def broken(document):
        request = Request(REQUEST.action, REQUEST.resource, {"p": "arn:aws:iam::1:role/a"})
        return decide(document, request) != ALLOWED

    assert survivors(SLACK, broken) == [
        "A: Action sqs:PurgeQueue", "B: the statement", "B: ArnNotLike p arn:aws:iam::1:role/b",
    ]
