"""The policies of this repository: where they lie, how they are read, and what stands for their placeholders."""

import json
from dataclasses import dataclass
from pathlib import Path

POLICIES = Path(__file__).resolve().parents[2] / "policies"
KINDS = ("scp", "rcp", "iam")

# What each kind may leave to whoever deploys it, with a value to test with.
PLACEHOLDERS = {
    "scp": {},
    "rcp": {"OrganizationId": "o-exampleorgid", "HubAccount": "999988887777"},
    "iam": {
        "Partition": "aws",
        "Region": "eu-west-1",
        "Account": "111122223333",
        "CloudWatchRoleArn": "arn:aws:iam::111122223333:role/api-gateway-logs",
    },
}


class Malformed(Exception):
    """A policy file that cannot be read as one."""


@dataclass(frozen=True)
class Policy:
    """One policy file."""

    kind: str
    name: str
    text: str

    @property
    def label(self):
        return f"{self.kind}/{self.name}.json"

    def rendered(self):
        """The policy, with test values in the place of its placeholders."""
        text = self.text
        for name, value in PLACEHOLDERS[self.kind].items():
            text = text.replace(f"${{{name}}}", value)
        return parse(text)


def unique(pairs):
    """Members of an object; JSON keeps the last of two of the same name in silence, and half a condition is lost."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed(f"a member is given twice among {[name for name, _ in pairs]}")
    return members


def parse(text):
    """A JSON text whose members are unique."""
    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise Malformed(str(error)) from error


def minified(document):
    """The text that counts against the limits of AWS."""
    return json.dumps(document, separators=(",", ":"))


def several(value):
    """A member that may be one value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def load():
    """Every policy file, in a stable order."""
    return [
        Policy(kind, path.stem, path.read_text(encoding="utf-8"))
        for kind in KINDS
        for path in sorted((POLICIES / kind).glob("*.json"))
    ]
