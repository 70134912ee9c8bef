"""Finds many terms at once in every view of a text.

What is found in a deep view must be likelier, as Chinese, than what is written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from xinka.engines.textguard import slots, views
from xinka.engines.textguard.spellings import DEPTH, Term, is_han, sound_spellings, spellings
from xinka.engines.textguard.standing import gain, may_stand, stands_alone
from xinka.engines.textguard.swaps import SwappedApart
from xinka.engines.textguard.views import View

#: Deep views read so many characters of a text; the plain ones read all of it.
DEEPEST_READ = 4_000
#: Hits beyond this many in one text say nothing new.
MOST_HITS, MOST_CANDIDATES = 200, 2_000
_BLOCK = 65_536
#: By how much a term must beat what is written, in half bits.
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


class _Index:
    """Automata over the spellings and sounds of some of the terms."""

    def __init__(self, terms: Sequence[Term], numbers: Sequence[int]) -> None:
        self._terms = terms
        exact: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        heard: defaultdict[str, list[int]] = defaultdict(list)
        for number in numbers:
            term = terms[number]
            for way, view in spellings(term):
                exact[way].append((number, view))
            if term.depth >= DEPTH["pinyin"] and len(term.text) >= 2 and is_han(term.text):
                for way in sound_spellings(term.text):
                    heard[way].append(number)
        self._longest = max(map(len, exact), default=0)
        self._exact, self._exact_ways = _automaton(exact), list(exact.values())
        self._heard, self._heard_ways = _automaton(heard), list(heard.values())

    def read(self, view: View, name: str) -> list[_Candidate]:
        """Return the terms that stand in a view as they are spelled."""
        terms, depth = self._terms, DEPTH[name]
        return [
            _Candidate(term, name if way == "clean" else way, view, start, end)
            for start, end, which in (_first_found(self._exact, view.text, self._longest) if self._exact else ())
            for term, way in self._exact_ways[which]
            if terms[term].depth >= depth
        ]

    def listen(self, view: View) -> list[_Candidate]:
        """Return the terms that sound in a view of sounds."""
        return [
            _Candidate(term, "pinyin", view, start, end)
            for start, end, which in (_first_found(self._heard, view.text, 0) if self._heard else ())
            for term in self._heard_ways[which]
        ]


class _Reading:
    """A text in the views that all automata read, each made once; those that would change nothing are left out."""

    __slots__ = ("is_special", "others", "sounds", "squeezed", "whole")

    def __init__(self, clean: View) -> None:
        self.squeezed = self.whole = views.squeezed_view(clean)
        if len(clean.text) > DEEPEST_READ:
            clean = _head(clean)
            self.squeezed = views.squeezed_view(clean)
        text = self.squeezed.text
        split = views.split_view(self.squeezed)
        self.others = [split] if split.text != text else []
        self.is_special = _special()(clean.text) is not None
        if self.is_special:
            if not _martian().isdisjoint(clean.text):
                self.others.append(views.martian_view(clean))
            if not _numerals().isdisjoint(text):
                self.others.append(views.digits_view(self.squeezed))
            self.others = [view for view in self.others if view.text != text]
        self.sounds = views.sound_view(clean)

    def read_by(self, index: _Index) -> list[_Candidate]:
        """Return the terms of an index that stand or sound in any view."""
        found = index.read(self.whole, "clean")
        for view in self.others:
            found += index.read(view, view.name)
        found += index.listen(self.sounds)
        return found


class Matcher:
    """An index over terms; making it takes about 20 ms per thousand terms, and it may be used by many threads.

    Terms that lead are looked for first: where none stands, and that is nearly everywhere, the others do not matter.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        self._leads = _Index(terms, [n for n, t in enumerate(terms) if t.leads])
        self._others = _Index(terms, [n for n, t in enumerate(terms) if not t.leads])
        self._reads_initials = any(t.depth >= DEPTH["initials"] for t in terms)
        self._apart = SwappedApart((n, t.text) for n, t in enumerate(terms) if t.leads and t.depth >= DEPTH["swapped"])

    @cached_property
    def _tree(self) -> slots.SlotTree:
        deep = DEPTH["emoji"]
        return slots.SlotTree(
            (n, t.text) for n, t in enumerate(self._terms) if t.leads and t.depth >= deep and len(t.text) >= 2
        )

    def find(self, text: str, clean: View | None = None) -> list[Found]:
        """Return what stands in a text, each term once per place, in the order of places; nothing if nothing leads."""
        reading = _Reading(clean or views.clean_view(text))
        squeezed = reading.squeezed
        leads = reading.read_by(self._leads)
        leads += [_Candidate(term, "swapped", squeezed, a, b) for term, a, b in self._apart.find(squeezed.text)]
        if reading.is_special:
            leads += self._walk(squeezed)
        if not leads:
            return []
        found: dict[tuple[int, int], Found] = {}
        self._settle(text, leads, found)
        if not found:
            return []
        self._settle(text, reading.read_by(self._others), found)
        return sorted(found.values(), key=lambda hit: (hit.start, hit.end, DEPTH[hit.view]))

    def _settle(self, text: str, candidates: list[_Candidate], found: dict[tuple[int, int], Found]) -> None:
        """Add the candidates that stand, each term once per place in its plainest view."""
        for candidate in candidates[:MOST_CANDIDATES]:
            start, end = candidate.view.span(candidate.start, candidate.end)
            known = found.get((candidate.term, start))
            if known and DEPTH[known.view] <= DEPTH[candidate.way]:
                continue  # seen as plainly already
            for hit in self._settled(text, candidate, start, end):
                before = found.get((hit.term, hit.start))
                if before is None or DEPTH[hit.view] < DEPTH[before.view]:
                    found[hit.term, hit.start] = hit
            if len(found) >= MOST_HITS:
                break

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
                    found.append(_Candidate(term, view, squeezed, row[first][0], row[after - 1][1]))
            yield from _tiling(text, found)

    def _margin(self, number: int, way: str) -> int:
        term = self._terms[number]
        return MARGIN[way] + (SHORT_MARGIN if term.wary and len(term.text) == 2 else 0)

    def _settled(self, text: str, candidate: _Candidate, start: int, end: int) -> Iterator[Found]:
        """Yield the hit if it stands: on its own borders, or likelier than what is written."""
        term = self._terms[candidate.term].text
        way = candidate.way
        written = text[start:end]
        if way in {"clean", "squeezed", "digits", "martian", "split"}:
            if (term[0].isascii() or term[-1].isascii()) and not stands_alone(text, start, end, term):
                return
            if way == "clean" and end - start > len(term) < len(views.clean_text(written)):
                way = "squeezed"
            if DEPTH[way] <= self._terms[candidate.term].depth:
                yield Found(candidate.term, start, end, way)
        elif way == "initials":
            yield Found(candidate.term, start, end, way)
        else:
            least = self._margin(candidate.term, way)
            if may_stand(text, start, end, way) and gain(text, start, end, term, least) >= least:
                yield Found(candidate.term, start, end, way)


