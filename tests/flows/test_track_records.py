"""What buyers are told of a seller follows from what happened, and compares with what is usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from xinka.disputes.models import Case
from xinka.flows.track_records import count_records
from xinka.kernel import ids
from xinka.merchants.models import Merchant, Record
from xinka.orders.models import Order
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

NOW = datetime(2028, 3, 1, 4, 30, tzinfo=UTC)


def ordered(merchant: Merchant, n: int, *, days_ago: float = 10, delivered: bool = True) -> list[UUID]:
    """Write orders as they would stand there."""
    at = NOW - timedelta(days=days_ago)
    made = [UUID(int=ids.first_of(at.timestamp()).int + Order.objects.count() + k + 1) for k in range(n)]
    state, moment = ("delivered", at) if delivered else ("expired", None)
    more = {"amount": 4900, "currency": "CNY", "contact": b"x", "contact_key": ids.new_uuid(), "language": "en"}
    Order.objects.bulk_create(
        Order(
            id=id_, merchant=merchant, sku_id=1, title="t", quantity=1, state=state, request_key=id_, request_hash=1,
            placed_at=at, expires_at=at, paid_at=moment, delivered_at=moment, **more,
        )
        for id_ in made
    )  # fmt: skip
    return made


def complained(order: UUID, kind: str = "dispute", *, outcome: str = "", answered_in: timedelta | None = None) -> None:
    merchant = Order.objects.get(id=order).merchant_id
    Case.objects.create(
        id=ids.new_uuid(), order_id=order, merchant_id=merchant, kind=kind, reason="other", amount=1, currency="CNY",
        state="closed" if outcome else "awaits_seller", outcome=outcome, opened_at=NOW, moved_at=NOW,
        closed_at=NOW if outcome else None, answered_at=NOW + answered_in if answered_in else None,
        channel_id=1 if kind == "chargeback" else None, gateway_case_no=str(order) if kind == "chargeback" else "",
    )  # fmt: skip


def record_of(merchant: Merchant) -> tuple[int, int, int | None, timedelta | None]:
    found = Record.objects.get(merchant=merchant)
    assert found.counted_at == NOW
    return found.n_delivered, found.n_disputed, found.usual_bps, found.answers_in


@pytest.fixture
def ada() -> Merchant:
    return Merchant.objects.create(slug="ada", name="Ada")


def test_what_was_delivered_lately_and_disputed_is_counted(ada: Merchant) -> None:
    orders = ordered(ada, 8)
    ordered(ada, 2, delivered=False)
    ordered(ada, 3, days_ago=91)
    complained(orders[0])
    complained(orders[0], "chargeback")  # one order, however often
    complained(orders[1], "claim", outcome="released")  # however it ends
    complained(orders[2], outcome="withdrawn")  # unless the buyer takes it back
    complained(orders[3], "question")
    run(count_records(NOW))
    assert record_of(ada) == (8, 2, None, None)


def test_the_middle_one_of_the_sellers_who_sold_enough_says_what_is_usual(ada: Merchant) -> None:
    bea, cem, new = (Merchant.objects.create(slug=f"m{n}", name=f"m{n}") for n in range(3))
    for merchant, n_orders, n_disputed in ((ada, 20, 4), (bea, 40, 2), (cem, 20, 0), (new, 19, 19)):
        for order in ordered(merchant, n_orders)[:n_disputed]:
            complained(order)
    run(count_records(NOW))
    assert record_of(ada) == (20, 4, 500, None)
    assert record_of(new) == (19, 19, 500, None)


def test_how_soon_somebody_answers_is_told_from_three_answers_on_and_questions_count(ada: Merchant) -> None:
    orders = ordered(ada, 5)
    for order, minutes in zip(orders, (10, 700), strict=False):
        complained(order, "question", answered_in=timedelta(minutes=minutes))
    complained(orders[2])
    run(count_records(NOW))
    assert record_of(ada)[3] is None
    complained(orders[3], answered_in=timedelta(minutes=30))
    run(count_records(NOW))
    assert record_of(ada)[3] == timedelta(minutes=30)


def test_a_seller_without_orders_has_a_record_of_nothing_and_counting_again_replaces_what_was(ada: Merchant) -> None:
    run(count_records(NOW - timedelta(days=1)))
    ordered(ada, 1)
    assert run(count_records(NOW)) == Merchant.objects.count() == Record.objects.count()
    assert record_of(ada) == (1, 0, None, None)
