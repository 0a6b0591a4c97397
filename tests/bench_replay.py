"""Compares a replay with decompression alone and with a Python script that does a small part of it.

Builds a corpus of gzip files from the example in a temporary folder, runs the three alternately, and prints the
median of each and the ratios. Ratios, because the machine is shared: times of one run say little.
"""

import glob
import gzip
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = 64
MEGABYTES = 300
ROUNDS = 5

PYTHON_BASELINE = """
import glob, gzip, json, sys
bad = 0
for path in glob.glob(sys.argv[1] + "/*.gz"):
    for record in json.load(gzip.open(path))["Records"]:
        if record["eventSource"] == "apigateway.amazonaws.com" and "errorCode" not in record:
            body = record.get("requestParameters") or {}
            for operation in body.get("updateStageInput", {}).get("patchOperations", []):
                bad += operation["path"].endswith("/logging/loglevel") and operation.get("value") == "OFF"
print(bad)
"""


def records():
    """All records of the example, as compact JSON text."""
    found = []
    for path in sorted(glob.glob(str(ROOT / "examples/incident/**/CloudTrail/**/*.gz"), recursive=True)):
        with gzip.open(path) as file:
            found += [json.dumps(record, separators=(",", ":")) for record in json.load(file)["Records"]]
    return found


def write_corpus(folder):
    """Files of shuffled records; returns their inflated size."""
    pool = records()
    chooser = random.Random(1)
    total = 0
    for number in range(FILES):
        chosen, size = [], 0
        while size < MEGABYTES * 1_000_000 / FILES:
            chosen.append(chooser.choice(pool))
            size += len(chosen[-1]) + 1
        text = '{"Records":[' + ",".join(chosen) + "]}"
        total += len(text)
        (folder / f"{number:03}.json.gz").write_bytes(gzip.compress(text.encode(), 6, mtime=0))
    return total


def measure(command):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main():
    subprocess.run(["cargo", "build", "--release", "--quiet", "--locked"], cwd=ROOT, check=True)
    binary = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/portcullis"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        size = write_corpus(folder)
        files = sorted(str(path) for path in folder.glob("*.gz"))
        commands = {
            "replay, one thread": [binary, "replay", name, "--format", "jsonl", "--threads", "1"],
            "replay, all threads": [binary, "replay", name, "--format", "jsonl"],
            "gzip -dc alone": ["gzip", "-dc", *files],
            "Python, one rule": [sys.executable, "-c", PYTHON_BASELINE, name],
        }
        times = {label: [] for label in commands}
        for round_ in range(ROUNDS):
            for label, command in commands.items():
                times[label].append(measure(command))
            print(f"round {round_ + 1} of {ROUNDS}", file=sys.stderr)
    base = statistics.median(times["replay, one thread"])
    print(f"{size / 1e6:.0f} MB of records in {FILES} gzip files, {os.cpu_count()} processors, median of {ROUNDS}")
    print("| | seconds | MB/s | against replay on one thread |\n|---|---|---|---|")
    for label, taken in times.items():
        median = statistics.median(taken)
        print(f"| {label} | {median:.2f} | {size / 1e6 / median:.0f} | {median / base:.2f} |")


if __name__ == "__main__":
    main()
