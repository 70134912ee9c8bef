"""Runs `xinka log` in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from xinka.config.cli import main


def run(*words: str, given: bytes = b"") -> Result:
    """Return how a command ended; ``given`` is its standard input."""
    return CliRunner().invoke(main, ["log", *words], input=given)


def told(*words: str, given: bytes = b"") -> str:
    """Return what a command printed that ended well."""
    result = run(*words, given=given)
    assert result.exit_code == 0, result.output
    return result.stdout
