"""Runs somebody else's implementation in a process of its own, which holds nothing of ours; asked in JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CHECKOUT = Path(__file__).parents[2]
#: These implementations write the time of their own clock into requests, and their gateways expect Beijing's.
_PYTHONS_BEIJING = "CST-8"
_NODE = _CHECKOUT / "tests" / "interop" / "node" / "node_modules"


class OtherSide:
    """A process that holds somebody else's implementation and nothing of ours."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, operation: str, **arguments: object) -> Any:
        """Have it do something; an error there is an error here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([operation, arguments]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["ok"]


@contextmanager
def python_side(script: Path, package: str) -> Iterator[OtherSide]:
    """Run a script with only the standard library and one installed package."""
    place = _CHECKOUT / ".venv" / "interop" / package
    assert place.is_dir(), "run scripts/setup interop"
    with _run(sys.executable, "-I", "-S", str(script), str(place), TZ=_PYTHONS_BEIJING) as side:
        yield side


@contextmanager
def node_side(script: Path) -> Iterator[OtherSide]:
    """Run a script of Node with the packages of ``tests/interop/node``."""
    assert _NODE.is_dir(), "run scripts/setup interop"
    with _run("node", str(script), NODE_PATH=str(_NODE), TZ="Asia/Shanghai") as side:
        yield side


@contextmanager
def _run(*command: str, **more: str) -> Iterator[OtherSide]:
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}} | more
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare)
    try:
        with process:
            yield OtherSide(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
    finally:
        process.kill()
