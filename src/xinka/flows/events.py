"""Notices about refunds and disputes: kept once and handed to a worker, before the gateway is told to stop sending.

No Django here, since the till keeps them.
"""

from __future__ import annotations

from xinka.kernel.flow import Flow, Query
from xinka.payments import sql
from xinka.payments.providers.protocol import NoticeAbout, VerifiedNotice
from xinka.platform.jobs.queue import MONEY, Job, defer

HANDLE_EVENT = Job("provider.event", MONEY)
#: What a worker has to see to; anything else is acknowledged without effect.
KEPT = frozenset({NoticeAbout.REFUND, NoticeAbout.DISPUTE})


def keep_event(channel_id: int, said: VerifiedNotice) -> Flow[bool]:
    """Keep an event and queue its job; return whether it is new. The same event again changes nothing."""
    facts = (
        channel_id,
        said.event_id or f"{said.about.value}/{said.subject_no or said.trade_no}/{said.status}",
        said.about.value,
        said.subject_no,
        said.out_trade_no,
        said.trade_no,
        said.amount_minor,
        said.currency,
        said.status,
        said.due_at,
    )
    rows = yield Query(sql.KEEP_EVENT, facts)
    yield from defer(HANDLE_EVENT, [{"event_id": row[0]} for row in rows])
    return bool(rows)
