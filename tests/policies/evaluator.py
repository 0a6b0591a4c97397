"""What IAM decides about one request, as far as the policies here use its language.

Everything else is an error, not a guess: an element, an operator or a wildcard that is not listed here raises
`Unsupported`. Principals are matched by conditions alone, as in the policies.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from documents import several

ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


class Unsupported(Exception):
    """Policy language that this evaluator does not know."""


class Outcome(Enum):
    """What one policy says; for an SCP or an RCP `NOTHING` means that the request passes."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Request:
    """One call on one resource. A key with a list of values in AWS has a tuple here; an absent key is not there."""

    action: str
    resource: str
    context: dict = field(default_factory=dict)


def decide(document, request):
    """Explicit deny over allow over nothing."""
    effects = {statement["Effect"] for statement in document["Statement"] if applies(statement, request)}
    if "Deny" in effects:
        return Outcome.DENIED
    return Outcome.ALLOWED if "Allow" in effects else Outcome.NOTHING


def applies(statement, request):
    """Whether a statement is about this request."""
    check_elements(statement)
    return (
        any(action.lower() == request.action.lower() for action in several(statement["Action"]))
        and any(arn_like(pattern, request.resource) for pattern in several(statement["Resource"]))
        and all(
            holds(operator, key, several(wanted), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def check_elements(statement):
    """Refuses what would be read wrongly."""
    if unknown := set(statement) - ELEMENTS:
        raise Unsupported(f"elements {sorted(unknown)}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise Unsupported(f"effect {statement['Effect']!r}")
    if statement.get("Principal", "*") != "*":
        raise Unsupported(f"principal {statement['Principal']!r}")
    for action in several(statement["Action"]):
        if "*" in action or "?" in action:
            raise Unsupported(f"wildcard in action {action!r}")
    for text in several(statement["Resource"]):
        refuse_variable(text)


def refuse_variable(text):
    """A variable or a placeholder that nobody has put a value to matches nothing in AWS, and would here too."""
    if "${" in text:
        raise Unsupported(f"variable in {text!r}")


@cache
def glob(pattern):
    """`*` is any text, `?` any one character, `/` included."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def arn_like(pattern, arn):
    """Whether an ARN fits a pattern; a wildcard stays within one of the six parts."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) == 6 and all(
        glob(part).fullmatch(value) for part, value in zip(wanted, given, strict=True)
    )


def equals(wanted, given):
    return wanted == given


def like(wanted, given):
    return bool(glob(wanted).fullmatch(given))


def same_bool(wanted, given):
    return wanted.lower() == given.lower()


# Operator: the comparison with one wanted value, and whether it is negated.
OPERATORS = {
    "StringEquals": (equals, False),
    "StringNotEquals": (equals, True),
    "StringLike": (like, False),
    "ArnNotLike": (arn_like, True),
    "Bool": (same_bool, False),
}


def holds(operator, key, wanted, context):
    """Whether one condition holds."""
    for value in wanted:
        refuse_variable(value)
    given = context.get(key)
    if operator == "Null":
        return (given is None) == (wanted == ["true"])
    quantifier, name = operator.rpartition(":")[::2]
    if quantifier:
        return holds_for_set(quantifier, name, wanted, given)
    if isinstance(given, tuple):
        raise Unsupported(f"{operator} on {key}, which has several values")
    base = name.removesuffix("IfExists")
    if given is None and base != name:
        return True
    return matches(base, wanted, given)


def holds_for_set(quantifier, name, wanted, given):
    """`ForAnyValue` does not hold of an absent key. No policy uses `ForAllValues`, which does."""
    values = given or ()
    if not isinstance(values, tuple):
        raise Unsupported(f"{quantifier} on a single value {given!r}")
    if quantifier != "ForAnyValue":
        raise Unsupported(f"quantifier {quantifier!r}")
    return any(matches(name, wanted, value) for value in values)


def matches(name, wanted, given):
    """Compares one value, or none: an absent key fits no operator but the negated ones."""
    if name not in OPERATORS:
        raise Unsupported(f"operator {name!r}")
    compare, negated = OPERATORS[name]
    found = given is not None and any(compare(value, given) for value in wanted)
    return found != negated
