"""Guides, operators' pages and how-tos for platforms say the same in both languages, and name what the shop shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
OPERATE = ROOT / "docs" / "operate"
GUIDE = ROOT / "docs" / "guide"
HOW_TO = ROOT / "docs" / "how-to"
ENGINES = ROOT / "docs" / "engines"

#: Every page in English, and where it is in Chinese.
PAIRS = [
    *((page, OPERATE / "zh" / page.name) for page in sorted(OPERATE.glob("*.md"))),
    *((page, GUIDE / "zh" / page.name) for page in sorted((GUIDE / "en").glob("*.md"))),
    # For whoever screens on a platform; the others are for whoever changes the code, which is in English.
    *(
        (HOW_TO / name, HOW_TO / "zh" / name)
        for name in ("add-a-screening-rule.md", "use-the-guard-in-your-platform.md")
    ),
    # For whoever checks a log that is not theirs, and whoever a verdict is about.
    *((page, ENGINES / "zh" / page.name) for page in sorted(ENGINES.glob("*.md"))),
]
in_both = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda page: page.relative_to(ROOT).as_posix())

_CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```\n", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)[|]")
#: In English a way through the shop is in italics or quotes; in Chinese corner brackets hold only what the shop shows.
_ENGLISH_WAYS = re.compile(r'[*“"]([^*“”"]{1,80}›[^*“”"]{1,80})[*”"]')
_CHINESE_NAMES = re.compile(r"「([^」]+)」")
#: What the shop calls its three places; the menus begin below them.
_PLACES = {"Office", "Desk", "后台", "商家后台"}


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _shape(text: str) -> list[str]:
    """Return what a page is made of, in order: headings, paragraphs, items of lists, rows of tables, blocks of code."""
    shape: list[str] = []
    for line in _FENCE.sub(r"```\2\n\n", text).splitlines():
        item = re.match(r"( *)(?:-|\d+\.) ", line)
        if line.startswith("```"):
            shape.append(line)
        elif line.startswith("#"):
            shape.append(line.split(" ")[0])
        elif item:
            shape.append(f"{item[1]}item")
        elif line.startswith("|"):
            shape.append(f"row of {len(_CELL.findall(line)) - 1}")
        elif line.strip() and (not shape or shape[-1] == ""):
            shape.append("paragraph")
        elif not line.strip():
            shape.append("")
    return [what for what in shape if what]


def _blocks(text: str) -> list[str]:
    """Return the blocks of code without their comments, which are in the reader's language."""
    return [re.sub(r"(?:^|[ \t]+)#.*", "", block, flags=re.MULTILINE) for _, _, block in _FENCE.findall(text)]


def _names(text: str) -> set[str]:
    """Return what is written as code and means the same in every language: settings, commands, paths, fields."""
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    return {span for span in spans if not _CHINESE.search(span) and (" " not in span or span.startswith("xinka "))}


def _shown() -> tuple[set[str], set[str]]:
    """Return every text of the pages and of the forms that payment providers bring along: English, Chinese."""
    english: set[str] = set()
    chinese: set[str] = set()
    for path in (ROOT / "src").rglob("zh_Hans/LC_MESSAGES/*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                english.update([message.id] if isinstance(message.id, str) else message.id)
                chinese.update([message.string] if isinstance(message.string, str) else message.string)
    for path in (ROOT / "src" / "xinka" / "payments" / "providers").rglob("config.py"):
        chinese.update(re.findall(r'"([^"\n]+)"', _text(path)))
    return english, chinese


def _steps(found: list[str]) -> set[str]:
    """Return the names of pages, fields and buttons in what a page of the documentation marks as such."""
    return {" ".join(step.split()) for way in found for step in way.split("›")} - _PLACES


def test_every_page_is_there_in_both_languages() -> None:
    for folder in (OPERATE, GUIDE / "en"):
        other = OPERATE / "zh" if folder == OPERATE else GUIDE / "zh"
        assert {page.name for page in folder.glob("*.md")} == {page.name for page in other.glob("*.md")}
    assert {page.name for page in (HOW_TO / "zh").glob("*.md")} == {page.name for page, _ in PAIRS} & {
        page.name for page in HOW_TO.glob("*.md")
    }


@in_both
def test_each_leads_to_the_other_at_its_head(english: Path, chinese: Path) -> None:
    for page, word, other in ((english, "中文", chinese), (chinese, "English", english)):
        found = re.match(rf"# [^\n]+\n\n\[{word}\]\(([^)]+)\)\n\n", _text(page))
        assert found, f"{page} does not begin with a link to the other language"
        assert (page.parent / found[1]).resolve() == other


@in_both
def test_both_are_made_of_the_same_pieces(english: Path, chinese: Path) -> None:
    assert _shape(_text(chinese)) == _shape(_text(english))


@in_both
def test_both_name_the_same_commands_settings_and_files(english: Path, chinese: Path) -> None:
    assert _blocks(_text(chinese)) == _blocks(_text(english))
    assert _names(_text(chinese)) == _names(_text(english))


def test_pages_fields_and_buttons_that_are_named_are_there_to_be_found() -> None:
    in_english, in_chinese = _shown()
    for english, chinese in PAIRS:
        assert _steps(_ENGLISH_WAYS.findall(_text(english))) - in_english == set(), english
        assert _steps(_CHINESE_NAMES.findall(_text(chinese))) - in_chinese == set(), chinese


def test_what_one_language_has_more_is_found() -> None:
    page = "# A\n\nOne.\n\n- two\n  goes on\n\n| a | b |\n|---|---|\n\n```console\nxinka check   # all\n```\n"
    assert _shape(page) == ["#", "paragraph", "item", "row of 2", "row of 2", "```console"]
    assert _shape(page) == _shape(page.replace("goes on", "还有"))
    for one, other in (
        ("One.", "One.\n\nMore."),
        ("goes on", "goes on\n- three"),
        ("|---|---|", "|---|---|\n| c | d |"),
        ("# A", "## A"),
    ):
        assert _shape(page) != _shape(page.replace(one, other))
    assert _blocks(page) == _blocks(page.replace("# all", "# 全部")) != _blocks(page.replace("check", "run"))
    assert _names("`XINKA_HOST`, `say so`, `xinka check stock`, `说`") == {"XINKA_HOST", "xinka check stock"}
    assert _steps(_ENGLISH_WAYS.findall("*Office › To\n  do* and *this*, “Stock › Import”")) == {
        "To do",
        "Stock",
        "Import",
    }
    assert _steps(_CHINESE_NAMES.findall("「后台 › 待办」和「测试」")) == {"待办", "测试"}
