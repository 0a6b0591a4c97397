"""What the header and the dynamic section of an ELF file say: machine, libraries, versions of their symbols.

Only what a Lambda can be: 64 bits, little-endian. Sources: System V ABI, chapters 4 and 5; Linux Standard Base,
"Symbol Versioning". Not `readelf`, because not every machine that builds has it.
"""

import struct
from dataclasses import dataclass

MAGIC = b"\x7fELF"
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
DYNAMIC = 6
VERSIONS_NEEDED = 0x6FFFFFFE
NEEDED = 1


class NotReadable(Exception):
    """The file is not what its name says."""


@dataclass(frozen=True)
class Binary:
    """One executable."""

    machine: str
    libraries: tuple[str, ...]
    # Of all libraries together: `GLIBC_2.34`, `GCC_3.0` ...
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    kind: int
    offset: int
    size: int
    link: int
    entries: int


def read(data):
    """The binary that these bytes are."""
    if data[:4] != MAGIC:
        raise NotReadable("is not an ELF file")
    if data[4:6] != b"\x02\x01":
        raise NotReadable("is not a 64-bit little-endian ELF file")
    try:
        (machine,) = struct.unpack_from("<H", data, 18)
        sections = list(read_sections(data))
        libraries = [name for section in sections for name in needed(data, sections, section)]
        versions = [name for section in sections for name in versions_needed(data, sections, section)]
    except (struct.error, IndexError, ValueError) as error:
        raise NotReadable("is cut off or damaged") from error
    return Binary(
        MACHINES.get(machine, f"machine {machine}"), tuple(libraries), tuple(sorted(set(versions)))
    )


def read_sections(data):
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    if not count:
        raise NotReadable("has no sections, so that its libraries cannot be told")
    for at in range(count):
        _, kind, _, _, offset, length, link, entries = struct.unpack_from("<IIQQQQII", data, start + at * size)
        yield Section(kind, offset, length, link, entries)


def needed(data, sections, section):
    """Names of the shared libraries."""
    if section.kind != DYNAMIC:
        return
    for at in range(section.offset, section.offset + section.size, 16):
        tag, value = struct.unpack_from("<qQ", data, at)
        if tag == NEEDED:
            yield text(data, sections[section.link], value)


def versions_needed(data, sections, section):
    """Names of the symbol versions that those libraries must have."""
    if section.kind != VERSIONS_NEEDED:
        return
    at = section.offset
    for _ in range(section.entries):
        _, count, _, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, entry)
            yield text(data, sections[section.link], name)
            entry += step
        at += following


def text(data, strings, offset):
    start = strings.offset + offset
    return data[start : data.index(b"\0", start)].decode()
