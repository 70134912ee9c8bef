"""When periodic jobs are queued, also after the clock of the machine was set or the machine stood still."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from procrastinate.periodic import MAX_DELAY, PeriodicDeferrer, PeriodicRegistry, PeriodicTask, TaskAtTime

log = logging.getLogger(__name__)

#: A clock that is set back by no more than these seconds is waited for: nothing is queued a second time.
_WAITED_FOR = 60.0
#: A clock that is so many seconds further than it should be has leapt, and for so many the jobs wait then.
_LEAP, _WAITS_AFTER_LEAP = 600.0, 300.0
#: What goes on all the same: it looks for what is there already, and ends nothing.
_ENDS_NOTHING = frozenset({"payment.ask_open", "payout.ask_open", "sweep.figures"})
_QUEUED_LAST = """
SELECT task_name, periodic_id, max(defer_timestamp) AS moment FROM procrastinate_periodic_defers GROUP BY 1, 2
"""


def since_boot() -> float:
    """Return the seconds since the machine was started, those in which it slept included (clock_gettime(2))."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Beat(PeriodicDeferrer):
    """Procrastinate's own, but for what a clock can do.

    Where the clock was set back, it goes on at once: procrastinate waits until the clock has come to where it was, and
    for so long nothing expires, no gateway is asked and no killed worker's job is taken up.

    Where the clock leapt ahead, it waits some minutes: a virtual machine that was resumed, or a wrong server of the
    time, is set right by then. What jobs do in that time would stay done: money released, cases decided, days closed.

    Of the moments that were missed (a machine that slept for a week has missed 120,960 of each job of every five
    seconds) it takes the last. And a nightly job whose hour passed without a worker is made up for at the next start:
    the database knows for which moment each was queued last.
    """

    def __init__(self, registry: PeriodicRegistry, max_delay: float = MAX_DELAY) -> None:
        super().__init__(registry, max_delay)
        self._boot_at: float | None = None
        self._waits_until = 0.0

    async def worker(self) -> None:
        """Go on where the workers before were, for ever."""
        await self.recall()
        await super().worker()

    async def recall(self) -> None:
        """Ask the database for which moment each job was queued last."""
        for task in list(self.registry.periodic_tasks.values())[:1]:
            connector = task.task.configure().job_manager.connector
            for row in await connector.execute_query_all_async(_QUEUED_LAST):
                self.last_defers[row["task_name"], row["periodic_id"]] = row["moment"]

    def get_previous_tasks(self, at: float) -> Iterator[TaskAtTime]:
        """Yield what is to be queued now, with its moment."""
        waits = self._waits(at, since_boot())
        for key, task in self.registry.periodic_tasks.items():
            if waits and task.task.name not in _ENDS_NOTHING:
                continue
            for moment in self.get_timestamps(task, self.last_defers.get(key), at):
                self.last_defers[key] = moment
                yield task, moment
            self.last_defers.setdefault(key, int(at))  # of one that never was queued, what comes from now on counts

    def _waits(self, at: float, elapsed: float) -> bool:
        """Whether the clock leapt just now, or so lately that it may still be set right."""
        boot_at, self._boot_at = self._boot_at, at - elapsed
        leap = 0.0 if boot_at is None else self._boot_at - boot_at
        if leap > _LEAP:
            self._waits_until = elapsed + _WAITS_AFTER_LEAP
            log.warning("clock.leapt", extra={"seconds": round(leap)})
        elif leap < -_LEAP:
            self._waits_until = 0.0  # it was set right
        return elapsed < self._waits_until

    def get_timestamps(
        self, periodic_task: PeriodicTask[Any, Any, Any], since: int | None, until: float
    ) -> Iterable[int]:
        """Return the moment for which a job is to be queued, if any; ``since`` was the last in this process."""
        if since is None:
            return super().get_timestamps(periodic_task, None, until)
        if until < since <= until + _WAITED_FOR:
            return ()
        periodic_task.croniter.set_current(start_time=until)
        newest = round(periodic_task.croniter.get_prev(ret_type=float))
        if newest > since:
            return (newest,)
        was_set_back = since > until
        return (newest,) if was_set_back and until - newest <= self.max_delay else ()
