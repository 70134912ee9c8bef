"""The jobs of the shop: thin names for flows, with their queues, their retries and their times.

Periodic tasks carry a queueing lock, so a worker that was away does not find a heap of them, and two schedulers, which
the database lets defer each moment only once, cannot run one twice. Begin with ``chores``, what the house does by
itself; the other modules are named after the room whose flows they run. A task's name is what rows in the queue of a
running shop call it, so it stays when the code moves.
"""

from __future__ import annotations

from xinka.flows.tasks import (  # noqa: F401 - procrastinate imports this module only, so it brings in the others
    accounts,
    books,
    chores,
    disputes,
    escrow,
    mailing,
    payments,
    payouts,
    promotions,
    stock,
)
