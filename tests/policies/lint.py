"""What must be true of every policy file: structure, size, names that exist, conditions that can hold."""

import re

import reference
from documents import PLACEHOLDERS, POLICIES, Malformed, minified, several

# AWS Organizations: characters of one SCP or RCP. IAM: characters of a managed policy, white space aside.
SIZES = {"scp": 5120, "rcp": 5120, "iam": 6144}

MEMBERS = {"Sid", "Effect", "Action", "Resource", "Condition"}

# Services of protect-portcullis-data.json, all on AWS's list (orgs_manage_policies_rcps, "rcp-supported-services").
# SNS, Lambda, Systems Manager and API Gateway are not on it: an RCP that names them would protect nothing.
RCP_SERVICES = {"dynamodb", "events", "kms", "sqs", "sts"}

SET_OPERATOR = re.compile(r"^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$")

# The operators that fit a type of key; `Null` fits every one.
OPERATORS = {
    "String": {"StringEquals", "StringNotEquals", "StringLike"},
    "ARN": {"ArnNotLike"},
    "Bool": {"Bool"},
}

# Whom a policy may exempt: roles with a name, or the beginning of one, long enough to mean somebody.
EXEMPT = re.compile(r"^arn:aws:iam::(\*|\d{12}):role/[\w+=,.@/-]{8,}")

# IAM Identity Center alone creates roles below this path.
IDENTITY_CENTER = "arn:aws:iam::*:role/aws-reserved/"


def problems(policy):
    """Everything that is wrong with one policy, in words."""
    try:
        document = policy.rendered()
    except Malformed as error:
        return [f"cannot be read: {error}"]
    found = [*structure(document), *size(policy), *placeholders(policy), *described(policy, document)]
    if found:
        return found
    for statement in document["Statement"]:
        rules = (of_kind(policy.kind, statement), actions(statement), resources(statement), conditions(statement))
        found += [f"{statement['Sid']}: {problem}" for rule in rules for problem in rule]
    if policy.kind == "iam":
        found += never_deletes(document)
    return found


def structure(document):
    """Members, and nothing but the members; statements that can be told apart."""
    if set(document) != {"Version", "Statement"} or document["Version"] != "2012-10-17":
        yield "not exactly `Version` 2012-10-17 and `Statement`"
        return
    sids = [statement.get("Sid", "") for statement in document["Statement"]]
    if len(set(sids)) != len(sids) or not all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids):
        yield f"statement ids are not unique letters and digits: {sids}"
    for statement in document["Statement"]:
        unknown = set(statement) - MEMBERS - {"Principal"}
        missing = {"Effect", "Action", "Resource"} - set(statement)
        if unknown or missing:
            yield f"{statement.get('Sid')}: unknown members {sorted(unknown)}, missing members {sorted(missing)}"


def size(policy):
    """The limit holds for what is sent: minified, with real values in the place of placeholders."""
    length = len(minified(policy.rendered()))
    if length > SIZES[policy.kind]:
        yield f"{length} characters, {SIZES[policy.kind]} allowed"


def placeholders(policy):
    """Only those that the deployment fills."""
    if unknown := set(re.findall(r"\$\{([^}]*)\}?", policy.text)) - set(PLACEHOLDERS[policy.kind]):
        yield f"unknown placeholders {sorted(unknown)}"


