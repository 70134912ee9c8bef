"""A checkpoint: which log, how many leaves, which root (C2SP tlog-checkpoint); notes carry its signatures."""

from __future__ import annotations

from dataclasses import dataclass

from xinka.engines.merkle.encoding import decimal, hash_from, to_base64
from xinka.engines.merkle.errors import BadFormat

_WHAT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's size and root under its origin; extension lines are kept, but say nothing that can be checked."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return "\n".join([self.origin, str(self.size), to_base64(self.root), *self.extensions, ""])

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text.

        Raises:
            BadFormat: it is not a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:
            raise BadFormat(_WHAT, "fewer than three lines", "不足三行")
        origin, size, root, *extensions = lines[:-1]
        if not origin or not all(extensions):
            raise BadFormat(_WHAT, "an empty line", "有空行")
        return cls(origin, decimal(size, _WHAT), hash_from(root, _WHAT), tuple(extensions))
