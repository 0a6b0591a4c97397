"""Runs every Rust test, shows them as they go, and ends with one line of totals.

Cargo prints a summary for each test binary; a failure in the middle is easy to miss. The exit status is
cargo's own.
"""

import re
import subprocess
import sys

SUMMARY = re.compile(rb"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")


def run(*arguments):
    """Runs cargo, passes its output on, and returns its status and what it counted."""
    command = ["cargo", "test", "--workspace", "--locked", "--no-fail-fast", *arguments]
    print("$", " ".join(command), flush=True)
    counts = [0, 0, 0]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            if found := SUMMARY.match(line):
                counts = [a + int(b) for a, b in zip(counts, found.groups())]
    return process.returncode, counts


def main():
    status, (passed, failed, skipped) = run(*sys.argv[1:])
    if status != 0 and failed == 0:
        failed = 1  # it did not build, or a binary died before it could count
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if status != 0 or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
