"""Finds many terms at once in every view of a text.

What is found in a deep view must be likelier, as Chinese, than what is written.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from xinka.engines.textguard import slots, sounds, views
from xinka.engines.textguard.automata import MOST_HITS, Candidate, Index, IndexData, Place, Ways, index_of
from xinka.engines.textguard.glancing import Glance, martian, ordinary, said_numerals
from xinka.engines.textguard.recombine import places_recombined, recombine
from xinka.engines.textguard.spellings import DEPTH, Term, is_han
from xinka.engines.textguard.standing import ENDS, stands_alone, stands_for
from xinka.engines.textguard.swaps import SwappedApart, pairs_of
from xinka.engines.textguard.translating import Offsets
from xinka.engines.textguard.views import View

#: Deep views read so many characters of a text; the plain ones read all of it.
DEEPEST_READ = 4_000
#: So many candidates of one text are looked at.
MOST_CANDIDATES = 2_000
#: By how much a term must beat what is written, in half bits.
MARGIN = {"pinyin": 15, "swapped": 14, "emoji": 10, "shape": 14, "reversed": 10}


_LETTERS = re.compile("[a-z]+")
_BESIDE_HAN = re.compile("(?<![a-z])(?=([a-z]+))(?:(?<=[\u3400-\u9fff])|(?=[a-z]+[\u3400-\u9fff]))")
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


#: Makes of the terms that lead in a text what says whether another term matters there.
Beside = Callable[[set[int]], Callable[[int], bool]]
_AS_SPELLED = frozenset(("clean", "squeezed", "digits", "martian", "split"))


class Found(NamedTuple):
    """A term at a span of the original, and the plainest view it was seen in."""

    term: int
    start: int
    end: int
    view: str


class MatcherData(msgspec.Struct):
    """What is built from terms once and may be kept."""

    leads: IndexData
    others: IndexData
    pairs: Ways

    @classmethod
    def of(cls, terms: Sequence[Term]) -> MatcherData:
        """Build what a matcher of these terms needs; takes about 10 ms per thousand terms."""
        pairs = pairs_of((n, t.text) for n, t in enumerate(terms) if t.leads and t.depth >= DEPTH["swapped"])
        leads = index_of(terms, (n for n, t in enumerate(terms) if t.leads))
        return cls(leads, index_of(terms, (n for n, t in enumerate(terms) if not t.leads)), pairs)


class _Reading:
    """A text in the views that all automata read, each made once; those that would change nothing are left out.

    They are texts until something is found in them; only then the way back to the original matters.
    """

    __slots__ = ("_clean", "_head", "_squeezed", "_whole", "is_special", "others", "sounds", "text", "whole_text")

    def __init__(self, clean: View) -> None:
        self._clean = self._head = clean
        self._squeezed: View | None = None
        self._whole: View | None = None
        self.others: list[View] = []
        plain = clean.text
        if len(plain) > DEEPEST_READ:
            self.whole_text = views.squeezed_text(plain)
            self._head = _head(clean)
            plain = self._head.text
        self.is_special = not ordinary().issuperset(plain)
        self.text = text = views.squeezed_text(plain)
        self.sounds = sounds.encode(plain) if self.is_special else sounds.encode_common(text)
        if self._head is clean:
            self.whole_text = text
        if (split := recombine(text)) != text:
            self.others.append(views.split_view(self.squeezed, split))
        if self.is_special:
            if not martian().isdisjoint(plain):
                self.others.append(views.martian_view(self._head))
            if not said_numerals().isdisjoint(text):
                self.others.append(views.digits_view(self.squeezed))
            self.others = [view for view in self.others if view.text != text]

    @property
    def squeezed(self) -> View:
        """The squeezed view of what deep views read."""
        if self._squeezed is None:
            self._squeezed = views.squeezed_view(self._head, self.text)
        return self._squeezed

    @property
    def _squeezed_whole(self) -> View:
        if self._head is self._clean:
            return self.squeezed
        if self._whole is None:
            self._whole = views.squeezed_view(self._clean, self.whole_text)
        return self._whole

    def read_by(self, index: Index) -> list[Candidate]:
        """Return the terms of an index that stand or sound in any view."""
        exact, heard = index.scan(self.whole_text, self.sounds)
        found = index.candidates(exact, self._squeezed_whole, "clean") if exact else []
        for view in self.others:
            found += index.candidates(self._changed(index.places(view.text), view), view, view.name)
        if heard:
            found += index.candidates(heard, self._sound_view(), "pinyin")
        return found

    def _changed(self, places: list[Place], view: View) -> list[Place]:
        """Return the places of a view that are not just as in the squeezed one, where they have been seen."""
        text, squeezed = view.text, self.text
        if len(text) == len(squeezed):
            return [place for place in places if text[place[0] : place[1]] != squeezed[place[0] : place[1]]]
        if view.name != "split":
            return places
        whole = places_recombined(squeezed)
        return [place for place in places if bisect_left(whole, place[0]) < bisect_left(whole, place[1])]

    def _sound_view(self) -> View:
        """Return a view in which the places of sounds are those of the original: the squeezed one, letter by letter."""
        if len(self.sounds) == len(self.text):
            return self.squeezed
        return views.sound_view(self._head, self.sounds)


class Matcher:
    """An index over terms; it never changes, so many threads may use it.

    Terms that lead are looked for first: where none stands, and that is nearly everywhere, the others do not matter.
    """

    def __init__(self, terms: Sequence[Term], data: MatcherData | None = None) -> None:
        """``data`` is that of the same terms, if they were built before."""
        self._terms = terms
        data = data or MatcherData.of(terms)
        self._leads, self._others = Index(terms, data.leads), Index(terms, data.others)
        self._reads_initials = any(t.depth >= DEPTH["initials"] for t in terms)
        self._apart = SwappedApart([t.text for t in terms], data.pairs)
        #: The characters of each term that needs no borders and so stands where it is written as it is; -1 for others.
        self._lone_sizes = [-1 if t.text[0].isascii() or t.text[-1].isascii() else len(t.text) for t in terms]

        self.glance = Glance(self._leads, self._apart)

    @cached_property
    def _tree(self) -> slots.SlotTree:
        deep = DEPTH["emoji"]
        return slots.SlotTree(
            (n, t.text) for n, t in enumerate(self._terms) if t.leads and t.depth >= deep and len(t.text) >= 2
        )

    def find(self, text: str, clean: View | None = None, beside: Beside | None = None) -> list[Found]:
        """Return what stands in a text, each term once per place, in the order of places; nothing if nothing leads.

        Args:
            text: as it was written.
            clean: its clean view, if the caller has it.
            beside: says by the terms that lead which of the others matter; all of them if None.
        """
        reading = _Reading(clean or views.clean_view(text))
        leads = reading.read_by(self._leads)
        if torn := self._apart.find(reading.text):
            leads += [(term, "swapped", reading.squeezed, a, b) for term, a, b in torn]
        if reading.is_special:
            leads += self._walk(reading.squeezed)
        if not leads:
            return []
        found: dict[tuple[int, int], Found] = {}
        self._settle(text, leads, found)
        if not found:
            return []
        others = reading.read_by(self._others)
        if beside and len(found) + len(others) < MOST_HITS:  # else it would matter which of them come first
            matters = beside({hit.term for hit in found.values()})
            others = [candidate for candidate in others if matters(candidate[0])]
        self._settle(text, others, found)
        return sorted(found.values(), key=lambda hit: (hit.start, hit.end, DEPTH[hit.view]))

    def _settle(self, text: str, candidates: list[Candidate], found: dict[tuple[int, int], Found]) -> None:
        """Add the candidates that stand, each term once per place in its plainest view."""
        traced: View | None = None
        whole_way: Offsets | None = None
        for number, way, view, first, after in candidates[:MOST_CANDIDATES]:
            if view is not traced:
                traced, whole_way = view, view.whole_way()
            start, end = (whole_way[0][first], whole_way[1][after - 1]) if whole_way else view.span(first, after)
            known = found.get((number, start))
            if known and DEPTH[known.view] <= DEPTH[way]:
                continue  # seen as plainly already
            if way in _AS_SPELLED and end - start == self._lone_sizes[number]:  # nearly always
                hit = Found(number, start, end, way) if DEPTH[way] <= self._terms[number].depth else None
            else:
                hit = self._settled(text, number, way, start, end)
            if hit and (known is None or DEPTH[hit.view] < DEPTH[known.view]):
                found[number, start] = hit
            if len(found) >= MOST_HITS:
                break

    def _walk(self, squeezed: View) -> Iterator[Candidate]:
        text = squeezed.text
        rows = []
        if not slots.odd().isdisjoint(text):
            rows.append(slots.elements(text, as_initials=False))
        if self._reads_initials and _LETTERS.search(text) and (_has_initials(text) or slots.is_shaped(text)):
            rows.append(slots.elements(text, as_initials=True))
        for row in rows:
            found = []
            for term, first, after, kinds in self._tree.walk(row):
                view = _deepest_kind(kinds)
                if view and self._terms[term].depth >= DEPTH[view]:
                    found.append((term, view, squeezed, row[first][0], row[after - 1][1]))
            yield from _tiling(text, found)

    def _margin(self, number: int, way: str) -> int:
        term = self._terms[number]
        return MARGIN[way] + (SHORT_MARGIN if term.wary and len(term.text) == 2 else 0)

    def _settled(self, text: str, number: int, way: str, start: int, end: int) -> Found | None:
        """Return the hit if a term stands: on its own borders, or likelier than what is written."""
        meant = self._terms[number]
        term = meant.text
        if way in _AS_SPELLED:
            if (term[0].isascii() or term[-1].isascii()) and not stands_alone(text, start, end, term):
                return None
            if end - start > len(term):
                written = text[start:end]
                if way == "clean" and len(views.clean_text(written)) > len(term):
                    way = "squeezed"
                if meant.only_excuses and not ENDS.isdisjoint(written):
                    return None  # it begins in one sentence and ends in the next: 去不？加我 is no 不加
            return Found(number, start, end, way) if DEPTH[way] <= meant.depth else None
        if way == "initials" or stands_for(text, start, end, term, (way, self._margin(number, way))):
            return Found(number, start, end, way)
        return None


def _head(clean: View) -> View:
    return clean.derive("clean", clean.text[:DEEPEST_READ], lambda: (range(DEEPEST_READ), range(1, DEEPEST_READ + 1)))


def _has_initials(text: str) -> bool:
    """Say whether letters stand beside Han that may be the initials of a term, see ``_tiling``."""
    return any(match[1] not in _ABBREVIATIONS for match in _BESIDE_HAN.finditer(text))


def _deepest_kind(kinds: int) -> str | None:
    """Return the view that a walk belongs to; the automata have found what sounds alone can find."""
    for kind in ("initials", "shape", "emoji"):
        if kinds & slots.KINDS[kind]:
            return kind
    return "pinyin" if kinds & slots.KINDS["heard"] else None


def _tiling(text: str, found: list[Candidate]) -> Iterator[Candidate]:
    """Yield the candidates; those that read letters as initials only if together they use up whole runs beside Han."""
    reads = {(start, end) for _, way, _, start, end in found if way == "initials"}
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
    yield from (c for c in found if c[1] != "initials" or c[3:] in good)
