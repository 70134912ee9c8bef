"""``xinka bench``: run what is measured. The measurements are the scripts in ``benchmarks/`` of the checkout."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path

import click

BENCHMARKS = Path(__file__).resolve().parents[4] / "benchmarks"
#: What the measurements are made of.
PARTS = frozenset(
    {
        "arguments",
        "gateway",
        "grown",
        "limits",
        "load",
        "rush",
        "stage",
        "textguard_contacts",
        "textguard_disguises",
        "textguard_evasion",
        "textguard_later_disguises",
        "turns",
    }
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def available() -> dict[str, str]:
    """Return the measurements by name, each with what its docstring says of it in a line of each language."""
    found = {}
    for path in sorted(BENCHMARKS.glob("[a-z]*.py")):
        if path.stem not in PARTS:
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[path.stem] = told_in_short(text)
    return found


def told_in_short(text: str) -> str:
    """Return the first line of a measurement's docstring, and the Chinese one that follows it."""
    english, _, rest = text.partition("\n")
    chinese = rest.strip().partition("\n")[0]
    return f"{english} / {chinese}" if _CHINESE.search(chinese) else english


class _Measurements(click.Command):
    """A command whose help lists the scripts."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the names with what each measures."""
        with formatter.section("Measurements"):
            formatter.write_dl(sorted(available().items()) or [("(none)", "benchmarks/ is part of the checkout only")])


@click.command(cls=_Measurements, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(name: str, arguments: tuple[str, ...]) -> None:
    """Run the measurement NAME with its own ARGUMENTS (`xinka bench till --help` tells them).

    运行性能测试。
    """
    if name not in available():
        known = ", ".join(available()) or "-"
        raise click.BadParameter(f"{name} is not one of: {known} / 没有这项测试", param_hint="NAME")
    os.chdir(BENCHMARKS.parent)
    os.execv(sys.executable, [sys.executable, "-m", f"benchmarks.{name}", *arguments])  # noqa: S606 - our own script
