"""Where a log is kept: what a storage must do, and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Source(Protocol):
    """Gives out the resources of a log: its checkpoint, tiles and bundles."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes at a path of C2SP tlog-tiles, or None where there is nothing.

        Raises:
            SourceFailed: it cannot be told; asking again may help.
        """
        ...


class Resources(Source, Protocol):
    """Takes the resources of a log as well."""

    def put(self, path: str, data: bytes) -> None:
        """Put a resource in place, in one step to whoever reads."""
        ...

    def drop_partials(self, path: str) -> None:
        """Forget the partial tiles or bundles of the full one at this path."""
        ...


class Storage(Resources, Protocol):
    """Keeps a log for its one writer.

    The rule of every storage: what ``keep`` was given survives a loss of power once it has returned. What ``put`` was
    given is seen by readers whole or not at all, and survives from the next ``settle`` on; until then the log makes it
    again from the kept records. So one flush to the disk an append is enough, and a checkpoint needs none.
    """

    def keep(self, record: bytes, *, flush: bool = True) -> None:
        """Note a record behind the others; it is durable on return unless ``flush`` is off."""
        ...

    def kept(self) -> Iterator[bytes]:
        """Yield the records since what is durable without them, in order; a torn last one is dropped."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether enough was kept that ``settle`` should be called."""
        ...

    @property
    def is_long(self) -> bool:
        """Whether so much was kept that opening the log again would take a moment."""
        ...

    def settle(self, beginning: bytes) -> None:
        """See to it that all that was put becomes durable, and begin anew with this record.

        Records are forgotten only when what was put before them is durable.
        """
        ...

    def close(self) -> None:
        """Let another writer in."""
        ...


class MemoryStorage:
    """A log that lives as long as the process; for tests, and for trees made to be thrown away."""

    def __init__(self, enough: int = 1 << 20) -> None:
        self.resources: dict[str, bytes] = {}
        self._records: list[list[bytes]] = [[], []]
        self._enough = enough

    def read(self, path: str) -> bytes | None:
        """Return the bytes at a path, or None."""
        return self.resources.get(path)

    def put(self, path: str, data: bytes) -> None:
        """Put a resource in place."""
        self.resources[path] = data

    def drop_partials(self, path: str) -> None:
        """Forget the partial ones of a full tile or bundle."""
        for width in range(1, 256):
            self.resources.pop(f"{path}.p/{width}", None)

    def keep(self, record: bytes, *, flush: bool = True) -> None:  # noqa: ARG002 - memory has nothing to flush
        """Note a record."""
        self._records[-1].append(record)

    def kept(self) -> Iterator[bytes]:
        """Yield the records."""
        for records in self._records:
            yield from records

    @property
    def is_full(self) -> bool:
        """Whether the records take more than was said to be enough."""
        return sum(map(len, self._records[-1])) > self._enough

    @property
    def is_long(self) -> bool:
        """Memory is not opened again."""
        return False

    def settle(self, beginning: bytes) -> None:
        """Begin anew."""
        self._records = [self._records[-1], [beginning]]

    def close(self) -> None:
        """Nothing is held."""
