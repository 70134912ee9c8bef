"""Finds many terms at once in every view of a text.

What is found in a deep view must be likelier, as Chinese, than what is written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard import plausible, slots, sounds, views
from xinka.engines.textguard.spellings import DEPTH, Term, is_han, sound_spellings, spellings
from xinka.engines.textguard.swaps import SwappedApart
from xinka.engines.textguard.views import View

#: Deep views read so many characters of a text; the plain ones read all of it.
DEEPEST_READ = 4_000
#: Hits beyond this many in one text say nothing new.
MOST_HITS, MOST_CANDIDATES = 200, 2_000
#: What a term of a pack costs as a word, in half bits, and by how much it must beat what is written.
_TERM_COST = 30
MARGIN = {"pinyin": 15, "swapped": 14, "emoji": 10, "shape": 14, "reversed": 10}


_LETTERS = re.compile("[a-z]+")
#: Runs of letters that mean what they say.
_ABBREVIATIONS = frozenset(
    """
    qq ok pc vip gdp nba app tv ai id it up ip cp pk ui ps pdf gps usb cpu gpu dvd wifi wi fi ktv mv pp
    ppt kg km cm mm ml gb mb tb kb hz iphone ios mac xp win bb vs ceo pm am usa uk eu un logo diy bgm cf
    lol dnf csgo steam xbox ps5 ns switch
    """.split()  # noqa: SIM905 - words read better without quotes
)
_ENDS = frozenset("。！？；!?;，,\n…~")
#: Faces and gestures end sentences more often than they stand for a word.
_FACES = (
    ("\U0001f600", "\U0001f64f"),
    ("\U0001f910", "\U0001f92f"),
    ("\U0001f970", "\U0001f97a"),
    ("\U0001fae0", "\U0001fae8"),
)
#: By how much more a short term of a wary pack must beat what is written.
SHORT_MARGIN = 12


class Found(NamedTuple):
    """A term at a span of the original, and the plainest view it was seen in."""

    term: int
    start: int
    end: int
    view: str


class _Candidate(NamedTuple):
    term: int
    way: str
    view: View
    start: int
    end: int


class Matcher:
    """An index over terms; making it takes about 20 ms per thousand terms, and it may be used by many threads."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        exact: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        heard: defaultdict[str, list[int]] = defaultdict(list)
        for number, term in enumerate(terms):
            for way, view in spellings(term):
                exact[way].append((number, view))
            if term.depth >= DEPTH["pinyin"] and len(term.text) >= 2 and is_han(term.text):
                for way in sound_spellings(term.text):
                    heard[way].append(number)
        self._reads_initials = any(t.depth >= DEPTH["initials"] for t in terms)
        self._apart = SwappedApart((n, t.text) for n, t in enumerate(terms) if t.depth >= DEPTH["swapped"])
        self._exact, self._exact_ways = CharwiseDoubleArrayAhoCorasick(list(exact)), list(exact.values())
        self._heard, self._heard_ways = CharwiseDoubleArrayAhoCorasick(list(heard)), list(heard.values())

    @cached_property
    def _tree(self) -> slots.SlotTree:
        deep = DEPTH["emoji"]
        return slots.SlotTree(
            (n, t.text) for n, t in enumerate(self._terms) if t.leads and t.depth >= deep and len(t.text) >= 2
        )

    def find(self, text: str, clean: View | None = None) -> list[Found]:
        """Return what stands in a text, each term once per place, in the order of places; nothing if nothing leads."""
        clean = clean or views.clean_view(text)
        candidates = self._candidates(clean)
        found: dict[tuple[int, int], Found] = {}
        self._settle(text, [c for c in candidates if self._terms[c.term].leads], found)
        if not found:
            return []
        self._settle(text, [c for c in candidates if not self._terms[c.term].leads], found)
        return sorted(found.values(), key=lambda hit: (hit.start, hit.end, DEPTH[hit.view]))

    def _settle(self, text: str, candidates: list[_Candidate], found: dict[tuple[int, int], Found]) -> None:
        """Add the candidates that stand, each term once per place in its plainest view."""
        for candidate in candidates[:MOST_CANDIDATES]:
            for hit in self._settled(text, candidate):
                before = found.get((hit.term, hit.start))
                if before is None or DEPTH[hit.view] < DEPTH[before.view]:
                    found[hit.term, hit.start] = hit
            if len(found) >= MOST_HITS:
                break

    def _candidates(self, clean: View) -> list[_Candidate]:
        squeezed = views.squeezed_view(clean)
        found = list(self._read(squeezed, "clean"))
        if len(clean.text) > DEEPEST_READ:
            clean = _head(clean)
            squeezed = views.squeezed_view(clean)
        text = squeezed.text
        others = [views.split_view(squeezed)]
        if not _martian().isdisjoint(clean.text):
            others.append(views.martian_view(clean))
        if not _numerals().isdisjoint(text):
            others.append(views.digits_view(squeezed))
        for view in others:
            if view.text != text:
                found += self._read(view, view.name)
        found += self._listen(clean)
        found += [_Candidate(term, "swapped", squeezed, a, b) for term, a, b in self._apart.find(text)]
        found += self._walk(squeezed)
        return found

    def _read(self, view: View, name: str) -> Iterator[_Candidate]:
        for start, end, which in self._exact.find_overlapping(view.text)[: MOST_HITS * 5]:
            for term, way in self._exact_ways[which]:
                if self._terms[term].depth >= DEPTH[name]:
                    yield _Candidate(term, name if way == "clean" else way, view, start, end)

    def _listen(self, clean: View) -> Iterator[_Candidate]:
        view = views.sound_view(clean)
        for start, end, which in self._heard.find_overlapping(view.text)[: MOST_HITS * 5]:
            for term in self._heard_ways[which]:
                yield _Candidate(term, "pinyin", view, start, end)

    def _walk(self, squeezed: View) -> Iterator[_Candidate]:
        text = squeezed.text
        rows = []
        if not slots.odd().isdisjoint(text):
            rows.append(slots.elements(text, as_initials=False))
        if self._reads_initials and _LETTERS.search(text):
            rows.append(slots.elements(text, as_initials=True))
        for row in rows:
            found = []
            for term, first, after, kinds in self._tree.walk(row):
                view = _deepest_kind(kinds)
                if view and self._terms[term].depth >= DEPTH[view]:
                    found.append(_Candidate(term, view, squeezed, row[first].start, row[after - 1].end))
            yield from _tiling(text, found)

    def _margin(self, number: int, way: str) -> int:
        term = self._terms[number]
        return MARGIN[way] + (SHORT_MARGIN if term.wary and len(term.text) == 2 else 0)

    def _settled(self, text: str, candidate: _Candidate) -> Iterator[Found]:
        """Yield the hit if it stands: on its own borders, or likelier than what is written."""
        start, end = candidate.view.span(candidate.start, candidate.end)
        term = self._terms[candidate.term].text
        way = candidate.way
        written = text[start:end]
        if way in {"clean", "squeezed", "digits", "martian", "split"}:
            if (term[0].isascii() or term[-1].isascii()) and not _stands_alone(text, start, end, term):
                return
            if way == "clean" and end - start > len(term) < len(views.clean_view(written).text):
                way = "squeezed"
            if DEPTH[way] <= self._terms[candidate.term].depth:
                yield Found(candidate.term, start, end, way)
        elif way == "initials":
            yield Found(candidate.term, start, end, way)
        else:
            least = self._margin(candidate.term, way)
            if _gain(text, start, end, term, least) >= least and _may_stand(text, start, end, way):
                yield Found(candidate.term, start, end, way)