def described(policy, document):
    """A heading for the file, and below it a word on each statement, in the README of the folder."""
    readme = (POLICIES / policy.kind / "README.md").read_text(encoding="utf-8")
    part = re.search(rf"^## {re.escape(policy.name)}\.json$(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if not part:
        yield f"no heading `## {policy.name}.json` in {policy.kind}/README.md"
        return
    for statement in document["Statement"]:
        if f"`{statement.get('Sid')}`" not in part[1]:
            yield f"{policy.kind}/README.md does not say what `{statement.get('Sid')}` does"


def of_kind(kind, statement):
    """What AWS asks of an SCP or an RCP, and what keeps either from locking its owners out."""
    if statement.get("Principal") != ("*" if kind == "rcp" else None):
        yield 'an RCP has `"Principal": "*"`, the others have none'
    if kind == "iam":
        return
    if statement["Effect"] != "Deny":
        yield "only denies: what allows is attached by AWS itself"
    services = {action.partition(":")[0] for action in several(statement["Action"])}
    if kind == "rcp" and not services <= RCP_SERVICES:
        yield f"RCPs do not act on {sorted(services - RCP_SERVICES)}"
    condition = statement.get("Condition", {})
    exempt = several(condition.get("ArnNotLike", {}).get("aws:PrincipalArn", []))
    if not exempt and "aws:PrincipalOrgID" not in condition.get("StringNotEqualsIfExists", {}):
        yield "exempts nobody"
    if wide := [arn for arn in exempt if not EXEMPT.match(arn)]:
        yield f"exempts what is no role with a name: {wide}"
    if kind == "rcp" and condition.get("BoolIfExists") != {"aws:PrincipalIsAWSService": "false"}:
        yield "denies AWS's own services too"


def actions(statement):
    """Each exists, spelt as in the service reference; none is a wildcard."""
    listed = several(statement["Action"])
    if len(set(listed)) != len(listed):
        yield "an action is listed twice"
    for action in listed:
        if "*" in action or "?" in action:
            yield f"wildcard action `{action}`"
        elif not reference.action_exists(action):
            yield f"no action `{action}`"
        elif not any(reference.acts_on(action, pattern) for pattern in several(statement["Resource"])):
            yield f"`{action}` acts on none of the resources"


def resources(statement):
    """Each can be acted on; only a deny may name everything, and what is on no resource."""
    known = [action for action in several(statement["Action"]) if reference.action_exists(action)]
    for pattern in several(statement["Resource"]):
        if pattern == "*":
            if statement["Effect"] == "Allow" and any(map(reference.targets, known)):
                yield "allows on every resource"
        elif not any(reference.acts_on(action, pattern) for action in known):
            yield f"no action acts on `{pattern}`"


def conditions(statement):
    """Each key exists, can come with every action of the statement, and is compared as its type asks."""
    known = [action for action in several(statement["Action"]) if reference.action_exists(action)]
    patterns = several(statement["Resource"])
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            types = {reference.key_type(action, key) for action in known} - {None}
            if not types:
                yield f"no condition key `{key}`"
                continue
            yield from (f"`{operator}` does not fit `{key}` ({kind})" for kind in types if not fits(operator, kind))
            if key not in reference.GLOBAL_KEYS:
                without = [action for action in known if not carries(action, patterns, key)]
                yield from (f"`{key}` never comes with `{action}` on these resources" for action in without)


def carries(action, patterns, key):
    """Whether a request for the action on such a resource can have the key."""
    return reference.template_key(key) in reference.action_keys(action, patterns)


def fits(operator, kind):
    """A list of values needs a set operator, a single value bears none."""
    if operator == "Null":
        return True
    parsed = SET_OPERATOR.match(operator)
    if not parsed or (parsed[1] is None) == kind.startswith("ArrayOf"):
        return False
    return parsed[2] in OPERATORS.get(kind.removeprefix("ArrayOf"), ())


def never_deletes(document):
    """No allow of what deletes or replaces, and an explicit deny, which holds whatever else the role may have."""
    denied = set()
    for statement in document["Statement"]:
        listed = set(several(statement["Action"]))
        if statement["Effect"] == "Allow" and listed & {"apigateway:DELETE", "apigateway:PUT"}:
            yield f"{statement['Sid']}: allows to delete or to replace"
        if statement["Effect"] == "Deny" and statement["Resource"] == "*" and "Condition" not in statement:
            denied |= listed
    if missing := {"apigateway:DELETE", "apigateway:PUT"} - denied:
        yield f"does not deny {sorted(missing)} everywhere"


def strays(policies):
    """Files in the folders that are neither a policy nor a README, and headings without a policy."""
    names = {policy.label for policy in policies}
    for kind in SIZES:
        for path in sorted((POLICIES / kind).iterdir()):
            if path.name != "README.md" and f"{kind}/{path.name}" not in names:
                yield f"{kind}/{path.name} is no policy"
        readme = (POLICIES / kind / "README.md").read_text(encoding="utf-8")
        for heading in re.findall(r"^## (\S+\.json)$", readme, re.MULTILINE):
            if f"{kind}/{heading}" not in names:
                yield f"{kind}/README.md describes {heading}, which does not exist"


def unforgeable(policies):
    """Every role name that an SCP exempts must be one that only exempt roles can create."""
    guard = next(policy for policy in policies if policy.label == "scp/protect-portcullis.json").rendered()
    covered = {
        pattern
        for statement in guard["Statement"]
        if "iam:CreateRole" in several(statement["Action"])
        for pattern in several(statement["Resource"])
    }
    for policy in policies:
        if policy.kind != "scp":
            continue
        for statement in policy.rendered()["Statement"]:
            for arn in several(statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]):
                if not arn.startswith(IDENTITY_CENTER) and not any(wider(pattern, arn) for pattern in covered):
                    yield f"{policy.label}: {statement['Sid']}: anybody who may create roles can create `{arn}`"


def wider(pattern, arn):
    """Whether a pattern that ends with `*` covers everything that another pattern does."""
    return pattern.endswith("*") and arn.startswith(pattern[:-1])


def all_problems(policies):
    """Of every file and of all together."""
    found = [f"{policy.label}: {problem}" for policy in policies for problem in problems(policy)]
    return found or [*strays(policies), *unforgeable(policies)]


