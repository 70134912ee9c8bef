"""What the linear model looks at in a cleaned text: pieces of its letters, of its sounds and of its shape.

All features are short strings, so one table gives each its weight, and one can always say which piece weighed what.
Pieces of sounds and shapes are written in private-use characters and never meet those of letters. Beside them stand
pairs of letters that come one after the other with something between: what a message speaks of, however it is worded.
"""

from __future__ import annotations

import re
import sys
from array import array
from dataclasses import dataclass
from typing import NamedTuple

#: Longer texts are judged by their two ends: what is sold stands there, and the time stays bounded. In characters.
LONGEST = 4000
SEPARATOR = "\x00"
#: Sounds are written from here on, one character for each syllable.
FIRST_SOUND = 0xE000
#: Shapes: common, less common and rare Han, Latin, digit, punctuation, space, symbol, other letters.
SHAPES = "\uf8a0\uf8a1\uf8a2\uf8a3\uf8a4\uf8a5\uf8a6\uf8a7\uf8a8"
COMMON, LESS, RARE, LATIN, DIGIT, POINT, SPACE, SYMBOL, OTHER = tuple(SHAPES)
#: Marks of counted features.
COUNT, RUN, SIZE = "\uf8b0", "\uf8b1", "\uf8b2"
#: Marks of the beginning and the end of what stands between two signs; no longer than this, it counts as a whole too.
HEAD, TAIL = "\uf8b3", "\uf8b4"
WHOLE = 6
#: Runs of so many digits, or Latin letters, and more are features.
SHORTEST_RUN = {DIGIT: 3, LATIN: 2}
_RUNS = {shape: re.compile(f"{shape}{{{shortest},}}") for shape, shortest in SHORTEST_RUN.items()}
_BEYOND = re.compile("[^\x00-\uffff]")
STEPS = "0123456789"
#: The second letter of a pair stands two places after the first (next to each other they are a piece already) and up
#: to so many more; in a long text fewer, so that it has no more pairs than this, or as many as letters.
_STEPS_APART, _MOST_PAIRS = 15, 2000
#: Pairs are numbers, since making those is four times as quick as making strings: first and second, 16 bits each.
_NATIVE = f"utf-16-{sys.byteorder[0]}e"
_LOW, _HIGH = (0, 1) if sys.byteorder == "little" else (1, 0)


@dataclass(frozen=True, slots=True)
class Tables:
    """One character for each of the first 65,536: what it folds to, how it sounds, what shape it has."""

    fold: str
    sound: str
    shape: str


class Spelled(NamedTuple):
    """A text with its letters folded, the same without signs, as its sounds and as its shapes."""

    folded: str
    letters: str
    sounds: str
    shape: str


def bounded(text: str) -> str:
    """Return what is judged of a text: all of it, or its two ends."""
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST // 2] + text[-LONGEST // 2 :]


def spelled(text: str, tables: Tables) -> Spelled:
    """Return a bounded text as the rows of characters that its features are pieces of."""
    folded = text.translate(tables.fold)
    letters = folded.replace(SEPARATOR, "") if SEPARATOR in folded else folded
    shape = text.translate(tables.shape)
    if shape and max(shape) > "\uffff":
        shape = _BEYOND.sub(SYMBOL, shape)
    return Spelled(folded, letters, letters.translate(tables.sound), shape)


def features(text: str, tables: Tables) -> set[str]:
    """Return the features of a cleaned text; each counts once however often it is met."""
    folded, letters, sounds, shape = spelled(bounded(text), tables)
    found = set(letters)
    two = list(map(str.__add__, letters, letters[1:]))
    found.update(two)
    three = list(map(str.__add__, two, letters[2:]))
    found.update(three)
    found.update(map(str.__add__, three, letters[3:]))
    two = list(map(str.__add__, sounds, sounds[1:]))
    found.update(two)
    found.update(map(str.__add__, two, sounds[2:]))
    two = list(map(str.__add__, shape, shape[1:]))
    found.update(map(str.__add__, two, shape[2:]))
    found.update(counted(shape))
    found.update(edges(folded))
    return found


def reach_of(n_letters: int) -> int:
    """Return at how many distances, from two on, a text of so many letters has pairs."""
    return max(1, min(_STEPS_APART, _MOST_PAIRS // max(1, n_letters)))


def pairs(letters: str) -> set[int]:
    """Return the pairs of letters of a text that stand a few places apart, in their order; each counts once.

    A pair is the number ``first + 65536 * second``, of the two letters' UTF-16.
    """
    coded = letters.encode(_NATIVE, "surrogatepass")
    steps = range(4, 4 + 2 * reach_of(len(coded) // 2), 2)  # in bytes
    firsts = b"".join([coded[:-step] for step in steps])
    both = array("H", bytes(2 * len(firsts)))
    both[_LOW::2] = array("H", firsts)
    both[_HIGH::2] = array("H", b"".join([coded[step:] for step in steps]))
    return set(array("I", both.tobytes()))


def shown(pair: int) -> tuple[str, str]:
    """Return the two letters of a pair."""
    return chr(pair & 0xFFFF), chr(pair >> 16)


def edges(folded: str) -> set[str]:
    """Return how each word between two signs begins and ends, as features: sellers write tags, not sentences."""
    found: set[str] = set()
    add = found.add
    for word in folded.split(SEPARATOR):
        if word:
            begun, ended = HEAD + word, word + TAIL
            add(begun[:2])
            add(begun[:3])
            add(ended[-2:])
            add(ended[-3:])
            if len(word) <= WHOLE:
                add(HEAD + ended)
    return found


def counted(shape: str) -> set[str]:
    """Return the features that count: the share of each shape, the size, the length of runs."""
    size = len(shape) or 1
    marks = set(shape)
    found = {COUNT + mark + STEPS[shape.count(mark) * 9 // size] for mark in marks}
    found.add(SIZE + STEPS[min(9, size.bit_length())])
    if DIGIT in marks:
        found.update(RUN + STEPS[min(9, len(run) // 2)] for run in _RUNS[DIGIT].findall(shape))
    if LATIN in marks:
        found.update(RUN + LATIN + STEPS[min(9, len(run) // 2)] for run in _RUNS[LATIN].findall(shape))
    return found
