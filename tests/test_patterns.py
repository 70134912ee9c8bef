"""No pattern of the program can be kept busy by a text that was made for it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.patterns.__main__ import BOUNDED, CONTROLS, HARMLESS
from tools.patterns.finding import SOURCE
from tools.patterns.judging import judged
from xinka.disputes.reply_templates import fill, strange_placeholders
from xinka.engines.textguard.masking import _EMAIL
from xinka.engines.textguard.other_numbers import _TALLY

_ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.timeout(120)
def test_no_pattern_has_two_ways_round_or_two_loops_that_read_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.patterns"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, [], "")


@pytest.mark.parametrize(("pattern", "use"), CONTROLS)
def test_control_a_pattern_that_can_be_kept_busy_is_told(pattern: str, use: str) -> None:
    assert judged(re.compile(pattern), frozenset({use})) is not None


@pytest.mark.parametrize(("pattern", "use"), HARMLESS)
def test_a_pattern_that_cannot_is_not(pattern: str, use: str) -> None:
    assert judged(re.compile(pattern), frozenset({use})) is None


def test_every_exception_is_still_there() -> None:
    assert [path for path in BOUNDED if not (SOURCE / path).is_file()] == []


def test_an_address_whose_dots_are_spelled_out_is_still_found() -> None:
    for text in ("mail me: jo dot smith at example dot com now", "a.b＠x.cn", "john-dot@x.com", "q 点 w@mail。com"):
        assert _EMAIL.search(text.replace("＠", "@")), text
    #: With two ways to read each of them this took longer than any test may.
    assert _EMAIL.search("a" + " dot" * 5_000) is None


def test_results_and_times_are_still_known_in_one_way() -> None:
    for text in ("13:8 11:13 13:11", "0:10 5-00 59:59", "13,812,345,678"):
        assert _TALLY.fullmatch(text), text
    assert _TALLY.fullmatch("0:10 " * 2_000 + "x") is None


def test_a_placeholder_is_found_with_spaces_around_it() -> None:
    assert fill("{ order }{\torder}{order }", {"order": "1"}) == "111"
    assert strange_placeholders("{ ordre } {or der}") == ["{ ordre }", "{or der}"]
    assert strange_placeholders("{" + " " * 20_000) == []
