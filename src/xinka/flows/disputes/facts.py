"""What the records know about a case, down to the single code: nobody's word, only what was written at the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from xinka.disputes.models import Case
from xinka.disputes.states import CaseKind, Outcome
from xinka.orders.models import Order
from xinka.platform.mail.models import LetterState, SentLetter

#: Histories look back this far.
_LOOK_BACK = timedelta(days=90)
_AGAINST = (Outcome.REFUNDED, Outcome.PART_REFUNDED, Outcome.REPLACED, Outcome.LOST)

#: Of codes that are sold once, an index tells which are sold; without OFFSET 0 all that was delivered might be read.
_PIECES = """
SELECT d.position, d.code_id, d.revealed_at, d.revealed_from, d.revealed_net, d.replaces, c.batch_id, c.expires_on,
  b.created_at, b.source, b.n_added,
  CASE WHEN d.reusable THEN (
    SELECT count(*) FROM delivery_code x JOIN stock_stockcode y ON y.id = x.code_id
    WHERE y.batch_id = c.batch_id AND y.id BETWEEN b.first_code_id AND b.last_code_id)
  ELSE (
    SELECT count(*) FROM stock_stockcode y
    CROSS JOIN LATERAL (SELECT FROM delivery_code x WHERE x.code_id = y.id AND NOT x.reusable OFFSET 0) sold
    WHERE y.batch_id = c.batch_id AND y.id BETWEEN b.first_code_id AND b.last_code_id) END
FROM delivery_code d JOIN stock_stockcode c ON c.id = d.code_id LEFT JOIN stock_stockbatch b ON b.id = c.batch_id
WHERE d.order_id = %s ORDER BY d.position
"""
#: The other cases about codes of the same batches; a question is not a complaint. A batch is one merchant's, so are its
#: cases; OFFSET 0 keeps PostgreSQL from reading all that was ever delivered for them.
_COMPLAINTS = """
SELECT c.batch_id, count(DISTINCT (k.id, d.code_id)) FROM disputes_case k
CROSS JOIN LATERAL (SELECT code_id, position FROM delivery_code WHERE order_id = k.order_id OFFSET 0) d
CROSS JOIN LATERAL (SELECT batch_id FROM stock_stockcode WHERE id = d.code_id OFFSET 0) c
WHERE k.merchant_id = %s AND c.batch_id = ANY(%s) AND k.id <> %s AND k.kind <> 'question' AND k.outcome <> 'withdrawn'
  AND (cardinality(k.positions) = 0 OR d.position = ANY(k.positions))
GROUP BY c.batch_id
"""


@dataclass(frozen=True)
class Piece:
    """One delivered code: what became of it, and what is known of the batch it came in. What it says is not here."""

    position: int
    code_id: int
    revealed_at: datetime | None
    revealed_from: str
    revealed_net: str
    replaces: int | None
    batch_id: int
    expires_on: date | None
    brought_at: datetime | None
    source: str
    n_in_batch: int
    n_sold: int
    is_complained_of: bool = False
    n_complaints: int = 0

    @property
    def is_sealed(self) -> bool:
        """Whether the buyer never opened it, in which case only the order itself can be complained of."""
        return self.revealed_at is None


@dataclass(frozen=True)
class History:
    """How somebody's orders went in the last 90 days."""

    n_orders: int = 0
    n_cases: int = 0
    n_against: int = 0
    n_chargebacks: int = 0

    @property
    def share(self) -> str:
        """Cases per hundred orders."""
        return f"{100 * self.n_cases / self.n_orders:.1f} %" if self.n_orders else "—"


@dataclass(frozen=True)
class CaseFacts:
    """Everything the records know."""

    order: Order
    pieces: list[Piece] = field(default_factory=list)
    buyer: History = field(default_factory=History)
    merchant: History = field(default_factory=History)
    earlier: list[Case] = field(default_factory=list)


def facts_of(case: Case, now: datetime) -> CaseFacts:
    """Gather the facts of a case; for staff."""
    order = Order.objects.get(id=case.order_id)
    since = now - _LOOK_BACK
    orders = Order.objects.filter(placed_at__gte=since, delivered_at__isnull=False)
    cases = Case.objects.filter(opened_at__gte=since).exclude(id=case.id)
    of_buyer = orders.filter(contact_key=order.contact_key)
    buyer_orders = [*of_buyer.values_list("id", flat=True)[:1000]]
    return CaseFacts(
        order,
        pieces=pieces_of(case),
        buyer=_history(len(buyer_orders), cases.filter(order_id__in=buyer_orders)),
        merchant=_history(
            orders.filter(merchant_id=case.merchant_id).count(), cases.filter(merchant_id=case.merchant_id)
        ),
        earlier=list(Case.objects.filter(order_id=order.id).exclude(id=case.id).order_by("opened_at")),
    )


def _history(n_orders: int, cases: QuerySet[Case]) -> History:
    counted = cases.aggregate(
        n_cases=Count("id", filter=~Q(kind=CaseKind.QUESTION)),
        n_against=Count("id", filter=Q(outcome__in=_AGAINST)),
        n_chargebacks=Count("id", filter=Q(kind=CaseKind.CHARGEBACK)),
    )
    return History(n_orders, **counted)


def codes_mailed_at(order_id: UUID) -> datetime | None:
    """Return when the codes themselves went out by mail: who reads the mailbox need not open any seal.

    ``None`` where mails carry only the link, or none was sent.
    """
    if settings.MAIL_CODES != "codes":
        return None
    letter = SentLetter.objects.filter(kind="goods", subject=order_id, state=LetterState.SENT).first()
    return letter.sent_at if letter else None


def pieces_of(case: Case) -> list[Piece]:
    """Return every code of the order with what is known of it; for staff and for the evidence pack."""
    with connection.cursor() as cursor:
        cursor.execute(_PIECES, [case.order_id])
        rows = cursor.fetchall()
        cursor.execute(_COMPLAINTS, [case.merchant_id, [row[6] for row in rows], case.id])
        complaints = {int(batch): int(count) for batch, count in cursor.fetchall()}
    return [_piece(row, case, complaints) for row in rows]


def _piece(row: tuple[Any, ...], case: Case, complaints: dict[int, int]) -> Piece:
    position, code_id, revealed_at, revealed_from, revealed_net, replaces, batch_id, expires_on, *batch = row
    brought_at, source, n_in, n_sold = batch
    return Piece(
        position,
        code_id,
        revealed_at,
        revealed_from,
        revealed_net,
        replaces,
        batch_id,
        expires_on,
        brought_at,
        source or "",
        n_in or 0,
        n_sold or 0,
        is_complained_of=not case.positions or position in case.positions,
        n_complaints=complaints.get(batch_id, 0),
    )
