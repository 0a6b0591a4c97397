"""Checks that binaries run on `provided.al2023`, and prints how large they are.

    python tests/lambdas/check.py arm64 target/lambda/arm64/*/bootstrap
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import elf  # noqa: E402  (first of all: nothing is written into the working copy)

# That of Amazon Linux 2023.
NEWEST_GLIBC = (2, 34)
# What its minimal image has of the C library and the compiler. Anything else, OpenSSL first of all, is not there.
LIBRARIES = re.compile(r"(libc|libm|libdl|libpthread|librt|libutil|libgcc_s|ld-linux[\w-]*)\.so\.\d+")
GLIBC = re.compile(r"GLIBC_(\d+(?:\.\d+)*)")


def problems(data, architecture):
    """What keeps these bytes from running there, a sentence each."""
    try:
        binary = elf.read(data)
    except elf.NotReadable as error:
        return [str(error)]
    found = []
    if binary.machine != architecture:
        found.append(f"is built for {binary.machine}, not for {architecture}")
    newest = glibc(binary)
    if newest > NEWEST_GLIBC:
        found.append(f"needs glibc {dotted(newest)}, and {dotted(NEWEST_GLIBC)} is all there is")
    missing = [name for name in binary.libraries if not LIBRARIES.fullmatch(name)]
    # Such as GLIBC_ABI_DT_RELR, which came with 2.36.
    missing += [name for name in binary.versions if name.startswith("GLIBC_") and not GLIBC.fullmatch(name)]
    if missing:
        found.append(f"needs {', '.join(missing)}, which is not there")
    return found


def glibc(binary):
    """The newest version of glibc that any symbol needs; (0,) of a static binary."""
    found = [GLIBC.fullmatch(name) for name in binary.versions]
    return max((tuple(map(int, one[1].split("."))) for one in found if one), default=(0,))


def dotted(version):
    return ".".join(map(str, version))


def report(file, architecture):
    """Problems of a file; of one that has none a line is printed."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return [f"{file}: {error.strerror}"]
    found = problems(data, architecture)
    if not found:
        version = glibc(elf.read(data))
        needs = "static" if version == (0,) else f"glibc {dotted(version)}"
        print(f"{file}: {architecture}, {needs}, {len(data) / 1e6:.1f} MB")
    return [f"{file}: {one}" for one in found]


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in elf.MACHINES.values():
        print(f"usage: check.py {'|'.join(elf.MACHINES.values())} FILE...", file=sys.stderr)
        return 2
    architecture, *files = arguments
    found = [line for file in files for line in report(Path(file), architecture)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
