"""What the gateways' agreed fees come to: of one day, per channel, and of its last payments one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from xinka.kernel.ids import first_of

#: Payments are found by their numbers, which begin with the time; a day's are one piece of the primary key.
_FEES = """
WITH terms AS (
  SELECT channel_id, bps, fixed, since,
    lead(since, 1, 'infinity'::timestamptz) OVER (PARTITION BY channel_id ORDER BY since) AS until
  FROM payments_feeterms
  UNION ALL SELECT id, fee_bps, fee_fixed, '-infinity', 'infinity' FROM payments_channel c
  WHERE NOT EXISTS (SELECT 1 FROM payments_feeterms t WHERE t.channel_id = c.id)),
fees AS (
  SELECT p.id, p.order_id, p.channel_id, p.currency, p.amount, p.paid_at,
    (p.amount * t.bps + 5000) / 10000 + t.fixed AS fee
  FROM payments_payment p JOIN terms t ON t.channel_id = p.channel_id AND p.paid_at >= t.since AND p.paid_at < t.until
  WHERE p.id >= %s AND p.id < %s AND p.state = 'paid')
"""
_SUMS = f"""{_FEES}
SELECT channel_id, currency, count(*), sum(amount)::bigint, sum(fee)::bigint FROM fees GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - both parts are constants
_LAST = f"""{_FEES}
SELECT order_id, channel_id, currency, amount, fee, paid_at FROM fees ORDER BY id DESC LIMIT %s
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
    """One order's payment and the fee agreed for it."""

    order_id: UUID
    channel_id: int
    currency: str
    amount: int
    fee: int
    paid_at: datetime

    @property
    def left(self) -> int:
        """What is left after the agreed fee."""
        return self.amount - self.fee


def fee_sums(since: datetime, until: datetime) -> list[FeeSum]:
    """Return the sums of the payments that were begun within a span and are paid."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, _span(since, until))
        return [FeeSum(*row) for row in cursor.fetchall()]


def last_fees(since: datetime, until: datetime, most: int) -> list[PaidOrder]:
    """Return the last of these payments, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, (*_span(since, until), most))
        return [PaidOrder(*row) for row in cursor.fetchall()]


def _span(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    return first_of(since.timestamp()), first_of(until.timestamp())
