"""Builds the table of disguised role words: ``.venv/bin/python -m tools.lookalike.disguises``.

Do so after every change of the lists in ``xinka.engines.lookalike.roles``; it needs nothing but the other tables.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import click
import msgspec

from xinka.engines.lookalike import disguises

_OUT = Path(__file__).parents[2] / "src/xinka/engines/lookalike/tables/roles.bin"


def build() -> None:
    """Write the table."""
    packed = zlib.compress(msgspec.msgpack.encode(disguises.worked_out()), 9)
    _OUT.write_bytes(packed)
    click.echo(f"{len(packed)} bytes of disguises")


if __name__ == "__main__":
    build()
