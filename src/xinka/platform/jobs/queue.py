"""What flows and staff do with jobs, as steps of a flow: each is part of the transaction it runs in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xinka.kernel.flow import Flow, Query
from xinka.platform.jobs import sql

#: Queues. Mail waits for other people's servers, so it has workers of its own and never holds up money.
MAIL = "mail"
MONEY = "money"
CHORES = "chores"


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: a task's name, its queue, and how soon among its neighbours (higher goes first)."""

    task: str
    queue: str
    priority: int = 0


def defer(job: Job, arguments: Sequence[Mapping[str, object]], *, wait_for: float = 0.0) -> Flow[None]:
    """Put one job per set of arguments into the queue, not to be run before ``wait_for`` seconds have passed."""
    if arguments:
        text = json.dumps([dict(one) for one in arguments], default=str)
        yield Query(sql.DEFER, (job.queue, job.task, job.priority, text, wait_for))


def revive(job_id: int) -> Flow[str | None]:
    """Let a job that failed for good run again; return its task, or ``None`` when somebody else was quicker."""
    rows = yield Query(sql.REVIVE, (job_id,))
    if not rows:
        return None
    task, queue = rows[0]
    yield Query(sql.WAKE, (queue, job_id))
    return str(task)


def discard(job_id: int) -> Flow[str | None]:
    """Give up a job that failed for good; return its task, or ``None`` when there is none any more."""
    rows = yield Query(sql.DISCARD, (job_id,))
    return str(rows[0][0]) if rows else None
