"""How far a name is from an official one, in steps that a reader overlooks: the same sound, a similar shape, a slip."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from xinka.engines.lookalike import drawn, roles, sounds, tables

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PARTICLES = frozenset(roles.PARTICLES)
_FAR = 1.6
#: What a character costs that holds the official one as a part: 吣 for 心.
_HOLDS = 0.55
#: What a character costs that is the official one with a part of it left off: 女 for 安.
_LEFT_OFF = 0.6
#: What a digit for its numeral, the first letter of a sound, a letter of another script that looks alike, and a Korean
#: syllable of which one letter is another cost.
_NUMERAL, _INITIAL, _DRAWN_ALIKE, _ONE_LETTER_OF_SYLLABLE = 0.1, 0.5, 0.3, 0.4
#: The first letter of the scripts that are written in characters or syllables, each as telling as two letters.
FIRST_WIDE = "\u2e80"
#: The first and the last of the common Han characters: two of them are no letters of kana, Thai or Hangul.
_FIRST_HAN, _LAST_HAN = "\u3400", "\u9fff"
#: What a character left out within a name of at least so many costs.
_INSIDE, _LEAST_AROUND = 1.0, 4
_NUMERALS = {one: roles.light(digit) for one, digit in zip("零〇一二三四五六七八九", "00123456789", strict=True)}
#: Beyond this many letters of difference no alignment of Chinese characters is tried.
_MOST_EDITS = 3
#: What one step costs at least, of those between letters, and what a missing letter costs at least beside one more.
_CHEAPEST, _CHEAPEST_PAIR = 0.5, 1.1
#: A Chinese core of so many letters has a limit below that, so that letters can only stand in each other's place; and
#: the longest name that a ``Glance`` is cast at.
_LONGEST_SEEN, _LONGEST_LOOKED_AT = 5, 12
#: What a slip in the first letter, which readers notice most, costs more.
_FIRST = 0.3


class Step(NamedTuple):
    """One difference.

    Attributes:
        kind: which, a key of ``reasons``.
        official: the letters the official name has.
        written: those that stand there instead.
        at: where they begin in the written core; None where letters were put together before the comparison.
    """

    kind: str
    official: str
    written: str
    at: int | None


class Alignment(NamedTuple):
    """The cheapest way from the official core to the written one."""

    cost: float
    steps: tuple[Step, ...]


def _neighbours() -> frozenset[str]:
    found = set()
    for row, letters in enumerate(_ROWS):
        for at, letter in enumerate(letters):
            beside = letters[at + 1 : at + 2]
            below = _ROWS[row + 1][max(0, at - 1) : at + 1] if row < 2 else ""
            for other in beside + below:
                found |= {letter + other, other + letter}
    deep = str.maketrans("ivq", "lug")
    return frozenset(pair.translate(deep) for pair in found)


_BESIDE = _neighbours()


@lru_cache(maxsize=30_000)
def swap_cost(official: str, written: str) -> tuple[float, str]:
    """Return what one letter in the place of another costs, and the kind of step."""
    if _FIRST_HAN <= official <= _LAST_HAN and _FIRST_HAN <= written <= _LAST_HAN:
        return _wide_cost(official, written)
    if official.isascii() and written.isascii():
        return (0.7, "slip") if official + written in _BESIDE else (1.25, "letter")
    if official.isascii() or written.isascii():
        return _mixed_cost(official, written)
    if drawn.letters_alike(official, written):
        return _DRAWN_ALIKE, "shape"
    if official < FIRST_WIDE and written < FIRST_WIDE:
        return 1.25, "letter"
    if drawn.syllables_alike(official, written):
        return _ONE_LETTER_OF_SYLLABLE, "shape"
    return _wide_cost(official, written)


def _wide_cost(official: str, written: str) -> tuple[float, str]:
    """Return the cost between two characters, which may look or sound alike."""
    best = (_FAR, "letter")
    alike = tables.likeness(official, written)
    if alike:
        best = (0.72 - 0.6 * alike, "variant" if alike > 0.97 else "shape")
    elif written in tables.holders_of(official):
        best = (_HOLDS, "shape")
    elif official in tables.holders_of(written):
        best = (_LEFT_OFF, "shape")
    here, there = _voice(official), _voice(written)
    if here and there and (sound := _sound_cost(here, there)) < best[0]:
        best = sound, "sound"
    return best


def _mixed_cost(official: str, written: str) -> tuple[float, str]:
    """Return the cost where one of two letters is of ASCII: a digit for its numeral, or the first letter of a sound."""
    if _NUMERALS.get(official) == written or _NUMERALS.get(written) == official:
        return _NUMERAL, "variant"
    if written.isascii() and any(sound[:1] == written for sound in sounds.syllables(official)):
        return _INITIAL, "initial"
    return _FAR, "letter"


class _Voice(NamedTuple):
    """How a Han character is read: its commonest reading, that without tone, all without tones, all blurred."""

    first: str
    plain: str
    every: frozenset[str]
    blurred: frozenset[str]


@lru_cache(maxsize=30_000)
def _voice(letter: str) -> _Voice | None:
    """Return how a Han character is read; letters come again much sooner than pairs of them."""
    readings = tables.sounds_of(letter)
    if not readings:
        return None
    every = [reading[:-1] for reading in readings]
    return _Voice(readings[0], every[0], frozenset(every), sounds.syllables_of(tuple(readings)))


def _sound_cost(here: _Voice, there: _Voice) -> float:
    if here.plain == there.plain:
        return 0.28 if here.first == there.first else 0.33
    if not here.every.isdisjoint(there.every):
        return 0.42
    return _FAR if here.blurred.isdisjoint(there.blurred) else 0.5


@lru_cache(maxsize=30_000)
def _kin(letter: str) -> tuple[str, frozenset[str]] | None:
    """Return the characters a Han character looks like or is a part of, and how it is read; None for other letters."""
    if not _FIRST_HAN <= letter <= _LAST_HAN:
        return None
    voice = _voice(letter)
    return tables.looks_like(letter) + "".join(tables.holders_of(letter)), voice.blurred if voice else frozenset()


class Glance:
    """Sees that most Chinese texts with a short core are too far from one, without an alignment."""

    def __init__(self, written: str) -> None:
        """Look at a light text; of a long one and of one with other letters nothing can be seen."""
        kin = [*map(_kin, written)] if len(written) <= _LONGEST_LOOKED_AT else []
        self._written = written
        self._kin = [(letter, *one) for letter, one in zip(written, kin, strict=False) if one is not None]
        self._sees = len(self._kin) == len(written) > 0

    def is_far(self, official: str, n_core: int) -> bool:
        """Say whether ``align`` would find nothing: a letter stands for one it is unlike, and is not only swapped.

        It may be wrong when it says no, never when it says yes.

        Args:
            official: an official core, or the whole name.
            n_core: how many letters its core has, which say how much differences may cost.
        """
        if not self._sees or len(official) != len(self._written) or n_core > _LONGEST_SEEN:
            return False
        for one, (other, alike, voice) in zip(official, self._kin, strict=True):
            if one != other and one not in alike:
                kin = _kin(one)
                if kin is None:
                    return False
                if other not in kin[0] and voice.isdisjoint(kin[1]):
                    return one not in self._written
        return False


def align(official: str, written: str, limit: float) -> Alignment | None:
    """Return the cheapest alignment of two light cores, or None where it costs more than the limit."""
    if official == written:
        return Alignment(0.0, ())
    if official.isascii() and written.isascii():
        return _latin(official, written, limit)
    if min(written, default="") > "\x7f":
        if abs(len(official) - len(written)) > _MOST_EDITS:
            return None
        if len(official) == len(written) and limit < _CHEAPEST_PAIR:
            return _in_place(official, written, limit)
    return _best(official, written, limit)


def _in_place(official: str, written: str, limit: float) -> Alignment | None:
    """Return what ``_best`` finds where a letter can only stand for the one in its place, or for its neighbour."""
    total, steps = 0.0, []
    for at, (one, other) in enumerate(zip(official, written, strict=True)):
        if one != other:
            if written[at + 1 : at + 2] == one and official[at + 1] == other:
                return _best(official, written, limit)
            cost, kind = swap_cost(one, other)
            total += cost
            if total > limit:
                return None
            steps.append(Step(kind, one, other, at))
    return Alignment(total, tuple(steps))


def _latin(official: str, written: str, limit: float) -> Alignment | None:
    most = int(limit / _CHEAPEST)
    found = _best(official, written, limit) if _is_near(official, written, most) else None
    one, other = roles.deep(official), roles.deep(written)
    if (one, other) != (official, written) and _is_near(one, other, most):
        together = _best(one, other, limit)
        if together is not None and (found is None or together.cost < found.cost):
            found = Alignment(together.cost, tuple(step._replace(at=None) for step in together.steps))
    return found


@cache
def edits() -> Callable[..., int]:
    """Return the count of edits between two texts (optimal string alignment)."""
    from rapidfuzz.distance import OSA  # a twentieth of a second that `--help` and Chinese names should not wait for

    return OSA.distance


def _is_near(one: str, other: str, most: int) -> bool:
    return edits()(one, other, score_cutoff=most) <= most


def _best(official: str, written: str, limit: float) -> Alignment | None:
    width = len(written) + 1
    costs = [[99.0] * width for _ in range(len(official) + 1)]
    came: dict[tuple[int, int], tuple[int, int, str]] = {}
    costs[0][0] = 0.0
    for row in range(len(official) + 1):
        for column in range(width):
            here = costs[row][column]
            if here > limit:
                continue
            for down, right, cost, kind in _moves(official, written, row, column):
                there = row + down, column + right
                if here + cost < costs[there[0]][there[1]]:
                    costs[there[0]][there[1]] = here + cost
                    came[there] = (row, column, kind)
    total = costs[-1][-1]
    return Alignment(total, _way(official, written, came)) if total <= limit else None


def _moves(official: str, written: str, row: int, column: int) -> list[tuple[int, int, float, str]]:
    """Return the moves from a cell: letters of the official name, letters written, cost, kind."""
    moves = []
    one, other = official[row : row + 1], written[column : column + 1]
    if one and other:
        if one == other:
            return [(1, 1, 0.0, "")]
        cost, kind = swap_cost(one, other)
        moves.append((1, 1, cost if row or kind != "slip" else cost + _FIRST, kind))
        if official[row : row + 2] == written[column : column + 2][::-1] and len(official) > row + 1:
            moves.append((2, 2, 0.6, "swapped"))
        if not one.isascii() and other.isascii():
            moves += [
                (1, len(sound), 0.15, "pinyin") for sound in sounds.syllables(one) if written.startswith(sound, column)
            ]
    if one:
        again = row > 0 and official[row - 1] == one
        wide = _INSIDE if row and len(official) >= _LEAST_AROUND else 1.5
        moves.append((1, 0, 0.6 if again else 0.85 + _FIRST * (not row) if one < FIRST_WIDE else wide, "missing"))
    if other:
        moves.append((0, 1, _more_cost(written, column), "more"))
    return moves


def _more_cost(written: str, column: int) -> float:
    letter = written[column]
    beside = written[column - 1 : column] + written[column + 1 : column + 2]
    if letter in beside or letter in _PARTICLES:
        return 0.5
    if letter < FIRST_WIDE:
        return 0.7 if any(letter + other in _BESIDE for other in beside) else 0.85 if column else 0.85 + _FIRST
    return 1.5


def _way(official: str, written: str, came: dict[tuple[int, int], tuple[int, int, str]]) -> tuple[Step, ...]:
    at, steps = (len(official), len(written)), []
    while at != (0, 0):
        row, column, kind = came[at]
        if kind:
            steps.append(Step(kind, official[row : at[0]], written[column : at[1]], column))
        at = row, column
    return tuple(reversed(steps))
