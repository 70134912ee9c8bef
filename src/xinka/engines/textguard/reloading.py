"""Rule packs that are read again when their files change, without a restart and without a gap."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from xinka.engines.textguard.guard import Guard, Scorer
from xinka.engines.textguard.pack_files import PackError
from xinka.engines.textguard.packs import SHIPPED, load_packs


class LiveGuard:
    """A guard over a folder of packs; a changed pack takes its place at once, a broken one leaves the old in force."""

    def __init__(
        self,
        folder: Path = SHIPPED,
        model: Scorer | None = None,
        every: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._model, self._every, self._clock = folder, model, every, clock
        self._lock = threading.Lock()
        self._seen = self._marks()
        self._looked_at = clock()
        self._guard = Guard(load_packs(folder), model)
        #: Why the newest files are not in force; empty while they are.
        self.problem = ""

    @property
    def guard(self) -> Guard:
        """The guard in force; looks at the files at most once in ``every`` seconds."""
        if self._clock() - self._looked_at >= self._every and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._guard

    def _look(self) -> None:
        self._looked_at = self._clock()
        marks = self._marks()
        if marks == self._seen:
            return
        self._seen = marks
        try:
            self._guard = Guard(
                load_packs(self._folder), self._model
            )  # one assignment: no judgement sees half a change
        except (PackError, OSError) as error:  # a file may go, or be closed to us, between the look and the reading
            self.problem = str(error)
        else:
            self.problem = ""

    def _marks(self) -> dict[str, tuple[int, int]]:
        found = {}
        for file in self._folder.glob("*.yml"):
            try:
                state = file.stat()
            except FileNotFoundError:
                continue  # it went between the listing and the look
            found[file.name] = (state.st_mtime_ns, state.st_size)
        return found
