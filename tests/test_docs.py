"""What the documentation says exists: commands, options, settings, figures, lines of the log, and what it links to."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from django.apps import apps

from xinka.config.cli import main
from xinka.flows.master_key.columns import CHANNEL_CHANGES, CHANNELS, COLUMNS

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "xinka"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
#: Operators read English or Chinese; each language says all of it.
OPERATE = ROOT / "docs" / "operate"
in_each_language = pytest.mark.parametrize("pages", [OPERATE, OPERATE / "zh"], ids=["en", "zh"])

#: Set by the shop itself for its own processes, never by people.
_INTERNAL = {"XINKA_TILL_SOCKETS"}
#: Words of a command line that only stand for something.
_ELLIPSIS = {"…", "...", "&"}


def _operating(pages: Path) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in sorted(pages.glob("*.md")))


def _sources() -> Iterator[str]:
    for path in sorted(SOURCES.rglob("*.py")):
        yield path.read_text(encoding="utf-8")


def _commands_in(page: Path) -> list[list[str]]:
    """Return the words behind `xinka` wherever a page calls it: a line of a block, or a piece of inline code."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ").replace("\\|", "/")
    blocks = re.findall(r"^ *```(?:console|sh|bash)?\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", prose)
    found = []
    for line in lines:
        called = re.search(r"(?:^\s*|[|;] *|bin/)xinka ([^#|;]*)", line)
        if called:
            found.append(shlex.split(called[1].replace("'", "’")))
    return found


def _first_wrong_word(words: list[str]) -> str:
    """Return the first word that names no command or no option, or nothing."""
    command: click.Command = main
    words = [word for word in words if word not in _ELLIPSIS]
    while words and isinstance(command, click.Group):
        name = words.pop(0)
        if name.startswith("-"):
            return "" if name in {"--version", "--help"} else name
        named = command.get_command(click.Context(command), name)
        if named is None:
            return name
        command = named
    if command.context_settings.get("ignore_unknown_options"):
        return ""
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    wrong = [word for word in words if word.startswith("--") and word.split("=")[0] not in options | {"--help"}]
    return wrong[0] if wrong else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    wrong = {" ".join(words): word for words in _commands_in(page) if (word := _first_wrong_word(words))}
    assert wrong == {}


def test_the_check_finds_a_command_or_an_option_that_does_not_exist(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n.venv/bin/xinka run --prot 8000\n```\n"
        "See `xinka chekc stock`, `xinka ledger balance --as-of 2026-01-01`.\n",
        encoding="utf-8",
    )
    assert [_first_wrong_word(words) for words in _commands_in(page)] == ["--prot", "chekc", ""]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_links_to_is_there(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (page.parent / target).exists()] == []


def _anchors(page: Path) -> set[str]:
    """Return the names by which a page's headings are linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_heading_that_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*\.md)?#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if link[1] not in _anchors(page.parent / link[0] if link[0] else page)] == []


def test_the_architecture_names_every_room_on_its_floor() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = {
        floor: set(re.findall(r"`([a-z]+)`", rooms))
        for floor, rooms in re.findall(r"^\| ([0-9½]+) \| ([^|]+) \|", page, re.MULTILINE)
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (floors,) = (one for one in settings["tool"]["importlinter"]["contracts"] if one["id"] == "floors")
    held = [set(re.split(r" [|:] ", layer)) for layer in floors["layers"]]
    assert [told[floor] for floor in ("7", "6", "5", "4", "3", "2", "1½", "1")] == held
    assert set.union(*held) == {path.parent.name for path in SOURCES.glob("*/__init__.py")}


def test_the_architecture_names_every_story_and_how_long_the_trade_is() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    stories = {path.parent.name for path in (SOURCES / "flows").glob("*/__init__.py")} - {"migrations"}
    assert {story for story in stories if f"`{story}`" not in page and f"`flows/{story}`" not in page} == set()
    (files, most) = re.findall(r"^((?:`[a-z_/]+\.py`(?:, |: ))+)fewer than ([\d,]+) lines", page, re.MULTILINE)[0]
    trade = [SOURCES / name for name in re.findall(r"`([^`]+)`", files)]
    assert len(trade) == 5
    n_lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in trade)
    assert n_lines < int(most.replace(",", ""))


@in_each_language
def test_every_setting_is_explained_and_every_explained_one_exists(pages: Path) -> None:
    read = {
        name
        for text in _sources()
        for name in re.findall(r"\b(?:read|read_flag|read_int|read_per_currency|_addresses)\(\s*\"([A-Z_]+)\"", text)
    } - _INTERNAL
    told = set(re.findall(r"`(XINKA_[A-Z_]+[A-Z]|DATABASE_URL|EMAIL_URL)(?![A-Z_])", _operating(pages)))
    assert read - told == set()
    assert told - read - {f"{name}_FILE" for name in read} == set()


@in_each_language
def test_the_numbers_that_hold_while_a_setting_is_not_given_are_those_of_the_code(pages: Path) -> None:
    told: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`XINKA_[^|]+) \| ([^|]*) \|", _operating(pages), re.MULTILINE):
        told |= dict(zip(re.findall(r"`(XINKA_[A-Z_]+)`", names), re.findall(r"`(\d+)`", defaults), strict=False))
    read = re.findall(r"\bread_int\(\s*\"(XINKA_[A-Z_]+)\", ([\d_]+)(?: \* (\d+))?", "\n".join(_sources()))
    holds = {name: str(int(number) * int(times or 1)) for name, number, times in read if name != "XINKA_PORT"}
    assert {name: told.get(name) for name in holds} == holds


@in_each_language
def test_tables_that_hold_personal_data_are_there(pages: Path) -> None:
    tables = {one._meta.db_table for one in apps.get_models()}
    told = re.findall(r"^\|[^|]*\|([^|]*)\|", (pages / "personal-data.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for place in told for name in re.findall(r"`([a-z_]+)`", place)}
    assert named - tables == set()
    # Whatever is sealed and is not a key or a code of goods is of somebody, so it is told about.
    of_nobody = {CHANNELS.table, CHANNEL_CHANGES.table}
    assert {column.table for column in COLUMNS} - of_nobody - named == set()


@in_each_language
def test_every_figure_is_explained_and_every_explained_one_exists(pages: Path) -> None:
    code = (SOURCES / "till" / "health.py").read_text(encoding="utf-8")
    code += (SOURCES / "platform" / "metrics.py").read_text(encoding="utf-8")
    suffix = r"(?:_bucket|_sum|_count)$"
    given = {re.sub(suffix, "", name) for name in re.findall(r"\bxinka_[a-z_]+", code)}
    page = (pages / "monitor.md").read_text(encoding="utf-8")
    told = {re.sub(suffix, "", name) for name in re.findall(r"\bxinka_[a-z_]+[a-z](?![a-z_])", page)}
    assert given == told


@in_each_language
def test_every_line_of_the_log_is_explained_and_every_explained_one_exists(pages: Path) -> None:
    written = {
        name
        for text in _sources()
        for name in re.findall(r"\blog\.(?:info|warning|error|exception)\(\s*\"([a-z_]+\.[a-z_]+)\"", text)
    }
    told = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)`", (pages / "logs.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert written == told
