"""Fixtures: one local AWS for the whole run, emptied before each test that uses it, and one with Portcullis in it."""

import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True

from bench import LocalAws  # noqa: E402  (after the line above, so that nothing is left in the tree)
from remedy import remediation  # noqa: E402
from stack import Stack  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Temporary files stay in the working copy, wherever pytest was started."""
    if config.option.basetemp is None:
        folder = Path(__file__).resolve().parents[2] / "target/pytest" / Path(__file__).parent.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        config.option.basetemp = str(folder)


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


@pytest.fixture(scope="session")
def deployed():
    """Portcullis in an AWS of its own, deployed once: no other test empties it."""
    with LocalAws() as aws:
        yield Stack(aws)


@pytest.fixture
def stack(deployed):
    """The same with nothing counted or sent, and without faults. The functions keep what they remember: a test that
    counts where another one has counted restarts them, or takes another time for its events.
    """
    deployed.aws.faults()
    deployed.empty()
    return deployed


@pytest.fixture(scope="module")
def remedied(tmp_path_factory):
    """Portcullis that puts everything back at once, in an AWS of its own; each test has APIs of its own."""
    with remediation(tmp_path_factory.mktemp("config")) as stack:
        yield stack


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Adds the servers' output to the report of a test that failed."""
    report = yield
    used = [getattr(value, "aws", value) for value in getattr(item, "funcargs", {}).values()]
    for aws in {id(one): one for one in used if isinstance(one, LocalAws)}.values() if report.failed else ():
        report.sections.append(("local AWS", aws.logs()))
    return report
