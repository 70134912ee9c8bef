"""Finds terms whose characters were each replaced in a way of its own: a picture, a look-alike, a syllable, an initial.

The text becomes a row of elements, each with the keys it may stand for; terms are a tree that is walked along them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import dropwhile, groupby, takewhile

from xinka.engines.textguard import sounds
from xinka.engines.textguard.plausible import character_costs, rarity
from xinka.engines.textguard.signs import ranges
from xinka.engines.textguard.spellings import is_han, readings
from xinka.engines.textguard.tables import load

_COMMON_PARTS = frozenset(
    "一丨丶丿乙亅乚乀亠人亻儿入八冂冖冫几凵刀刂力勹匕匚十卜卩厂厶又口囗土士夂夕大女宀寸小尸山川工己巾干幺广廴廾弋弓"
    "彐彡彳心忄手扌攵文斗斤方日曰月木欠止歹殳毛气水氵火灬爪父片牛犬犭王田疒皮皿目矛石示礻禾穴立竹米糸纟羊羽耳肉臣自"
    "至舌舟艮艹虍虫血行衣衤西覀见角言讠谷豆豕贝走足车辛辰辶邑酉里金钅门阝隹雨页食饣首马鬼鱼鸟才也"
)
_PIECE = re.compile("[a-z]+")
#: Walks end after so many steps in one text: nobody's odd text makes us slow.
_MOST_STEPS = 20_000
_LONGEST_RUN = 12
#: A replaced character is looked for so many elements after a term's beginning.
_LONGEST_REACH = 6
_FAR = 10_000
_SOUND = 1
KINDS = {"sound": 1, "heard": 2, "emoji": 8, "shape": 16, "initials": 32}
#: From this cost on a character is seldom seen, in half bits.
_RARE = 34
#: From this cost on a character may stand for one of its parts.
_SHAPED = 30


#: One thing in the text: where it begins and ends in the squeezed view, and what it may stand for: (bit of KINDS, key).
Element = tuple[int, int, Sequence[tuple[int, str]]]


class _Node:
    """What several rows of letters lead to: the terms, in parts of the sorted list, that go on from here."""

    __slots__ = ("_at", "_parts", "_tree", "ends", "height", "ways")

    def __init__(self, tree: SlotTree, parts: Sequence[tuple[int, int]], at: int) -> None:
        self._tree, self._parts, self._at = tree, parts, at
        #: By key, the parts of the list that come next; once walked, the node that stands for them. None: unknown.
        self.ways: dict[str, list[tuple[int, int]] | _Node] | None = None
        lengths, numbers = tree.lengths, tree.numbers
        # of a part, which is sorted, the terms that end here come first
        self.ends = [
            numbers[i] for first, after in parts for i in takewhile(lambda i: lengths[i] == at, range(first, after))
        ]
        #: The characters of the longest term from here on.
        self.height = max((max(lengths[first:after]) for first, after in parts), default=at) - at

    def step(self, key: str) -> _Node:
        """Return the node that stands for all that a key leads to: terms that sound alike are walked as one."""
        ways = self.ways or self.open()
        way = ways[key]
        if isinstance(way, list):
            way = ways[key] = _Node(self._tree, way, self._at + 1)
        return way

    def open(self) -> dict[str, list[tuple[int, int]] | _Node]:
        """Return where each key leads to, worked out anew."""
        ways: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        texts, lengths, at = self._tree.texts, self._tree.lengths, self._at
        for first, after in self._parts:
            going_on = dropwhile(lambda i: lengths[i] == at, range(first, after))
            for character, group in groupby(going_on, lambda i: texts[i][at]):
                rows = list(group)
                for key in _keys_of_term(character):
                    ways[key].append((rows[0], rows[-1] + 1))
        self.ways = dict(ways)
        return self.ways


@cache
def _keys_of_term(character: str) -> frozenset[str]:
    """Return what a term's character answers to: its sounds, its shape, the parts that tell it apart, its initial."""
    codes = readings(character)
    keys = {*codes, "=" + character}
    keys.update("+" + p for p in parts(character) if p not in _COMMON_PARTS)
    keys.update("'" + initials()[c] for c in codes if c in initials())
    if character.isascii():
        keys.add("'" + character)
    return frozenset(keys)


@cache
def _parts() -> dict[str, str]:
    found: dict[str, str] = load("parts")
    return found


def parts(character: str) -> str:
    """Return the parts a character is written with."""
    return _parts().get(character, "")


@cache
def initials() -> dict[str, str]:
    """Map the code of a syllable to its first letter."""
    return {code: syllable[0] for syllable, code in sounds.syllable_codes().items()}


@cache
def _emoji() -> dict[str, str]:
    found: dict[str, str] = load("emoji")
    return found


@cache
def _emoji_keys(sign: str) -> tuple[tuple[int, str], ...]:
    """Return the keys of the characters that a picture is read as; nothing for what is no picture."""
    codes = sounds.han_codes()
    names = _emoji().get(sign, "")
    return tuple(dict.fromkeys((KINDS["emoji"], codes[ord(c)]) for c in names if ord(c) in codes))


@cache
def common() -> frozenset[str]:
    """Return the characters that ordinary texts are written with."""
    return frozenset(load("common")["characters"])


