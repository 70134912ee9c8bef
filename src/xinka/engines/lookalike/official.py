"""The official names: kept compactly, found by keys, added to, removed and renamed while in use."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from xinka.engines.lookalike import prepare, roles, sounds
from xinka.engines.lookalike.keys import KeyTable


class Shape(NamedTuple):
    """What of an official name is compared.

    Attributes:
        full: the whole name in light letters.
        core: the name without the role words at its ends.
        roles: the role words.
    """

    full: str
    core: str
    roles: tuple[str, ...]


@lru_cache(maxsize=20_000)
def shape_of(name: str) -> Shape:
    """Return what of an official name is compared."""
    tokens = prepare.views(prepare.shorten(name))[0].tokens
    steps = prepare.peel(tokens, added=False)
    last = next((step for step in reversed(steps) if step.core), steps[0])
    return Shape(steps[0].core, last.core, last.roles)


def missing_one(text: str) -> list[str]:
    """Return a text with each of its letters left out."""
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def has_han(text: str) -> bool:
    """Say whether a text has a Han character."""
    return not text.isascii() and any(sounds.syllables(letter) for letter in text)


def typo_keys(kind: str, text: str) -> set[str]:
    """Return the keys under which a light text meets those that differ by a letter or by what looks like one."""
    whole = roles.deep(text)
    keys = _with_typos(kind + whole)
    if whole != text:
        keys |= _with_typos(kind + text)
    return keys


def _with_typos(key: str) -> set[str]:
    """Return a key, and it without each of its letters but the kind: cut from the key, so that each is made once."""
    keys = {key[:at] + key[at + 1 :] for at in range(1, len(key))}
    keys.add(key)
    return keys


def keys_of(shape: Shape) -> Iterator[str]:
    """Yield the keys an official name is found by; the first letter says which kind."""
    core = shape.core
    yield "c" + roles.deep(core)
    if len(core) > 2:
        yield from typo_keys("d", core)
    elif len(core) == 2 and not core.isascii():
        yield "d" + core
    if has_han(core):
        yield from {"p" + one for one in sounds.spoken(core)}
        if len(core) > 2:
            yield from {"q" + one for less in missing_one(core) for one in sounds.spoken(less)}
    if shape.full != core:
        yield from typo_keys("f", shape.full)


class Registry:
    """Numbers, names, owners, keys. Equal names may be registered by several owners, each once."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.owners: dict[int, str] = {}
        self.alive = bytearray()
        self.numbers: dict[str, int] = {}
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
        self.n_roleless -= not shape_of(name).roles
        self.owners.pop(number, None)
        self.names[number] = ""

    def owner_of(self, name: str) -> str | None:
        """Return whose name it is.

        Raises:
            KeyError: it is not there.
        """
        return self.owners.get(self.numbers[name])

    def shape(self, number: int) -> Shape:
        """Return what of a name is compared."""
        return shape_of(self.names[number])

    def find(self, keys: Iterable[str]) -> list[int]:
        """Return the numbers of the names that have one of the keys."""
        found = self.keys.find_all(keys)
        return [number for number in found if self.alive[number]] if found else []
