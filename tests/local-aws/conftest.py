"""Fixtures: one local AWS for the whole run, emptied before each test that uses it."""

import sys

import pytest

sys.dont_write_bytecode = True

from bench import LocalAws  # noqa: E402  (after the line above, so that nothing is left in the tree)


@pytest.fixture(scope="session")
def local_aws():
    """MiniStack and the relay."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def aws(local_aws):
    """The same, empty."""
    local_aws.reset()
    return local_aws


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Adds the servers' output to the report of a test that failed."""
    report = yield
    running = getattr(item, "funcargs", {}).get("local_aws")
    if report.failed and running:
        report.sections.append(("local AWS", running.logs()))
    return report
