"""The official names: kept compactly, found by keys, added to, removed and renamed while in use."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import repeat

from xinka.engines.lookalike import roles, sounds
from xinka.engines.lookalike.cores import Shape, Shapes, shape_of
from xinka.engines.lookalike.keys import KeyTable

#: Cores of Chinese characters of so many are looked for with two characters wrong; shorter ones without `twice_keys`.
SHORTEST_TWICE, LONGEST_TWICE = 4, 8


def missing_one(text: str) -> list[str]:
    """Return a text with each of its letters left out."""
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def twice_keys(core: str) -> set[str]:
    """Return the keys that say in one look whether a core may differ from any official one in two characters."""
    if core.isascii():
        return set()
    found = set()
    for text in {core, roles.deep(core)}:
        once = missing_one(text)
        if SHORTEST_TWICE - 1 <= len(text) < LONGEST_TWICE:
            found.update(["t" + less for less in once])
        if SHORTEST_TWICE <= len(text) <= LONGEST_TWICE:
            found.update(["t" + twice for less in once for twice in missing_one(less)])
    return found


def has_han(text: str) -> bool:
    """Say whether a text has a Han character."""
    return not text.isascii() and any(sounds.syllables(letter) for letter in text)


def typo_keys(kind: str, text: str) -> list[str]:
    """Return the keys under which a light text meets those that differ by a letter or by what looks like one.

    Each is the kind and the text, or that without one of its letters; some may be there twice.
    """
    whole = roles.deep(text)
    found = []
    for key in (kind + whole, kind + text) if whole != text else (kind + text,):
        found.append(key)
        found += [key[:at] + key[at + 1 :] for at in range(1, len(key))]
    return found


def keys_of(shape: Shape) -> Iterator[str]:
    """Yield the keys an official name is found by; the first letter says which kind."""
    core = shape.core
    yield "c" + roles.deep(core)
    if len(core) > 2:
        yield from set(typo_keys("d", core))
    elif len(core) == 2 and not core.isascii():
        yield "d" + core
    yield from twice_keys(core)
    if has_han(core):
        yield from {"p" + one for one in sounds.spoken(core)}
        if len(core) > 2:
            yield from {"q" + one for less in missing_one(core) for one in sounds.spoken(less)}
    if shape.full != core:
        yield from set(typo_keys("f", shape.full))


class Registry:
    """Numbers, names, owners, keys. Equal names may be registered by several owners, each once."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.owners: dict[int, str] = {}
        self.alive = bytearray()
        self.numbers: dict[str, int] = {}
        self.shapes = Shapes()
        self.keys = KeyTable()
        self.n_roleless = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, name: str, owner: str | None = None) -> None:
        """Add a name, or bind the one there to another owner."""
        number = self.numbers.get(name)
        if number is None:
            number, shape = self._enter(name)
            self.keys.add(keys_of(shape), number)
            self.keys.settle(self.alive)
        self._bind(number, owner)

    def load(self, names: Iterable[tuple[str, str | None]]) -> None:
        """Add many names at once: their keys go into the arrays directly, so that a million take no dictionary."""
        hashes, numbers = array("q"), array("i")
        for name, owner in names:
            number = self.numbers.get(name)
            if number is None:
                number, shape = self._enter(name)
                hashes.extend(map(hash, keys_of(shape)))
                numbers.extend(repeat(number, len(hashes) - len(numbers)))
            self._bind(number, owner)
        self.keys.load(hashes, numbers, self.alive)

    def _enter(self, name: str) -> tuple[int, Shape]:
        number = self.numbers[name] = len(self.names)
        self.names.append(name)
        self.alive.append(1)
        shape = shape_of(name)
        self.shapes.append(shape)
        self.n_roleless += not shape.roles
        return number, shape

    def _bind(self, number: int, owner: str | None) -> None:
        if owner is None:
            self.owners.pop(number, None)
        else:
            self.owners[number] = owner

    def remove(self, name: str) -> None:
        """Forget a name.

        Raises:
            KeyError: it is not there.
        """
        number = self.numbers.pop(name)
        self.alive[number] = 0
        self.n_roleless -= not self.shapes[number].roles
        self.owners.pop(number, None)
        self.names[number] = ""

    def owner_of(self, name: str) -> str | None:
        """Return whose name it is.

        Raises:
            KeyError: it is not there.
        """
        return self.owners.get(self.numbers[name])

    def may_have(self, key: str) -> bool:
        """Say whether a key may be there: a quick look, wrong at times, but never when it says no."""
        return self.keys.may_have(key)

    def find_one(self, key: str) -> list[int]:
        """Return the numbers of the names that have a key."""
        found = self.keys.find_one(key)
        return [number for number in found if self.alive[number]] if found else found

    def find(self, keys: Iterable[str]) -> list[int]:
        """Return the numbers of the names that have one of the keys."""
        found = self.keys.find_all(keys)
        return [number for number in found if self.alive[number]] if found else []
