#!/usr/bin/env python3
"""Writes the example incident: `incident/` and `incident-baseline.ndjson`.

    python3 examples/generate.py             write both anew
    python3 examples/generate.py --check     compare a fresh run with what is checked in; exit 1 at the first difference
    python3 examples/generate.py --timeline  print the table of README.md

Deterministic: one seed, no clock. Compressed bytes may differ between zlib versions, so the check compares contents.
"""

import argparse
import gzip
import io
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from generator import story  # noqa: E402  (needs the path above)

FOLDER, BASELINE, README = "incident", "incident-baseline.ndjson", "README.md"


def compress(content):
    """gzip without a time and without a file name, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as out:
        out.write(content)
    return buffer.getvalue()


def write(root):
    """Writes everything below `root`, replacing an earlier run."""
    contents = story.contents()
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    for name, (content, compressed) in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(compress(content) if compressed else content)


def names(root):
    found = {str(p.relative_to(root)) for p in (root / FOLDER).rglob("*") if p.is_file()}
    return found | ({BASELINE} if (root / BASELINE).is_file() else set())


def read(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def difference(expected, actual):
    """The first difference between two folders, in words, or None."""
    wanted, found = names(expected), names(actual)
    for name in sorted(wanted ^ found):
        return f"{name}: {'missing' if name in wanted else 'not generated'}"
    for name in sorted(wanted):
        try:
            same = read(expected / name) == read(actual / name)
        except (OSError, EOFError) as error:
            return f"{name}: {error}"
        if not same:
            return f"{name}: content differs"
    if story.timeline() not in (actual / README).read_text(encoding="utf-8"):
        return f"{README}: timeline differs from `generate.py --timeline`"
    return None


def check():
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        found = difference(Path(folder), HERE)
    if found:
        print(f"{found} (run `python3 examples/generate.py`)", file=sys.stderr)
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description="Writes the example incident.")
    parser.add_argument("--check", action="store_true", help="compare with what is checked in")
    parser.add_argument("--timeline", action="store_true", help="print the timeline of README.md")
    options = parser.parse_args()
    if options.timeline:
        print(story.timeline(), end="")
        return 0
    if options.check:
        return check()
    write(HERE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
