"""Checks every policy under policies/: structure, sizes, names, behaviour, and that nothing in them is untested.

`python tests/policies/check.py`; the same checks run as tests with `python -m pytest tests/policies`.
"""

import sys

sys.dont_write_bytecode = True

import cases  # noqa: E402  (first of all: nothing is written into the working copy)
import documents  # noqa: E402
import lint  # noqa: E402
import mutants  # noqa: E402


def behaviour(policy):
    """Lines of the table that the policy does not keep, and what could be taken out of it unseen."""
    document = policy.rendered()
    wrong = [f"{policy.label}: {line}" for line in cases.failures(policy.label, document)]
    unseen = mutants.survivors(document, lambda mutant: cases.failures(policy.label, mutant))
    return wrong or [f"{policy.label}: no case needs {name}" for name in unseen]


def main():
    policies = documents.load()
    found = lint.all_problems(policies)
    if not found:
        found = [problem for policy in policies for problem in behaviour(policy)]
    for problem in found:
        print(problem, file=sys.stderr)
    lines = sum(len(table) for table in cases.CASES.values())
    changes = 0 if found else sum(len(list(mutants.mutants(policy.rendered()))) for policy in policies)
    print(f"{len(policies)} policies, {lines} requests, {changes} mutants: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
