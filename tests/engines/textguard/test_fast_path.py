"""The shortcuts of the guard find what a reading without them finds, at the same places."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.textguard_evasion import FAMILIES
from xinka.engines.textguard import views
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.matcher import Found, _Candidate, _Index
from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.spellings import DEPTH, is_han
from xinka.engines.textguard.translating import BLOCK, Kept, Table

GUARD = Guard()
MATCHER = GUARD.rules._matcher
TERMS = MATCHER._terms
ALL = _Index(TERMS, range(len(TERMS)))
EXAMPLES = [text for p in GUARD.rules.packs for r in p.rules for text in (*r.must_hit, *r.must_pass)]
PIECES = [
    *"微信小号出售加v号收qq1３，。😂🐧弓长①莪賣不要一二五❤\u200b\ufffe\uffff\ud800",
    "亻尔",
    "zhanghao",
    "ﷺ",
    "e\u0301",
]
TABLES = [(t, Kept(t)) for t in (views.clean_table(), squeeze_table(), views.martian_table(), views.digits_table())]
TEXTS = st.lists(st.sampled_from(PIECES + EXAMPLES) | st.characters(), max_size=25).map("".join)


def swapped_apart(text: str) -> set[tuple[int, int, int]]:
    """Look for each pair of neighbours of each term at a distance of two and three, one by one."""
    found = set()
    for number, term in enumerate(TERMS):
        t = term.text
        if not (term.leads and term.depth >= DEPTH["swapped"] and 2 <= len(t) <= 6 and is_han(t)):
            continue
        for pair, head, tail in {(t[:2], "", t[2:]), (t[-2:], t[:-2], "")}:
            if not (pair[0] in text and pair[1] in text):
                continue
            for step in (2, 3):
                for at in range(len(text) - step):
                    end = at + step + 1
                    torn = text[at] + text[at + step] == pair and is_han(text[at:end])
                    if torn and text.startswith(tail, end) and text.endswith(head, 0, at):
                        found.add((number, at - len(head), end + len(tail)))
    return found


def found_plainly(text: str) -> list[Found]:
    """Read every view for every term, settle every candidate, and leave nothing out."""
    clean = views.clean_view(text)
    squeezed = views.squeezed_view(clean)
    candidates = ALL.read(squeezed, "clean")
    for view in (views.split_view(squeezed), views.martian_view(clean), views.digits_view(squeezed)):
        if view.text != squeezed.text:
            candidates += ALL.read(view, view.name)
    candidates += ALL.listen(views.sound_view(clean))
    candidates += [_Candidate(term, "swapped", squeezed, a, b) for term, a, b in swapped_apart(squeezed.text)]
    candidates += MATCHER._walk(squeezed)
    found: dict[tuple[int, int], Found] = {}
    for candidate in candidates:
        for hit in MATCHER._settled(text, candidate, *candidate.view.span(candidate.start, candidate.end)):
            before = found.get((hit.term, hit.start))
            if before is None or DEPTH[hit.view] < DEPTH[before.view]:
                found[hit.term, hit.start] = hit
    if not any(TERMS[hit.term].leads for hit in found.values()):
        return []
    return sorted(found.values())


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_any_text_is_read_as_without_shortcuts(text: str) -> None:
    assert sorted(MATCHER.find(text)) == found_plainly(text)


def test_every_example_of_every_pack_and_its_disguises_are_read_as_without_shortcuts() -> None:
    chance = random.Random(5)
    disguised = [write(text, chance) for text in chance.sample(EXAMPLES, 15) for write in FAMILIES.values()]
    assert any(MATCHER.find(text) for text in disguised)
    for text in EXAMPLES + disguised:
        assert sorted(MATCHER.find(text)) == found_plainly(text), text


def traced_plainly(text: str, table: Table) -> list[int]:
    return [at for at, c in enumerate(text) for _ in table.get(ord(c), c) or ""]


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_a_table_changes_and_traces_a_text_as_the_language_itself_does(text: str) -> None:
    for table, kept in TABLES:
        assert kept.change(text) == text.translate(table)
        starts, ends = kept.trace(text)
        assert list(starts) == traced_plainly(text, table)
        assert list(ends) == [at + 1 for at in starts]


def test_a_long_text_is_traced_in_blocks_to_the_same_places() -> None:
    text = "出售Ｑ Q\u200b号ﷺ，" * (BLOCK * 2 // 9) + "。微信小号"
    squeezed = views.squeezed_view(views.clean_view(text))
    starts, ends = squeezed.start_of, squeezed.end_of
    chance = random.Random(2)
    for at in [0, len(squeezed.text) - 4, *(chance.randrange(len(squeezed.text) - 4) for _ in range(300))]:
        assert squeezed.span(at, at + 4) == (starts[at], ends[at + 3])


def test_a_term_behind_a_million_harmless_characters_is_found_at_its_place() -> None:
    text = "今天的天气很好，我们去公园散步。" * 62_500 + "出售QQ老号"
    places = {(h.rule.id, h.start, h.end) for h in GUARD.judge(text).hits}
    assert ("accounts.kinds", 1_000_004, 1_000_006) in places
