"""The checks, on binaries made here and on one of this machine's. Nothing is built."""

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import check
import elf
import pytest

# Bytes of the file header and of each section header.
HEADER = 64


def binary(machine=0xB7, libraries=("libc.so.6",), versions=("GLIBC_2.17", "GLIBC_2.34"), word=2, order=1):
    """A file with a dynamic section and needed versions, as a linker lays them out."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (*libraries, *versions))

    def at(name):
        return names.index(b"\0" + name.encode() + b"\0") + 1

    dynamic = b"".join(struct.pack("<qQ", elf.NEEDED, at(name)) for name in libraries) + bytes(16)
    needed = struct.pack("<HHIII", 1, len(versions), at(libraries[0]), 16, 0) if versions else b""
    for left, name in zip(range(len(versions), 0, -1), versions):
        needed += struct.pack("<IHHII", 0, 0, 2, at(name), 16 if left > 1 else 0)
    sections = [
        (0, b"", 0), (elf.DYNAMIC, dynamic, 0), (elf.VERSIONS_NEEDED, needed, 1 if versions else 0), (3, names, 0)]
    strings = len(sections) - 1
    table, body = b"", b""
    for kind, content, entries in sections:
        offset = HEADER * (1 + len(sections)) + len(body)
        table += struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, len(content), strings, entries, 8, 0)
        body += content
    start = elf.MAGIC + bytes([word, order, 1]) + bytes(9)
    sizes = struct.pack("<HHHHHH", HEADER, 0, 0, HEADER, len(sections), 0)
    return start + struct.pack("<HHIQQQI", 3, machine, 1, 0, 0, HEADER, 0) + sizes + table + body


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (binary(), None),
        (binary(versions=()), None),
        (binary(libraries=("libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-aarch64.so.1")), None),
        (binary(versions=("GLIBC_2.9", "GLIBC_2.34", "GCC_3.0")), None),
        (binary(machine=0x3E), "is built for x86_64, not for arm64"),
        (binary(machine=0xF3), "is built for machine 243, not for arm64"),
        (binary(versions=("GLIBC_2.35", "GLIBC_2.4")), "needs glibc 2.35, and 2.34 is all there is"),
        (binary(versions=("GLIBC_2.34.1",)), "needs glibc 2.34.1, and 2.34 is all there is"),
        (binary(versions=("GLIBC_3.0",)), "needs glibc 3.0, and 2.34 is all there is"),
        (binary(versions=("GLIBC_2.17", "GLIBC_ABI_DT_RELR")), "needs GLIBC_ABI_DT_RELR, which is not there"),
        (binary(libraries=("libc.so.6", "libssl.so.3")), "needs libssl.so.3, which is not there"),
        (binary(libraries=("libc.musl-aarch64.so.1",)), "needs libc.musl-aarch64.so.1, which is not there"),
        (binary(word=1), "is not a 64-bit little-endian ELF file"),
        (binary(order=2), "is not a 64-bit little-endian ELF file"),
        (b"#!/bin/sh\nexit 1\n", "is not an ELF file"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "is not an ELF file"),
        (b"", "is not an ELF file"),
        (binary()[:40], "is cut off or damaged"),
        (binary()[:200], "is cut off or damaged"),
        (binary()[:-5], "is cut off or damaged"),
        (binary()[:60] + bytes(4), "has no sections, so that its libraries cannot be told"),
    ],
)
def test_one_binary(data, problem):
    assert check.problems(data, "arm64") == ([problem] if problem else [])


def test_every_problem_is_told():
    data = binary(machine=0x3E, libraries=("libssl.so.3",), versions=("GLIBC_2.38",))
    assert len(check.problems(data, "arm64")) == 3


def test_the_newest_version_is_not_the_last_in_the_alphabet():
    assert check.glibc(elf.read(binary(versions=("GLIBC_2.9", "GLIBC_2.17")))) == (2, 17)


@pytest.mark.parametrize("length", range(0, len(binary()), 7))
def test_a_file_that_was_cut_off_is_refused(length):
    assert check.problems(binary()[:length], "arm64")


def run(*arguments):
    command = [sys.executable, Path(check.__file__), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_printed(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(binary())
    bad.write_bytes(binary(machine=0x3E))
    done = run("arm64", good)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{good}: arm64, glibc 2.34, 0.0 MB\n"
    done = run("arm64", good, bad, tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{bad}: is built for x86_64, not for arm64",
        f"{tmp_path}/none: No such file or directory",
    ]


@pytest.mark.parametrize("arguments", [(), ("arm64",), ("aarch64", "file")])
def test_arguments_that_are_wrong(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


# The binary that a linker has made: that of this Python, or whatever stands behind it.
REAL = Path(sys.executable).resolve()


@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed")
@pytest.mark.skipif(REAL.read_bytes()[:5] != b"\x7fELF\x02", reason="Python is no 64-bit ELF file here")
def test_readelf_says_the_same():
    read = elf.read(REAL.read_bytes())

    def ask(option):
        return subprocess.run(["readelf", "--wide", option, REAL], capture_output=True, text=True, check=True).stdout

    assert list(read.libraries) == re.findall(r"\(NEEDED\).*\[(.*)\]", ask("--dynamic"))
    assert set(read.versions) == set(re.findall(r" Name: (\S+) +Flags:", ask("--version-info")))
    assert read.versions
