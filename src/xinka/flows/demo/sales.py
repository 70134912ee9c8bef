"""The demo's past: two weeks of orders, placed, paid and expired by the shop's own flows under a clock set back.

The flows ask the database for the time. Within the demo's one transaction, ``now()`` is a function of the demo's that
answers with a moment of the past; so books, orders and payments agree without one row being rewritten afterwards.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from xinka.catalog.models import ProductState, Sku
from xinka.catalog.queries import unit_price
from xinka.delivery.actions import Opener, mark_revealed
from xinka.flows.checkout import RESERVED_FOR, CheckoutRequest, Placed, place
from xinka.flows.escrow.holding import ensure_holds
from xinka.flows.expire import expire_due
from xinka.flows.settle import DELIVERED, VerifiedMoney, settle_plain
from xinka.flows.sweep import LOOK_BACK
from xinka.kernel.ids import new_uuid
from xinka.orders.access import contact_place
from xinka.payments.models import Channel
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent
from xinka.platform.vault.keys import CONTACTS, blind_index, sealing_key

DAYS = 14
#: How much is sold in each hour of a day, relative to the others.
_HOURS = (2, 1, 1, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 5, 4, 4, 5, 6, 7, 9, 11, 12, 9, 5)
#: One in so many orders is never paid.
_UNPAID = 12
#: How much of each way to pay, in the order of the shop.
_WAYS = (7, 3)
#: Everybody's telephone, at an address that is kept free for examples (RFC 5737).
_OPENER = Opener("Android", "203.0.113.7")
_MAKE_CLOCK = """
CREATE SCHEMA demo_clock;
CREATE FUNCTION demo_clock.now() RETURNS timestamptz LANGUAGE sql STABLE
AS $$ SELECT current_setting('demo.now')::timestamptz $$;
"""


def sell_for_two_weeks(channel_slugs: Sequence[str], *, cy: str) -> int:
    """Write the past and return the number of orders. Nobody is mailed about them. Run it in a transaction.

    ``cy`` is the address of the buyer whose orders can be looked at after signing in.
    """
    chance = random.Random(14)  # noqa: S311 - the same past in every demo
    channels = [Channel.objects.get(slug=slug) for slug in channel_slugs]
    skus = [sku for sku in _for_sale() if sku.min_quantity == 1]
    last_event = OutboxEvent.objects.order_by("id").values_list("id", flat=True).last() or 0
    moments = _moments(chance, timezone.now())
    with _clock() as set_clock:
        for number, moment in enumerate(moments):
            buyer = cy if number % 23 == 5 else f"buyer{chance.randrange(90)}@mail.example"
            sku = chance.choices(skus, weights=[_appeal(sku) for sku in skus])[0]
            channel = chance.choices(channels, weights=_WAYS[: len(channels)])[0]
            set_clock(moment)
            request = _request(sku, channel, buyer, quantity=_quantity(chance, sku), moment=moment)
            (answer,) = run(place([request]))
            if not isinstance(answer, Placed):
                continue
            if chance.randrange(_UNPAID):
                set_clock(moment + timedelta(seconds=chance.randrange(8, 200)))
                _pay(answer, channel, request, moment + timedelta(minutes=4))
            else:
                set_clock(moment + timedelta(seconds=RESERVED_FOR + 5))
                run(expire_due())
    # The relay would write to all these buyers; only what it does for escrow is wanted here.
    told = OutboxEvent.objects.filter(id__gt=last_event)
    run(ensure_holds(list(told.filter(kind=DELIVERED).values_list("subject", flat=True))))
    told.delete()
    return len(moments)


def _pay(order: Placed, channel: Channel, request: CheckoutRequest, opened_at: datetime) -> None:
    run(settle_plain([VerifiedMoney(channel.id, order.payment_id, f"D{secrets.token_hex(9)}", order.amount)]))
    if order.payment_id.int % 3:
        mark_revealed(order.order_id, range(1, request.quantity + 1), opener=_OPENER, now=opened_at)


def _for_sale() -> list[Sku]:
    found = Sku.objects.filter(on_sale=True, currency="CNY", product__state=ProductState.LIVE)
    return list(found.select_related("product").prefetch_related("tiers").order_by("id"))


def _appeal(sku: Sku) -> float:
    """Return how often a variant is bought: what is cheap more often than what is dear, some goods more than others."""
    return (1 + sku.product_id % 5) * (10_000 / (sku.price + 2_000))


def _quantity(chance: random.Random, sku: Sku) -> int:
    return 1 if sku.max_quantity == 1 else min(sku.max_quantity, chance.choice((1, 1, 1, 1, 2, 2, 5)))


def _moments(chance: random.Random, now: datetime) -> list[datetime]:
    """Return when the orders were placed, in order, from two weeks ago until before the sweeper looks.

    Their buyers were never written to, and the sweeper would take that for forgotten.
    """
    found: list[datetime] = []
    for days in range(DAYS, -1, -1):
        day = timezone.localtime(now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        many = 9 + chance.randrange(7) + (4 if day.weekday() >= 5 else 0)
        hours = chance.choices(range(24), weights=_HOURS, k=many)
        found += [day + timedelta(hours=hour, seconds=chance.randrange(3600)) for hour in hours]
    return sorted(moment for moment in found if moment < now - LOOK_BACK)


@contextmanager
def _clock() -> Iterator[Callable[[datetime], object]]:
    """Let this transaction's ``now()`` be what one sets it to."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        usual = str(cursor.fetchone()[0])
        cursor.execute(_MAKE_CLOCK)
        cursor.execute(f"SET LOCAL search_path = demo_clock, pg_catalog, {usual}")
        yield lambda moment: cursor.execute("SELECT set_config('demo.now', %s, true)", [moment.isoformat()])
        cursor.execute(f"SET LOCAL search_path = {usual}; DROP SCHEMA demo_clock CASCADE")


def _request(sku: Sku, channel: Channel, buyer: str, *, quantity: int, moment: datetime) -> CheckoutRequest:
    order_id, contact = new_uuid(moment.timestamp()), buyer.encode()
    return CheckoutRequest(
        order_id=order_id,
        payment_id=new_uuid(moment.timestamp()),
        sku_id=sku.id,
        quantity=quantity,
        chosen=0,
        expected=unit_price(sku, quantity) * quantity,
        channel_id=channel.id,
        request_key=secrets.token_hex(16),
        request_hash=0,
        contact=sealing_key(CONTACTS).seal(contact, contact_place(order_id)),
        contact_key=blind_index("contact").hex(contact),
        address_key=secrets.token_hex(16),
        language="zh-hans",
        password_key=None,
    )
