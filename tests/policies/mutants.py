"""Policies with one thing taken out: each must break a line of the table, or that thing is not tested.

Taken out, one at a time: a statement, an action, a resource, a condition key, one of several values of a key.
"""

import copy

from documents import several


def mutants(document):
    """What was taken out, in words, and the policy without it."""
    for index, statement in enumerate(document["Statement"]):
        sid = statement["Sid"]
        yield f"{sid}: the statement", without_statement(document, index)
        for member in ("Action", "Resource"):
            for value in several(statement[member]):
                if isinstance(statement[member], list):
                    yield f"{sid}: {member} {value}", edited(
                        document, index, lambda s, m=member, v=value: s[m].remove(v)
                    )
        for operator, key, value in values(statement):
            yield f"{sid}: {operator} {key} {value or ''}", edited(
                document, index, lambda s, o=operator, k=key, v=value: take_out(s["Condition"], o, k, v)
            )


def values(statement):
    """Each key of the conditions as a whole (value None), and each of its values where it has several."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            yield operator, key, None
            if isinstance(wanted, list):
                yield from ((operator, key, value) for value in wanted)


def take_out(condition, operator, key, value):
    """Removes a key, or one of its values."""
    if value is None:
        del condition[operator][key]
    else:
        condition[operator][key].remove(value)


def without_statement(document, index):
    """The policy without one statement."""
    return {**document, "Statement": [s for place, s in enumerate(document["Statement"]) if place != index]}


def edited(document, index, edit):
    """A copy of the policy, with an edit to one statement."""
    changed = copy.deepcopy(document)
    edit(changed["Statement"][index])
    return changed


def survivors(document, broken):
    """What can be taken out without `broken` noticing."""
    return [name for name, mutant in mutants(document) if not broken(mutant)]
