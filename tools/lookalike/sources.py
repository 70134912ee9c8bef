"""Reads the public sources: Unicode's data, character parts, lists of similar characters."""

from __future__ import annotations

import bz2
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

#: Debian's package unicode-data (Unicode licence).
UNICODE = Path("/usr/share/unicode")


def unihan(part: str, *fields: str) -> Iterator[tuple[str, str, str]]:
    """Yield (character, field, value) of one of Unihan's files."""
    with bz2.open(UNICODE / f"Unihan_{part}.txt.bz2", "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("U+"):
                continue
            code, _, rest = line.rstrip("\n").partition("\t")
            field, _, value = rest.partition("\t")
            if field in fields:
                yield chr(int(code.removeprefix("U+"), 16)), field, value


def confusables(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (character, prototype) of Unicode UTS #39's ``confusables.txt``."""
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) >= 2:
            yield chr(int(fields[0].strip(), 16)), "".join(chr(int(code, 16)) for code in fields[1].split())


def parts(paths: list[Path]) -> dict[str, list[str]]:
    """Return each character's ways to be taken apart, each a string of parts."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            character, *ways = line.split("\t")
            found[character] += [way.replace(" ", "") for way in ways]
    return found


def similar(path: Path) -> dict[str, set[str]]:
    """Return a list's similar characters, in both directions."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        character, _, others = line.partition(" ")
        for other in others.strip():
            found[character].add(other)
            found[other].add(character)
    return found


def common() -> list[str]:
    """Return the 6,763 characters of GB 2312, the commoner 3,755 first: those that names are made of."""
    found = []
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return found
