"""The ``xinka`` command explains itself in both languages, starts quickly, and says what is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from xinka.config.cli import bench, main

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _all_commands(command: click.Command = main, names: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Return every command by its names; most are imported only when they are called."""
    found, context = {names: command}, click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (one := command.get_command(context, name)) is not None:
                found |= _all_commands(one, (*names, name))
    return found


_EVERY = _all_commands()


@pytest.mark.parametrize("names", _EVERY, ids=" ".join)
def test_every_command_helps_in_english_and_chinese(names: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*names, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert _CHINESE.search(result.output)
    assert [one.name for one in _EVERY[names].params if _is_told_in_english_alone(one)] == []


@pytest.mark.parametrize(
    "names", [names for names, one in _EVERY.items() if isinstance(one, click.Group)], ids=" ".join
)
def test_every_list_of_commands_tells_each_in_english_and_chinese(names: tuple[str, ...]) -> None:
    group = _EVERY[names]
    assert isinstance(group, click.Group)
    listed = CliRunner().invoke(main, [*names, "--help"]).output.partition("Commands:\n")[2]
    rows = re.split(r"\n(?=  \S)", listed.rstrip())
    assert [row.split()[0] for row in rows] == group.list_commands(click.Context(group))
    assert [row for row in rows if not re.search(r"\w.* /\s+[^/]*[\u4e00-\u9fff]", row, re.DOTALL)] == []


def _is_told_in_english_alone(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and bool(parameter.help) and not _CHINESE.search(parameter.help or "")


def test_help_loads_neither_django_nor_rich_nor_psycopg() -> None:
    code = (
        "import sys; from xinka.config.cli import main; main(['--help'], standalone_mode=False);"
        "print(sorted({'django', 'rich', 'psycopg', 'babel'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "[]"


def test_a_malformed_setting_is_named_in_both_languages(tmp_path: Path) -> None:
    environment = {**os.environ, "XINKA_SITE_URL": "shop.example", "XINKA_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", "migrate"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "XINKA_SITE_URL: must be like https://shop.example" in result.stderr
    assert _CHINESE.search(result.stderr)


def test_a_taken_port_stops_the_start_before_anything_is_made(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        environment = {"XINKA_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
        result = CliRunner().invoke(main, ["run", "--port", port], env=environment)
    assert result.exit_code == 1
    assert "already in use" in result.output
    assert not (tmp_path / "postgres").exists()


def test_an_unknown_measurement_lists_the_known_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "till.py").write_text('"""Orders per second."""\n', encoding="utf-8")
    monkeypatch.setattr(bench, "BENCHMARKS", tmp_path)
    result = CliRunner().invoke(main, ["bench", "tile"])
    assert result.exit_code == 2
    assert "tile is not one of: till" in result.output
    assert "Orders per second." in CliRunner().invoke(main, ["bench", "--help"]).output
