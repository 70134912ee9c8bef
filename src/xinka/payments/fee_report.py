"""What the gateways' agreed fees come to: of one day, per channel, and of its last payments one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

#: What came, as gateways bill it: short, twice and late too, each when it came and at the terms that held then. The
#: index of block ranges finds a day of it.
_FEES = """
WITH terms AS (
  SELECT channel_id, bps, fixed, since,
    lead(since, 1, 'infinity'::timestamptz) OVER (PARTITION BY channel_id ORDER BY since) AS until
  FROM payments_feeterms
  UNION ALL SELECT id, fee_bps, fee_fixed, '-infinity', 'infinity' FROM payments_channel c
  WHERE NOT EXISTS (SELECT 1 FROM payments_feeterms t WHERE t.channel_id = c.id)),
fees AS (
  SELECT r.order_id, r.channel_id, r.currency, r.amount, r.received_at, r.trade_no,
    (r.amount * t.bps + 5000) / 10000 + t.fixed AS fee
  FROM payments_receipt r
  JOIN terms t ON t.channel_id = r.channel_id AND r.received_at >= t.since AND r.received_at < t.until
  WHERE r.channel_id = ANY(%s) AND r.received_at >= %s AND r.received_at < %s)
"""
_SUMS = f"""{_FEES}
SELECT channel_id, currency, count(*), sum(amount)::bigint, sum(fee)::bigint FROM fees GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - both parts are constants
_LAST = f"""{_FEES}
SELECT order_id, channel_id, currency, amount, fee, received_at FROM fees ORDER BY received_at DESC, trade_no LIMIT %s
"""  # noqa: S608 - both parts are constants


@dataclass(frozen=True, slots=True)
class FeeSum:
    """One channel's payments of a span in one currency: how many, what came, and what the gateway should take."""

    channel_id: int
    currency: str
    n_payments: int
    amount: int
    fee: int

    @property
    def left(self) -> int:
        """What is left after the agreed fees."""
        return self.amount - self.fee


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """One payment and the fee agreed for it; ``order_id`` is ``None`` where nobody knows yet what it is for."""

    order_id: UUID | None
    channel_id: int
    currency: str
    amount: int
    fee: int
    received_at: datetime

    @property
    def left(self) -> int:
        """What is left after the agreed fee."""
        return self.amount - self.fee


def fee_sums(channel_ids: Sequence[int], since: datetime, until: datetime) -> list[FeeSum]:
    """Return the sums of what came through these channels within a span."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, (list(channel_ids), since, until))
        return [FeeSum(*row) for row in cursor.fetchall()]


def last_fees(channel_ids: Sequence[int], since: datetime, until: datetime, most: int) -> list[PaidOrder]:
    """Return the last of these payments, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, (list(channel_ids), since, until, most))
        return [PaidOrder(*row) for row in cursor.fetchall()]