def _automaton(ways: Mapping[str, object]) -> CharwiseDoubleArrayAhoCorasick | None:
    return CharwiseDoubleArrayAhoCorasick(list(ways)) if ways else None


def _first_found(automaton: CharwiseDoubleArrayAhoCorasick, text: str, longest: int) -> list[tuple[int, int, int]]:
    """Return the first matches that are told, those of a long text read by blocks that overlap by the longest term."""
    most = MOST_HITS * 5
    if len(text) <= _BLOCK:
        return automaton.find_overlapping(text)[:most]
    found: list[tuple[int, int, int]] = []
    for done in range(0, len(text), _BLOCK):
        first = max(0, done - longest)
        for start, end, which in automaton.find_overlapping(text[first : done + _BLOCK]):
            if first + end > done:
                found.append((first + start, first + end, which))
        if len(found) >= most:
            break
    return found[:most]


@cache
def _special() -> Callable[[str], object]:
    """Return what finds the first sign that a view beyond sounds may be wanted for, or one that might be."""
    signs = {*_martian(), *_numerals(), *slots.odd()}
    plane = "".join(sorted(c for sign in signs for c in sign if c <= "\uffff"))
    return re.compile(f"[a-z\U00010000-\U0010ffff{re.escape(plane)}]").search


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
