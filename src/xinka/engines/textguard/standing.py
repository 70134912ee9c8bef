"""Whether a term may stand where a deep view sees it: its borders, its neighbours, how likely what is written is."""

from __future__ import annotations

from functools import lru_cache

from xinka.engines.textguard import plausible, sounds, views
from xinka.engines.textguard.spellings import is_han, plain

#: What a term of a pack costs as a word, in half bits.
_TERM_COST = 30
#: What ends a sentence or a part of it.
ENDS = frozenset("。！？；!?;，,\n…~")
#: Faces and gestures end sentences more often than they stand for a word.
_FACES = (
    ("\U0001f600", "\U0001f64f"),
    ("\U0001f910", "\U0001f92f"),
    ("\U0001f970", "\U0001f97a"),
    ("\U0001fae0", "\U0001fae8"),
)


#: What is no longer is remembered in its plain form: the same terms and neighbours are asked for again and again.
_SHORT = 12
_short_clean = lru_cache(maxsize=16384)(views.clean_text)
_short_plain = lru_cache(maxsize=16384)(plain)


def _around(text: str, start: int, end: int, reach: int = 3) -> tuple[str, str]:
    """Return at most three clean characters before and behind a span."""
    return _short_clean(text[max(0, start - reach) : start]), _short_clean(text[end : end + reach])


def stands_for(text: str, start: int, end: int, term: str, reading: tuple[str, int]) -> bool:
    """Say whether a span may hide a term, and is likelier meant than what is written.

    Args:
        text: the original.
        start: where the span begins.
        end: where it ends.
        term: what may be meant.
        reading: the view that it is seen in, and by how many half bits the text must become cheaper.
    """
    way, least = reading
    written = _short_plain(text[start:end]) if end - start <= _SHORT else plain(text[start:end])
    if len(written) <= len(term) and plausible.cost(written) - _TERM_COST < least:
        return False  # its neighbours can hardly make it likelier
    if not _may_stand(text, start, end, way, written):
        return False
    before, after = _around(text, start, end)
    return _gain(before, written, after, term) >= least


@lru_cache(maxsize=16384)
def _gain(before: str, written: str, after: str, term: str) -> int:
    """Return how many half bits cheaper the text becomes when the term stands for what is written."""
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


def stands_alone(text: str, start: int, end: int, term: str) -> bool:
    """Say whether a term that begins or ends with a letter or digit is not a piece of a longer word or number."""
    before, after = _around(text, start, end, 1)
    if term[0].isascii() and before and before[-1].isascii() and before[-1].isalnum():
        return False
    if term[-1].isascii() and after and after[0].isascii() and after[0].isalnum():
        return False
    if not term.isascii():
        return True
    pieces = views.clean_text(text[start:end]).split()
    return len(pieces) == 1 or len(pieces) == len(term) or ("".join(pieces) == term and len(pieces[0]) > 2)


def _may_stand(text: str, start: int, end: int, way: str, written: str) -> bool:
    """Say whether a span may hide a term: no sentence ends in it, its faces speak, its syllables may be Chinese."""
    if way in {"pinyin", "emoji", "shape"} and not ENDS.isdisjoint(text[start:end]):
        return False
    if way == "emoji":
        before, after = _around(text, start, end, 2)
        return _pictures_speak(before, written, after)
    if not any(map(_is_latin, written)) or any(map(is_han, written)):
        return True
    before, after = _around(text, start, end, 2)
    if any(map(is_han, before + after)):
        return True
    runs = [r for r in views.clean_text(text[:2000]).split() if r.isascii() and r.isalpha()]
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
