"""Forgetting whom old orders went to, and the copies of codes that were sold with them.

The E-commerce Law, article 31, has the facts of a trade kept for three years from its end; the Personal Information
Protection Law, articles 19 and 47, has what nobody needs any more deleted. The order, its money and which code went
where stay: the books and the auditor need them, and they tell of nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from xinka.delivery.models import DeliveredCode
from xinka.disputes.models import Case
from xinka.disputes.states import CaseState
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.kernel import ids
from xinka.orders.contacts import forget_contacts
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OrderState
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import RefundState
from xinka.platform.audit.actions import report
from xinka.platform.audit.models import Report
from xinka.promotions.models import Use
from xinka.stock.models import StockCode

log = logging.getLogger(__name__)

#: What was never paid is no trade; money that comes late comes within days.
UNPAID_KEPT_FOR = timedelta(days=180)
_BATCH = 500
_REPORT = "contacts"
_START = UUID(int=0)
_UNPAID = [state.value for state in CLOSED_UNPAID]
_ENDED = [HoldState.SETTLED.value, HoldState.RETURNED.value, HoldState.SEIZED.value]


def forget_old_contacts(now: datetime) -> int:
    """Forget the contacts of all orders whose time is over, in batches; return how many there were.

    Numbers of orders grow with time, so each night only looks at what has become old since the last. On the first of
    a month it looks at everything: what a case or an unsettled refund had kept is done then.
    """
    known = Report.objects.filter(name=_REPORT).values_list("details", flat=True).first() or {}
    reached: dict[str, UUID] = {} if now.day == 1 else {name: UUID(text) for name, text in known.items()}
    kept_for = timedelta(days=settings.CONTACTS_KEPT_DAYS)
    passes: list[tuple[str, timedelta, Callable[[datetime], QuerySet[Order]]]] = [
        ("unpaid", min(UNPAID_KEPT_FOR, kept_for), _unpaid),
        ("traded", kept_for, _traded),
    ]
    n_forgotten = 0
    for name, age, candidates in passes:
        until = ids.first_of((now - age).timestamp())
        n_forgotten += _forget(candidates(now - age).filter(id__lt=until), after=reached.get(name, _START))
        reached[name] = until
    report(_REPORT, {name: str(until) for name, until in reached.items()})
    if n_forgotten:
        log.info("contacts.forgotten", extra={"orders": n_forgotten})
    return n_forgotten


def _forget(candidates: QuerySet[Order], *, after: UUID) -> int:
    n_forgotten = 0
    while True:
        with transaction.atomic():
            found = candidates.filter(id__gt=after).exclude(contact=b"").order_by("id")
            batch = list(found.select_for_update(of=("self",), no_key=True).values_list("id", flat=True)[:_BATCH])
            if not batch:
                return n_forgotten
            forget_contacts(batch)
            sold = DeliveredCode.objects.filter(order_id__in=batch, reusable=False).values("code_id")
            StockCode.objects.filter(id__in=sold).update(envelope=b"")
            Use.objects.filter(order_id__in=batch).update(buyer_keys=[])
        after = batch[-1]
        n_forgotten += len(batch)


def _unpaid(_before: datetime) -> QuerySet[Order]:
    """Return the orders that ended without any money."""
    return Order.objects.filter(~Exists(Receipt.objects.filter(order_id=OuterRef("id"))), state__in=_UNPAID)


def _traded(before: datetime) -> QuerySet[Order]:
    """Return the orders about which all ended before a moment: the trade, its money, and what was argued about."""
    here: dict[str, OuterRef] = {"order_id": OuterRef("id")}
    open_holds = Hold.objects.filter(**here).exclude(state__in=_ENDED)
    open_refunds = Refund.objects.filter(**here).exclude(state=RefundState.DONE.value)
    cases = Case.objects.filter(Q(closed_at__gte=before) | ~Q(state=CaseState.CLOSED.value), **here)
    settled_at = Subquery(Hold.objects.filter(**here).values("settled_at")[:1])
    ended_at = Greatest("placed_at", "delivered_at", "closed_at", settled_at)
    finished = Order.objects.filter(state__in=[OrderState.DELIVERED.value, OrderState.REFUNDED.value, *_UNPAID])
    # A delivered order whose hold the relay has yet to make is not that old.
    return (
        finished.filter(~Exists(open_holds), ~Exists(open_refunds), ~Exists(cases))
        .annotate(ended_at=ended_at)
        .filter(ended_at__lt=before)
    )
