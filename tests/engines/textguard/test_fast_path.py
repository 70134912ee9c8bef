"""The shortcuts of the guard find what a reading without them finds, at the same places."""

from __future__ import annotations

import random
from copy import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.textguard_contacts import positives
from benchmarks.textguard_evasion import FAMILIES
from xinka.engines.textguard import masking, said_digits, slots, sounds, views
from xinka.engines.textguard.automata import Candidate, Index, index_of
from xinka.engines.textguard.glancing import ordinary
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.masking import Mask, find_masks
from xinka.engines.textguard.matcher import Beside, Found, _deepest_kind, _tiling
from xinka.engines.textguard.model import TASKS, Task
from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.spellings import DEPTH, is_han
from xinka.engines.textguard.stuffed import stuffed_phones
from xinka.engines.textguard.translating import BLOCK, Change, Dropping, Kept, Table
from xinka.engines.textguard.views import View

GUARD = Guard()
MATCHER = GUARD.rules._matcher
TERMS = MATCHER._terms
ALL = Index(TERMS, index_of(TERMS, range(len(TERMS))))
EXAMPLES = [text for p in GUARD.rules.packs for r in p.rules for text in (*r.must_hit, *r.must_pass)]
PIECES = [
    *"微信小号出售加v号收qq1３，。😂🐧弓长①莪賣不要一二五❤\u200b\ufffe\uffff\ud800",
    "亻尔",
    "zhanghao",
    *("wx", "pc", "zh", "dy", "末", "籍", "茬"),
    "ﷺ",
    "e\u0301",
]
TABLES: list[tuple[Table, Change]] = [
    *((make(), Kept(make)) for make in (views.clean_table, squeeze_table, views.martian_table, views.digits_table)),
    (squeeze_table(), Dropping(map(chr, squeeze_table()))),
]
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


def walked_plainly(squeezed: views.View) -> list[Candidate]:
    """Walk a text, where a term may be read in initials also with its letters as such, whatever they stand beside."""
    text = squeezed.text
    candidates: list[Candidate] = []
    rows = [slots.elements(text, as_initials=False)] if not slots.odd().isdisjoint(text) else []
    if MATCHER._reads_initials and any("a" <= c <= "z" for c in text):
        rows.append(slots.elements(text, as_initials=True))
    for row in rows:
        found = [
            (term, view, squeezed, row[first][0], row[after - 1][1])
            for term, first, after, kinds in MATCHER._tree.walk(row)
            if (view := _deepest_kind(kinds)) and TERMS[term].depth >= DEPTH[view]
        ]
        candidates += _tiling(text, found)
    return candidates


def found_plainly(text: str) -> list[Found]:
    """Read every view for every term, settle every candidate, and leave nothing out."""
    clean = views.clean_view(text)
    squeezed = views.squeezed_view(clean)
    candidates = list(ALL.candidates(ALL.places(squeezed.text), squeezed, "clean"))
    for view in (views.split_view(squeezed), views.martian_view(clean), views.digits_view(squeezed)):
        if view.text != squeezed.text:
            candidates += ALL.candidates(ALL.places(view.text), view, view.name)
    heard = views.sound_view(clean)
    candidates += ALL.candidates(ALL.scan("", heard.text)[1], heard, "pinyin")
    candidates += [(term, "swapped", squeezed, a, b) for term, a, b in swapped_apart(squeezed.text)]
    candidates += walked_plainly(squeezed)
    found: dict[tuple[int, int], Found] = {}
    for number, way, view, first, after in candidates:
        hit = MATCHER._settled(text, number, way, *view.span(first, after))
        before = found.get((number, hit.start)) if hit else None
        if hit and (before is None or DEPTH[hit.view] < DEPTH[before.view]):
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


def masked_plainly(text: str) -> list[Mask]:
    """Try every pattern of contacts on a text, whatever is written in it."""
    clean = views.clean_view(text)
    plain = clean.text
    digits = said_digits.read_digits(plain, said_digits.mark_digits(plain))
    found: list[tuple[int, int, str]] = []
    for finder, read in (
        (masking._emails, plain),
        (masking._typed, plain),
        (masking._qqs, digits),
        (masking._numbers, digits),
        (masking._wechats, digits),
        (lambda read: [(start, end, "phone") for start, end in stuffed_phones(read)], digits),
    ):
        for start, end, kind in finder(read):
            if all(end <= a or b <= start for a, b, _ in found):
                found.append((start, end, kind))
    return [masking._mask(text, clean, *place) for place in sorted(found)]


CONTACTS = [text for text, *_ in positives(random.Random(8), 300)]
CONTACT_PIECES = [*"0135789一三八〇洞幺衣散吧@.-_ 微信v扣qQxl艾特点com❤1️⃣\n", "yi san ba ", "at", "扣扣", "13800138000"]


class Unsparing:
    """A matcher that returns every term that stands, whether it matters to a rule or not."""

    def find(self, text: str, clean: View, _beside: Beside) -> list[Found]:
        """Return all that stands in a text."""
        return MATCHER.find(text, clean)


@pytest.mark.parametrize("task", TASKS)
def test_the_terms_that_are_left_out_change_no_hit(task: Task) -> None:
    sparing, chance, n_spared = GUARD.rules, random.Random(8), 0
    unsparing = copy(sparing)
    unsparing._matcher = Unsparing()  # type: ignore[assignment]
    for text in ["，".join(chance.sample(EXAMPLES, size)) for size in (1, 2, 5, 12, 30) for _ in range(60)]:
        clean = views.clean_view(text)
        assert sparing.hits(text, clean, task) == unsparing.hits(text, clean, task)
        found = MATCHER.find(text, clean, lambda leads: sparing._beside(leads, task))
        n_spared += len(MATCHER.find(text, clean)) > len(found)
    assert n_spared > 100


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(CONTACT_PIECES + CONTACTS[:40]), max_size=30).map("".join))
def test_contacts_are_hidden_as_without_shortcuts(text: str) -> None:
    assert find_masks(text, views.clean_view(text)) == masked_plainly(text)


def test_every_kind_of_contact_is_hidden_as_without_shortcuts() -> None:
    assert {mask.kind for text in CONTACTS for mask in masked_plainly(text)} == {
        *("phone", "qq", "wechat", "idcard", "bankcard", "email")
    }
    for text in CONTACTS:
        assert find_masks(text, views.clean_view(text)) == masked_plainly(text), text


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("出售微信小号abqz12，。 一五莪、→") | st.characters()))
def test_an_ordinary_text_is_heard_the_same_the_short_way(text: str) -> None:
    clean = "".join(c for c in views.clean_text(text) if c in ordinary())
    assert sounds.encode_common(views.squeezed_text(clean)) == sounds.encode(clean)


def test_whatever_a_further_view_may_change_is_notordinary() -> None:
    letters = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
    changed = {chr(c) for table in (views.martian_table(), views.digits_table()) for c, plain in table.items() if plain}
    signs = frozenset(map(chr, squeeze_table()))
    assert ordinary().isdisjoint(letters | changed | (slots.odd() - signs))


def traced_plainly(text: str, table: Table) -> list[int]:
    return [at for at, c in enumerate(text) for _ in table.get(ord(c), c) or ""]


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_a_table_changes_and_traces_a_text_as_the_language_itself_does(text: str) -> None:
    for table, kept in TABLES:
        assert kept.change(text) == text.translate(table)
        assert list(kept.starts(text)) == traced_plainly(text, table)


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
