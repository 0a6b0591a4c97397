"""The policies of the repository, one test for each thing that check.py checks."""

import pytest

import cases
import documents
import lint
import mutants

POLICIES = documents.load()
EACH = pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.label)


def test_every_policy_has_a_table():
    assert set(cases.CASES) == {policy.label for policy in POLICIES}


@EACH
def test_lint(policy):
    assert lint.problems(policy) == []


def test_nothing_lies_about():
    assert list(lint.strays(POLICIES)) == []


def test_no_exempt_role_can_be_forged():
    assert list(lint.unforgeable(POLICIES)) == []


@EACH
def test_requests(policy):
    assert cases.failures(policy.label, policy.rendered()) == []


@EACH
def test_nothing_can_be_taken_out_unseen(policy):
    assert mutants.survivors(policy.rendered(), lambda mutant: cases.failures(policy.label, mutant)) == []


@EACH
def test_no_request_is_named_twice(policy):
    names = [line.what for line in cases.CASES[policy.label]]
    assert sorted({name for name in names if names.count(name) > 1}) == []
