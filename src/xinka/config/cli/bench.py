"""``xinka bench``: run what is measured. The measurements are the scripts in ``benchmarks/`` of the checkout."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import click

BENCHMARKS = Path(__file__).resolve().parents[4] / "benchmarks"
#: What the measurements are made of.
PARTS = frozenset({"gateway", "grown", "limits", "load", "stage", "textguard_contacts", "textguard_evasion"})


def available() -> dict[str, str]:
    """Return the measurements by name, each with the first line of its docstring."""
    found = {}
    for path in sorted(BENCHMARKS.glob("[a-z]*.py")):
        if path.stem not in PARTS:
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[path.stem] = text.partition("\n")[0]
    return found


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
