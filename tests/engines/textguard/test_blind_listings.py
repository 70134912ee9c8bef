"""The rules keep what they learned from each blind set, and block none of its lawful listings."""

from __future__ import annotations

import pytest

from benchmarks.textguard_blind import disguised, measure, measure_long, rows
from xinka.engines.textguard.guard import Guard


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard()


@pytest.mark.parametrize("name", ["blind1", "blind2", "blind3"])
def test_what_was_learned_is_kept_and_no_lawful_listing_is_blocked(guard: Guard, name: str) -> None:
    figures = measure(guard, name)
    assert figures["recall, plain"] >= 0.94
    assert figures["recall, evaded"] >= 0.92
    assert figures["false alarms"] <= 0.01
    assert figures["precision of block"] == 1.0


def test_each_listing_is_disguised_and_the_families_take_turns() -> None:
    texts = [text for _, text in rows("blind1_bad_listings.txt")]
    written = disguised(texts)
    assert [family for family, _ in written[:9]] == [
        "sound",
        "old form",
        "parts",
        "pinyin",
        "signs",
        "invisible",
        "rings",
        "mixed",
        "sound",
    ]
    assert disguised(texts) == written


def test_longer_texts_keep_their_lines_and_are_counted_by_kind(guard: Guard) -> None:
    longer = rows("blind11_lawful_long.txt")
    assert all(len(text) >= 290 and "\n" in text and "\\n" not in text for _, text in longer)
    figures = measure_long(guard, "blind11", "chat")
    assert figures["lawful"] == len(longer) == 124
    kinds = [category for category, _ in longer]
    stopped = sum(kinds.count(kind) * figures[f"stopped: {kind}"] for kind in set(kinds))
    assert stopped / len(longer) == pytest.approx(figures["false alarms"])
