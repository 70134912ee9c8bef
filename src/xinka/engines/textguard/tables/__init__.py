"""Reads the shipped tables; ``tools/textguard_tables.py`` makes them and names the sources."""

from __future__ import annotations

import zlib
from importlib.resources import files
from typing import Any

import msgspec


def load(name: str) -> Any:
    """Return a table by its file name without ``.json``."""
    return msgspec.json.decode((files(__name__) / f"{name}.json").read_bytes())


def load_words() -> dict[str, int]:
    """Return the words of two to four characters and what each costs, in half bits."""
    words, costs = msgspec.msgpack.decode(
        zlib.decompress((files(__name__) / "words.bin").read_bytes()), type=tuple[str, bytes]
    )
    return dict(zip(words.split("\n"), costs, strict=True))
