"""A small grammar language, so that labelled sentences are written as data and drawn with a fixed seed.

A file holds ``name: word | word`` (a list of words) and ``= name`` followed by one sentence per line. Inside a
sentence ``{name}`` draws from a list, ``{#name}`` asks a maker for something new (a number, a link), ``[text]`` is
there half of the time and ``(a/b)`` is one of the two. ``#`` at the start of a line begins a remark.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from tools.textguard_corpus import makers

_PIECE = re.compile(r"\{(#?)(\w+)\}|\[([^\[\]]*)\]|\(([^()]*/[^()]*)\)")


class Grammar:
    """Named lists of alternatives; ``draw`` expands one of them."""

    def __init__(self) -> None:
        self.rules: dict[str, list[str]] = {}

    @classmethod
    def read(cls, folder: Path) -> Grammar:
        """Read every ``.txt`` of a folder into one grammar.

        Raises:
            ValueError: a name is used that nothing defines.
        """
        grammar = cls()
        for path in sorted(folder.glob("*.txt")):
            grammar.add(path.read_text(encoding="utf-8"))
        grammar.check()
        return grammar

    def add(self, text: str) -> None:
        """Add the rules of one file; a name met again is added to."""
        current: list[str] | None = None
        for line in map(str.strip, text.splitlines()):
            if not line or line.startswith("# "):
                continue
            if line.startswith("= "):
                current = self.rules.setdefault(line[2:].strip(), [])
            elif current is None or re.match(r"\w+: ", line):
                name, _, words = line.partition(": ")
                self.rules.setdefault(name, []).extend(word.strip() for word in words.split(" | "))
                current = None
            else:
                current.append(line)

    def check(self) -> None:
        """Raise ValueError for a name that nothing defines."""
        for name, lines in self.rules.items():
            for line in lines:
                for made, wanted in re.findall(r"\{(#?)(\w+)\}", line):
                    known = hasattr(makers, wanted) if made else wanted in self.rules
                    if not known:
                        raise ValueError(f"{name}: nothing defines {wanted!r}")

    def draw(self, name: str, chance: random.Random) -> str:
        """Return one expansion of a rule."""
        return self.expand(chance.choice(self.rules[name]), chance)

    def expand(self, text: str, chance: random.Random) -> str:
        """Replace every piece of the grammar in a text, from the inside outwards."""

        def replace(found: re.Match[str]) -> str:
            made, name, maybe, either = found.groups()
            if name:
                return str(getattr(makers, name)(chance)) if made else chance.choice(self.rules[name])
            if maybe is not None:
                return maybe if chance.random() < 0.5 else ""
            return str(chance.choice(either.split("/")))

        for _ in range(8):
            text, changed = _PIECE.subn(replace, text)
            if not changed:
                break
        return text