@cache
def _martian() -> frozenset[str]:
    return frozenset(chr(c) for c, plain in views.martian_table().items() if plain)


@cache
def _numerals() -> frozenset[str]:
    return frozenset(map(chr, views.digits_table())) | frozenset("0123456789")


def _head(clean: View) -> View:
    return clean.derive("clean", clean.text[:DEEPEST_READ], lambda: (range(DEEPEST_READ), range(1, DEEPEST_READ + 1)))


def _deepest_kind(kinds: int) -> str | None:
    """Return the view that a walk belongs to; the automata have found what sounds alone can find."""
    for kind in ("initials", "shape", "emoji"):
        if kinds & slots.KINDS[kind]:
            return kind
    return "pinyin" if kinds & slots.KINDS["heard"] else None


def _tiling(text: str, found: list[_Candidate]) -> Iterator[_Candidate]:
    """Yield the candidates; those that read letters as initials only if together they use up whole runs beside Han."""
    reads = {(c.start, c.end) for c in found if c.way == "initials"}
    good: set[tuple[int, int]] = set()
    for match in _LETTERS.finditer(text) if reads else ():
        first, last = match.span()
        if match[0] in _ABBREVIATIONS:
            continue
        inside = [r for r in reads if r[0] < last and r[1] > first]
        if not any(is_han(c) for c in text[max(0, first - 1) : first] + text[last : last + 1]):
            continue
        forward, backward = {first}, {last}
        for start, end in sorted(inside):
            if start in forward or start < first:
                forward.add(min(end, last))
        for start, end in sorted(inside, key=lambda r: -r[1]):
            if end in backward or end > last:
                backward.add(max(start, first))
        good |= {r for r in inside if max(r[0], first) in forward and min(r[1], last) in backward}
    yield from (c for c in found if c.way != "initials" or (c.start, c.end) in good)


