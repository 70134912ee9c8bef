"""The official names: kept compactly, found by keys, added to, removed and renamed while in use."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from xinka.engines.lookalike import roles, sounds
from xinka.engines.lookalike.cores import Shape, Shapes, shape_of
from xinka.engines.lookalike.frames import missing_one
from xinka.engines.lookalike.gate import Gate
from xinka.engines.lookalike.keys import KeyTable
from xinka.engines.lookalike.packed import Places, Texts

#: Cores of Chinese characters of so many are looked for with two characters wrong.
SHORTEST_TWICE, LONGEST_TWICE = 4, 8
#: A core of up to so many letters has keys of its own under which it is found within a whole name.
_SHORT = 2


def _missing_two(text: str) -> list[str]:
    return [twice for less in missing_one(text) for twice in missing_one(less)]


def twice_keys(core: str) -> set[str]:
    """Return the keys under which a core meets those that differ in two characters."""
    if core.isascii():
        return set()
    texts = (text for text in {core, roles.deep(core)} if SHORTEST_TWICE < len(text) <= LONGEST_TWICE)
    return {"t" + twice for text in texts for twice in _missing_two(text)}


def pairs_of(core: str) -> set[str]:
    """Return the pairs of letters of a core of three or four, by which one of four sees whether two may be wrong."""
    if core.isascii():
        return set()
    found: set[str] = set()
    for text in {core, roles.deep(core)}:
        if len(text) == SHORTEST_TWICE:
            found.update(_missing_two(text))
        elif len(text) == SHORTEST_TWICE - 1:
            found.update(missing_one(text))
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


def slip_keys_of(core: str) -> Iterator[str]:
    """Yield the keys by which a core is found with a slip: a letter missing, and how it sounds, also without one."""
    if len(core) > _SHORT:
        yield from set(typo_keys("d", core))
    elif len(core) == _SHORT and not core.isascii():
        yield "d" + core
    if has_han(core):
        yield from {"p" + one for one in sounds.spoken(core)}
        if len(core) > _SHORT:
            yield from {"q" + one for less in missing_one(core) for one in sounds.spoken(less)}


def keys_of(shape: Shape) -> Iterator[str]:
    """Yield the keys an official name is found by; the first letter says which kind."""
    core = shape.core
    yield "c" + roles.deep(core)
    yield from slip_keys_of(core)
    yield from twice_keys(core)
    if shape.full != core:
        if len(core) <= _SHORT:
            yield from set(typo_keys("e", core))
        if is_grown_together(shape):
            yield from {"f" + one for one in (roles.deep(shape.full), *missing_one(roles.deep(shape.full)))}


def is_grown_together(shape: Shape) -> bool:
    """Say whether letters of the core and of a role word together pass for another, so that no frame is left."""
    deep = roles.deep(shape.full)
    return deep != shape.full and deep != "".join(map(roles.deep, shape.full.partition(shape.core)))


def is_less(text: str, whole: str) -> bool:
    """Say whether a text is another, or that without one of its letters."""
    return len(text) <= len(whole) and (text == whole or (len(text) < len(whole) and meet(text, whole)))


def meet(one: str, other: str) -> bool:
    """Say whether two texts are equal, or can be made so by leaving one letter out of one of them or of each."""
    if one == other:
        return True
    shorter, longer = len(one), len(other)
    if abs(shorter - longer) > 1:
        return False
    start = 0
    for letter, against in zip(one, other, strict=False):
        if letter != against:
            break
        start += 1
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return (len(one) < 2 and len(other) < 2) or one[1:] == other[:-1] or one[:-1] == other[1:]


class Registry:
    """Numbers, names, owners, keys. Each name is there once, with one owner or none."""

    def __init__(self) -> None:
        self.names = Texts()
        self.alive = bytearray()
        self.numbers = Places(self.names)
        self.shapes = Shapes(self.names)
        self.keys = KeyTable()
        self.n_roleless, self._any_grown_together = 0, False
        self._pairs, self._wholes, self._n_wholes = Gate(dense=True), Gate(), 0
        self._owners = Texts()
        self._owner_numbers = Places(self._owners)
        self._owned = array("I")

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, name: str, owner: str | None = None) -> None:
        """Add a name, or bind the one there to another owner."""
        number = self.numbers.find(name)
        if number is None:
            number, shape = self._enter(name)
            self.keys.add(keys_of(shape), number, self.alive)
            if not self._let_wholes_pass((number,)):
                self._wholes.widen()
                self._let_wholes_pass((number,))
        self._bind(number, owner)

    def load(self, names: Iterable[tuple[str, str | None]]) -> None:
        """Add many names at once: their keys go into the arrays directly, so that a million take no dictionary."""
        hashes, numbers, n_before = array("q"), array("I"), len(self.names)
        for name, owner in names:
            number = self.numbers.find(name)
            if number is None:
                number, shape = self._enter(name)
                hashes.extend(map(hash, keys_of(shape)))
                numbers.extend(repeat(number, len(hashes) - len(numbers)))
                if len(hashes) >= self.keys.BATCH:
                    self.keys.load(hashes, numbers, self.alive)
                    hashes, numbers = array("q"), array("I")
            self._bind(number, owner)
        self.keys.load(hashes, numbers, self.alive)
        if not self._let_wholes_pass(range(n_before, len(self.names))):
            self._make_gate_of_wholes()

    def _let_wholes_pass(self, numbers: Sequence[int]) -> bool:
        """Let whole names pass the gate of ``find_whole``; return whether there was room for all."""
        for number in numbers:
            if self._n_wholes > self._wholes.room:
                return False
            texts = self._whole_texts(number)
            self._n_wholes += len(texts)
            self._wholes.add(map(hash, texts))
        return True

    def _whole_texts(self, number: int) -> set[str]:
        """Return a whole name with a role word as one may meet it: also with a letter missing; else nothing."""
        if not self.alive[number] or not self.shapes.frame(number).surrounds:
            return set()
        full = self.shapes.full(number)
        deep = roles.deep(full)
        return {less for text in {full, deep} for less in (text, *missing_one(text))}

    def _make_gate_of_wholes(self) -> None:
        """Make the gate anew for all names, as wide as they need if each has as many texts as a sample of them."""
        n_names = len(self.names)
        sample = [len(self._whole_texts(number)) for number in range(0, n_names, n_names // 1000 + 1)]
        self._wholes, self._n_wholes = Gate(sum(sample) * n_names // len(sample)), 0
        for number in range(n_names):
            texts = self._whole_texts(number)
            self._n_wholes += len(texts)
            self._wholes.add(map(hash, texts))

    def _enter(self, name: str) -> tuple[int, Shape]:
        number = self.names.append(name)
        self.numbers.put(name, number)
        self.alive.append(1)
        shape = shape_of(name)
        self.shapes.append(name, shape)
        self.n_roleless += not shape.roles
        self._any_grown_together |= shape.full != shape.core and is_grown_together(shape)
        self._pairs.add(map(hash, pairs_of(shape.core)))
        return number, shape

    def _bind(self, number: int, owner: str | None) -> None:
        if owner is None:
            if number < len(self._owned):
                self._owned[number] = 0
            return
        at = self._owner_numbers.find(owner)
        if at is None:
            at = self._owners.append(owner)
            self._owner_numbers.put(owner, at)
        self._owned.extend(repeat(0, number + 1 - len(self._owned)))
        self._owned[number] = at + 1

    def remove(self, name: str) -> None:
        """Forget a name.

        Raises:
            KeyError: it is not there.
        """
        number = self.numbers.remove(name)
        self.alive[number] = 0
        self.n_roleless -= not self.shapes[number].roles
        self._bind(number, None)

    def owner_of(self, name: str) -> str | None:
        """Return whose name it is.

        Raises:
            KeyError: it is not there.
        """
        number = self.numbers.find(name)
        if number is None:
            raise KeyError(name)
        return self.owner_at(number)

    def owner_at(self, number: int) -> str | None:
        """Return whose name that of a number is."""
        at = self._owned[number] if number < len(self._owned) else 0
        return self._owners[at - 1] if at else None

    def may_have_pair(self, pair: str) -> bool:
        """Say whether a pair of letters may be one of ``pairs_of`` an official core; never wrong when it says no."""
        return bool(self._pairs.passes(hash(pair)))

    def find_equal(self, core: str) -> list[int]:
        """Return the numbers of the names whose core is equal to another but for letters that pass for one."""
        deep = roles.deep(core)
        found = self.keys.find_one("c" + deep)
        if not found:
            return found
        return [number for number in found if self.alive[number] and roles.deep(self.shapes[number].core) == deep]

    def find_one(self, key: str) -> list[int]:
        """Return the numbers of the names that have a key, and rarely of one that has not."""
        found = self.keys.find_one(key)
        return [number for number in found if self.alive[number]] if found else found

    def find(self, keys: Iterable[str]) -> list[int]:
        """Return the numbers of the names that have one of the keys, and rarely of one that has none."""
        found = self.keys.find_all(keys)
        return [number for number in found if self.alive[number]] if found else []

    def has_slip_key(self, core: str, keys: Iterable[str], numbers: Iterable[int]) -> bool:
        """Say whether one of the names is truly found by one of the keys of a core with a slip."""
        wanted = frozenset(keys)
        for number in numbers:  # nearly always the first one is
            other = self.shapes.core(number)
            if len(core) > _SHORT < len(other) and meet(core, other):
                return True
            if "c" + roles.deep(other) in wanted or not wanted.isdisjoint(slip_keys_of(other)):
                return True
        return False

    def find_twice(self, rests: list[str]) -> list[int]:
        """Return the numbers of the names whose core is one of the texts with two letters more, or with one."""
        found = self.keys.find_all(["t" + rest for rest in rests])
        for number in self.keys.find_all(["d" + rest for rest in rests]) - found:
            core = self.shapes[number].core
            if not core.isascii() and any(
                less in rests for text in {core, roles.deep(core)} for less in missing_one(text)
            ):
                found.add(number)
        return [number for number in found if self.alive[number]]

    def find_whole(self, text: str, *, slip: bool) -> set[int]:
        """Return the numbers of the names with a role word that are a light text or, where there are none, near it.

        Near is a name that lacks a letter of the text, or with ``slip`` one of which each has a letter the other lacks.
        """
        deep, texts = roles.deep(text), list[str]()
        if self._wholes.passes(hash(deep)):
            if equal := self._equal_wholes(text, deep):
                return equal
            texts = [deep]
        elif not slip:
            return set()
        if slip:
            texts = self._wholes.likely([text, *missing_one(text)])
            if deep != text:
                texts += self._wholes.likely([deep, *missing_one(deep)])
        return self._near_wholes(texts, {text, deep} if slip else {deep}, slip=slip) if texts else set()

    def _equal_wholes(self, text: str, deep: str) -> set[int]:
        """Return the names that are equal to a text but for letters that pass for one, if one is wholly equal."""
        keys = ["c" + core for core, rim in self.shapes.frames.around(deep) if rim.whole]
        if self._any_grown_together:
            keys.append("f" + deep)
        shapes = {number: self.shapes[number] for number in self.keys.find_all(keys) if self.alive[number]}
        if any(shape.full == text != shape.core for shape in shapes.values()):
            return {
                number
                for number, shape in shapes.items()
                if roles.deep(shape.full) == deep and shape.full != shape.core
            }
        return set()

    def _near_wholes(self, rests: list[str], texts: set[str], *, slip: bool) -> set[int]:
        keys, frames = set[str](), set[int]()
        for rest in rests:
            for core, rim in self.shapes.frames.around(rest):
                if rim.whole:
                    keys.add("d" + core)
                    if len(core) <= _SHORT:
                        keys.add("e" + core)
                if rim.torn:
                    keys.update(("c" + core, "c" + roles.deep(core)))
                frames |= rim.whole | rim.torn
        found = self.find(keys) if keys else []
        near = {number for number in found if self._is_near(number, texts, frames, slip=slip)}
        if self._any_grown_together:
            near.update(self.find(["f" + rest for rest in rests]))
        return near

    def _is_near(self, number: int, texts: set[str], frames: set[int], *, slip: bool) -> bool:
        if self.shapes.frame_number(number) not in frames:
            return False
        full = self.shapes.full(number)
        wholes = {full, roles.deep(full)}
        test = meet if slip else is_less
        return any(test(text, whole) for text in texts for whole in wholes)
