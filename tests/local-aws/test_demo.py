"""`make demo` as a person runs it: what it shows, and that nothing is left behind however it ends."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench import wait_for

DEMO = Path(__file__).with_name("demo.py")
SECONDS = 120


@contextlib.contextmanager
def started(folder, **environment):
    """The demo as a child process with a temporary folder of its own."""
    environment = {**os.environ, "TMPDIR": str(folder), **environment}
    with subprocess.Popen([sys.executable, str(DEMO)], env=environment, text=True, start_new_session=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def commands_naming(text):
    """Command lines and working folders of processes that name this text, which nobody else does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += [(process / "cmdline").read_text(errors="replace"), os.readlink(process / "cwd")]
    return [one for one in found if text in one]


def assert_nothing_left(folder):
    """No process of the demo, and no file."""
    assert commands_naming(str(folder)) == []
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What one whole run prints."""
    folder = tmp_path_factory.mktemp("demo")
    with started(folder) as process:
        output, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, ""), errors
    assert_nothing_left(folder)
    return output


def test_the_steps_are_numbered_and_timed(shown):
    assert re.findall(r"^(\d)  [A-Z]", shown, re.MULTILINE) == list("123456789")
    assert len(re.findall(r"^   \[\d+\.\d s]$", shown, re.MULTILINE)) == 9
    assert shown.endswith("\neverything is stopped: 0 processes left\n")


def test_messages_come_in_order_and_whole(shown):
    headlines = re.findall(r"^   SNS  (\w+: [^:]+?)[:(]", shown, re.MULTILINE)
    assert [headline.strip() for headline in headlines] == [
        "LOW: API created", "LOW: API created",
        "HIGH: Stage logging disabled", "CRITICAL: Account logging role removed",
        "CRITICAL: Private API made public", *["HIGH: Stage logging disabled"] * 3,
        "CRITICAL: Stage logging disabled for several stages of one API"]
    for label in ("What", "Who", "Where", "When", "Done", "Next", "Rule"):
        assert len(re.findall(rf"^   \| {label}: ", shown, re.MULTILINE)) == 4
    assert len(re.findall(r"^   \| In code: +the same for CloudFormation, CDK and Terraform", shown, re.MULTILINE)) == 3
    assert shown.count("| --- finding (JSON)\n   | {") == 4


def test_everything_is_put_back(shown):
    subjects = re.findall(r"^   SNS  .*: (.*) \(111122223333\), restored$", shown, re.MULTILINE)
    assert [re.sub("^[a-z0-9]{10}/", "", subject) for subject in subjects if subject] == [
        "prod", "Account logging role removed", "payroll", "blue", "green", "test"]
    assert len(re.findall(r"^   as it was again after \d+\.\d s, told after \d+\.\d s$", shown, re.MULTILINE)) == 6
    assert "| Restored:    /*/*/logging/loglevel: OFF -> INFO\n" in shown
    assert "| Restored:    /endpointConfiguration/types: REGIONAL -> PRIVATE\n" in shown


def test_what_the_attacker_types_is_shown(shown):
    joined = re.sub(r" \\\n\s+", " ", shown)
    assert re.search(r"\$ aws apigateway update-stage --rest-api-id \w+ --stage-name prod --patch-operations "
                     r"'op=replace,path=/\*/\*/logging/loglevel,value=OFF' op=remove,path=/accessLogSettings\n", joined)
    assert "$ aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=\n" in joined


def test_an_ordinary_deployment_costs_nothing(shown):
    assert "0 messages, 0 AWS calls by the rule functions" in shown
    assert re.search(r"an ordinary deployment +- +none( +0)+\n", shown)
    assert len(re.findall(r"^   \S.* +\d+\.\d s +\d+\.\d s( +\d+){3} +1$", shown, re.MULTILINE)) == 6


def test_lines_fit_and_have_no_colour_in_a_pipe(shown):
    assert "\x1b" not in shown
    assert [line for line in shown.splitlines() if len(line) > 100 and "https://" not in line] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_everything(tmp_path, number):
    with started(tmp_path) as process:
        while not process.stdout.readline().startswith("2 "):
            assert process.poll() is None
        wait_for(lambda: commands_naming(str(tmp_path)))
        process.send_signal(number)
        _output, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (130, "\ndemo: interrupted\neverything is stopped: 0 processes left\n")
    assert_nothing_left(tmp_path)


def test_a_failure_shows_the_logs_and_stops_everything(tmp_path):
    binaries, scratch = tmp_path / "binaries", tmp_path / "scratch"
    binaries.mkdir()
    scratch.mkdir()
    for name in ("api-exposure", "api-lifecycle", "baseline", "stage-logging"):
        (binaries / name).write_text("no program\n")
    with started(scratch, PORTCULLIS_BINARIES=str(binaries)) as process:
        _output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "--- ministack\n" in errors and "--- relay\n" in errors
    assert re.search(r"^demo: failed in step [23] \(", errors, re.MULTILINE)
    assert errors.endswith("\neverything is stopped: 0 processes left\n")
    assert_nothing_left(scratch)


def test_missing_binaries_are_said(tmp_path):
    with started(tmp_path, PORTCULLIS_BINARIES=str(tmp_path)) as process:
        _output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "no api-exposure, api-lifecycle, stage-logging, baseline in" in errors
    assert "cargo build --workspace --bins" in errors


def test_a_missing_node_is_said(tmp_path):
    (tmp_path / "ps").symlink_to(shutil.which("ps"))
    with started(tmp_path, PATH=str(tmp_path)) as process:
        _output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert errors == "demo: no command `node` here: the CDK needs Node.js 20 or later\n"


def test_missing_packages_are_said():
    told = subprocess.run([sys.executable, "-S", str(DEMO)], capture_output=True, text=True, timeout=SECONDS)
    assert told.returncode == 1
    assert told.stderr.startswith("demo: this Python lacks boto3, ministack, pytest; run `make demo`")
