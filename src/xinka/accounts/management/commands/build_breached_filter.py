"""Turn a downloaded list of breached password hashes into the filter the shop asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from xinka.accounts.breaches import build

_HEX_DIGITS = 40


class Command(BaseCommand):
    """``build_breached_filter pwned.txt passwords.bloom``; then point XINKA_BREACHED_PASSWORDS_FILE at the result."""

    help = "Build a filter of breached passwords from a file of SHA-1 lines (the format of Have I Been Pwned)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the list and the place of the filter."""
        parser.add_argument("source", type=Path)
        parser.add_argument("target", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- part of the interface
        """Read the list once; memory holds only the filter (3.6 bytes a password)."""
        source: Path = options["source"]
        if not source.is_file():
            raise CommandError(f"{source}: no such file")
        size = source.stat().st_size
        with source.open("rb") as lines, Progress() as progress:
            expected = max(1, size // max(1, len(lines.readline())))
            lines.seek(0)
            task = progress.add_task("reading", total=size)
            entries = _entries(lines, lambda done: progress.advance(task, done))
            build(entries, expected, options["target"])
        self.stdout.write(f"{options['target']}: {options['target'].stat().st_size:,} bytes")


def _entries(lines: Any, advance: Any) -> Iterator[bytes]:
    for number, line in enumerate(lines, start=1):
        advance(len(line))
        try:
            yield bytes.fromhex(line[:_HEX_DIGITS].decode("ascii"))[:16]
        except ValueError:
            raise CommandError(f"line {number} does not begin with a SHA-1 hash") from None