def _around(text: str, start: int, end: int, reach: int = 3) -> tuple[str, str, str]:
    before = views.clean_view(text[max(0, start - reach) : start]).text
    after = views.clean_view(text[end : end + reach]).text
    return before, views.squeezed_view(views.clean_view(text[start:end])).text, after


def _gain(text: str, start: int, end: int, term: str, least: int) -> int:
    """Return how many half bits cheaper the text becomes when the term stands for what is written."""
    before, written, after = _around(text, start, end)
    if len(written) <= len(term) and (most := plausible.cost(written) - _TERM_COST) < least:
        return most  # its neighbours can hardly make it likelier
    meant = [term]
    if len(written) > len(term) and is_han(written):  # neighbours were swapped with characters beside the term
        rest = [c for c in written if c not in term]
        for order in ("".join(rest), "".join(reversed(rest))):
            meant += [term + order, order + term]
        meant = meant[1:]
    extra = {term: _TERM_COST}
    return plausible.cost(before + written + after) - min(plausible.cost(before + m + after, extra) for m in meant)


def _is_latin(c: str) -> bool:
    return "a" <= c <= "z"


def _stands_alone(text: str, start: int, end: int, term: str) -> bool:
    """Say whether a term that begins or ends with a letter or digit is not a piece of a longer word or number."""
    before, _, after = _around(text, start, end, 1)
    if term[0].isascii() and before and before[-1].isascii() and before[-1].isalnum():
        return False
    if term[-1].isascii() and after and after[0].isascii() and after[0].isalnum():
        return False
    if not term.isascii():
        return True
    pieces = views.clean_view(text[start:end]).text.split()
    return len(pieces) == 1 or len(pieces) == len(term) or ("".join(pieces) == term and len(pieces[0]) > 2)


def _may_stand(text: str, start: int, end: int, way: str) -> bool:
    """Say whether a span may hide a term: no sentence ends in it, its faces speak, its syllables may be Chinese."""
    before, written, after = _around(text, start, end, 2)
    inside = text[start:end]
    if way in {"pinyin", "emoji", "shape"} and not _ENDS.isdisjoint(inside):
        return False
    if way == "emoji":
        return _pictures_speak(before, written, after)
    if not any(map(_is_latin, written)) or any(is_han(c) for c in before + written + after):
        return True
    runs = [r for r in views.clean_view(text[:2000]).text.split() if r.isascii() and r.isalpha()]
    return all(sounds.syllables_of(r) for r in runs)


def _pictures_speak(before: str, written: str, after: str) -> bool:
    """Say whether pictures in a term are no decoration: Han follows one at the end, or precedes one at the start."""
    han_before, han_after = bool(before) and is_han(before[-1]), bool(after) and is_han(after[0])
    if not any(map(is_han, written)):
        return (han_before and han_after) or not any(map(_is_face, written))
    if not is_han(written[-1]) and _is_face(written[-1]) and not han_after:
        return False
    return is_han(written[0]) or not _is_face(written[0]) or han_before


def _is_face(c: str) -> bool:
    return any(a <= c <= b for a, b in _FACES)
