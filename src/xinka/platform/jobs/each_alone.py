"""Work in parts that have nothing to do with one another: one that fails keeps none of the others from being done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import close_old_connections, connection

from xinka.platform.jobs.retries import in_words

log = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")


class SomeFailed(RuntimeError):
    """Parts of a job failed and all others were done; the message names those that failed and says why."""


def each_alone(parts: Iterable[tuple[str, Callable[[], Outcome]]]) -> dict[str, Outcome]:
    """Do every part, whatever becomes of the others; return what each returned, by its name.

    Raises:
        SomeFailed: after the last part, if any failed, so that the job is a dead letter and somebody looks.
    """
    done, failed = dict[str, Outcome](), list[str]()
    for name, part in parts:
        try:
            done[name] = part()
        except Exception as error:
            log.exception("job.part_failed", extra={"part": name})
            if not connection.in_atomic_block:
                close_old_connections()  # should this failure have cost the connection, the next part gets another
            failed.append(f"{name}: {in_words(error)}")
    if failed:
        raise SomeFailed("; ".join(failed))
    return done
