"""Runs every test: Rust's, those that need a local AWS, and the real Lambda binaries end to end.

Starts the local AWS for the tests that talk to one, shows everything as it goes, and ends with one line of totals,
because cargo prints a summary for each test binary and a failure in the middle is easy to miss.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
LOCAL_AWS = ROOT / "tests/local-aws"
sys.path.insert(0, str(LOCAL_AWS))

from bench import LocalAws  # noqa: E402  (found through the path above)

CARGO = re.compile(rb"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
PYTEST = re.compile(rb"^(?=.* in [\d.]+s)(?:=+ )?(?:(\d+) failed)?(?:, )?(?:(\d+) passed)?(?:, (\d+) skipped)?")


class Totals:
    """What all runs together counted."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def run(self, command, summary, order, **options):
        """Runs a command, passes its output on and adds up its summaries; false when it failed."""
        print("$", " ".join(map(str, command)), flush=True)
        failed_before = self.failed
        with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
            for line in process.stdout:
                sys.stdout.buffer.write(line)
                sys.stdout.flush()
                if found := summary.match(line):
                    counts = dict(zip(order, (int(count or 0) for count in found.groups())))
                    self.passed += counts["passed"]
                    self.failed += counts["failed"]
                    self.skipped += counts["skipped"]
        if process.returncode != 0 and self.failed == failed_before:
            self.failed += 1  # it did not build, or died before it could count


def rust(totals):
    """Unit, property and integration tests; those of the AWS adapters against the local AWS."""
    with LocalAws() as aws:
        environment = os.environ | {"PORTCULLIS_LOCAL_AWS": aws.emulator_url}
        command = ["cargo", "test", "--workspace", "--locked", "--no-fail-fast"]
        totals.run(command, CARGO, ("passed", "failed", "skipped"), cwd=ROOT, env=environment)


def end_to_end(totals):
    """The binaries in the local AWS."""
    build = ["cargo", "build", "--workspace", "--bins", "--locked"]
    if subprocess.run(build, cwd=ROOT, check=False).returncode != 0:
        totals.failed += 1
        return
    binaries = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
    environment = os.environ | {"PORTCULLIS_BINARIES": str(binaries.absolute())}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
    totals.run(command, PYTEST, ("failed", "passed", "skipped"), cwd=LOCAL_AWS, env=environment)


def main():
    totals = Totals()
    rust(totals)
    end_to_end(totals)
    print(f"\n{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