@cache
def odd() -> frozenset[str]:
    """Return what makes a text worth a walk: pictures, rare characters, those that are read in two ways."""
    han = frozenset().union(*load("sounds").values())
    return frozenset(_emoji().keys() | (han - common()) | doubtful())


@cache
def doubtful() -> frozenset[str]:
    """Return the characters that are read in two ways, and not often seen."""
    return frozenset(c for c in load("readings") if rarity(c) >= _RARE)


@cache
def _shaped() -> Callable[[str], object]:
    """Return what finds the first character that may not be one plain sound: all but letters, digits, common Han."""
    return re.compile(f"[^a-z0-9{ranges(c for c, cost in character_costs().items() if cost < _SHAPED)}]").search


def is_shaped(text: str) -> bool:
    """Say whether a squeezed text has a character, letters aside, that may stand for more than its sound."""
    return _shaped()(text) is not None and any(map(_has_more_than_sound, text))


@cache
def _has_more_than_sound(character: str) -> bool:
    return any(bit != _SOUND for bit, _ in _keys(character))


@cache
def _keys(character: str) -> Sequence[tuple[int, str]]:
    return _emoji_keys(character) or _digits().get(character) or _han_keys(character)


@cache
def _han_keys(character: str) -> tuple[tuple[int, str], ...]:
    first, *others = readings(character)
    keys = [(_SOUND, first)]
    if others and rarity(character) >= _RARE:
        keys += [(KINDS["heard"], code) for code in others]
    rare = rarity(character)
    keys += [(KINDS["shape"], "=" + p) for p in parts(character) if rare >= max(_SHAPED, rarity(p) + 6)]
    if is_han(character) and rare >= _RARE:
        keys += [(KINDS["shape"], "+" + p) for p in (*parts(character), character) if p not in _COMMON_PARTS]
    return tuple(keys)


@cache
def _digits() -> dict[str, list[tuple[int, str]]]:
    return {str(n): [(_SOUND, sounds.han_codes()[ord(c)])] for n, c in enumerate("零一二三四五六七八九")}


def elements(text: str, as_initials: bool) -> list[Element]:
    """Return the elements of a squeezed text; letters are read as initials, or as syllables where they can."""
    row: list[Element] = []
    at = 0
    for match in (*_PIECE.finditer(text), None):
        stop = match.start() if match else len(text)
        row += [(i, i + 1, _keys(text[i])) for i in range(at, stop)]
        if match is None:
            break
        row += _run(match[0], stop, as_initials)
        at = match.end()
    return row


def _run(run: str, start: int, as_initials: bool) -> Iterator[Element]:
    syllables = None if as_initials else sounds.syllables_of(run)
    codes = sounds.syllable_codes()
    for piece in syllables or run:
        if syllables or not as_initials:
            key = (_SOUND, codes[piece] if syllables else piece)  # the automaton of sounds has looked at these
        else:
            key = (KINDS["initials"], "'" + piece)
        yield start, start + len(piece), (key,) if len(run) <= _LONGEST_RUN or not as_initials else ()
        start += len(piece)


class SlotTree:
    """All terms, ready to be walked: a sorted list of them, of which only what is walked is made into a tree."""

    def __init__(self, terms: Iterable[tuple[int, str]]) -> None:
        rows = sorted((text, number) for number, text in terms)
        self.texts, self.numbers = [text for text, _ in rows], [number for _, number in rows]
        self.lengths = list(map(len, self.texts))
        self._root = _Node(self, [(0, len(rows))] if rows else [], 0)

    def walk(self, row: Sequence[Element]) -> Iterator[tuple[int, int, int, int]]:
        """Yield (term, first element, element after the last, kinds of replacement) of each term that may stand there.

        Kinds are bits of ``KINDS``; a term that only sounds right is left to the automaton and never begun.
        """
        budget, length, root = _MOST_STEPS, len(row), self._root
        odd_at = _next_odd(row)
        for first in _beginnings(odd_at):
            stack = [(root, first, 0)]
            while stack and budget > 0:
                node, at, kinds = stack.pop()
                if kinds > _SOUND and node.ends:
                    for number in node.ends:
                        yield number, first, at, kinds
                if at >= length or not node.height:
                    continue
                ways, keys, at = node.ways or node.open(), row[at][2], at + 1
                budget -= len(keys)
                for bit, key in keys:
                    after = ways.get(key)
                    if after is None:
                        continue  # nearly always
                    if isinstance(after, list):
                        after = node.step(key)
                    if (kinds | bit) > _SOUND or odd_at[at] - at < after.height:
                        stack.append((after, at, kinds | bit))


def _beginnings(odd_at: Sequence[int]) -> list[int]:
    """Return the places, the last first, behind which a replaced character is near enough for a walk to begin."""
    return [first for first in range(len(odd_at) - 2, -1, -1) if odd_at[first] - first < _LONGEST_REACH]


def _next_odd(row: Sequence[Element]) -> list[int]:
    """Return for each place, and the one after all, where the next element stands that may be more than its sound."""
    places: list[int] = []
    for at in [at for at, (_, _, keys) in enumerate(row) if len(keys) != 1 or keys[0][0] != _SOUND]:
        places += [at] * (at + 1 - len(places))
    return places + [len(row) + _FAR] * (len(row) + 1 - len(places))
