"""Work through many, so that one that fails keeps no other from its turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from xinka.platform.database.away import is_away
from xinka.platform.jobs.retries import in_words

log = logging.getLogger(__name__)

Item = TypeVar("Item")


def one_by_one(items: Iterable[Item], act: Callable[[Item], int], *, event: str, named: Callable[[Item], str]) -> int:
    """Do ``act`` for each and return the sum of what it returns; each failure is an error in the log, as ``event``.

    ``act`` runs in a transaction of its own, and ``named`` says for the log what it was done for.

    Raises:
        Exception: what is no item's fault: the database is away.
    """
    total = 0
    for item in items:
        try:
            total += act(item)
        except Exception as error:
            if is_away(error):
                raise
            log.error(event, extra={"about": named(item), "why": in_words(error)})  # noqa: TRY400 - a row is in the trace
    return total
