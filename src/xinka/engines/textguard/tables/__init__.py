"""Reads the shipped tables; ``tools/textguard_tables.py`` makes them and names the sources."""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import Any

import msgspec


def load(name: str) -> Any:
    """Return a table by its file name without ``.json``; a packed one (``.gz``) is unpacked."""
    place = files(__name__)
    packed = place / f"{name}.json.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (place / f"{name}.json").read_bytes()
    return msgspec.json.decode(content)
