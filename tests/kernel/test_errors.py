"""Refusals: a stable code, both languages, and no way for a value to become part of the sentence's form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import xinka.orders.errors
import xinka.payments.errors
import xinka.platform.batching
import xinka.till.http
from xinka.kernel.errors import BadInput, Refusal


def _all(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from _all(child)


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in _all(Refusal) if "code" in vars(kind)]
    assert sorted(codes) == sorted(set(codes))
    assert all(code.replace("_", "").isalnum() and code.islower() for code in codes)


@pytest.mark.parametrize("kind", sorted(_all(Refusal), key=lambda kind: kind.code), ids=lambda kind: kind.code)
def test_every_refusal_speaks_both_languages_with_a_status_that_says_who_must_act(kind: type[Refusal]) -> None:
    assert any("一" <= letter <= "鿿" for letter in kind.zh)
    assert kind.en.isascii() or set(kind.en) - set(map(chr, range(128))) <= set("“”…–’")
    assert 400 <= kind.status < 600


def test_a_value_with_braces_stays_a_value() -> None:
    refusal = BadInput(field="{0.__class__}", why_zh="{why_en}", why_en="{field}")
    assert refusal.message("en") == "“{0.__class__}” is not right: {field}"
    assert refusal.message("zh-hans") == "「{0.__class__}」填得不对：{why_en}"


def test_the_problem_document_names_the_facts() -> None:
    problem = xinka.orders.errors.BadQuantity(least=1, most=5).problem("en")
    assert problem["type"] == "urn:xinka:refusal:bad_quantity"
    assert (problem["status"], problem["least"], problem["most"]) == (422, 1, 5)
    assert problem["title"] == problem["message_en"] != problem["message_zh"]
