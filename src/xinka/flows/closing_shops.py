"""Have shops stop selling so that nothing is sold unseen: whoever looks after that sees every order there is.

A checkout looks at its shop once, when its statement begins, and locks nothing: that would cost every sale. So who ends
a shop has it stop first, and then waits for the checkouts that began before. The next ones find it closed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from xinka.accounts.errors import ClosingWaits
from xinka.merchants.models import Merchant, MerchantState
from xinka.payments.actions import tell_tills

#: Who writes orders holds this from before it looks at anything until it has committed.
_UNDER_WAY = """SELECT virtualtransaction FROM pg_locks WHERE relation = 'orders_order'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()"""
_LOOKS_EVERY = 0.02
#: A checkout takes milliseconds; what takes longer is something else, and closing can wait for another time.
_WAITS_FOR = 20.0
#: Who closed a shop for longer than this, and left it so, was killed.
_LEFT_BEHIND_AFTER = timedelta(minutes=5)


def stop_selling(shops: Iterable[Merchant]) -> list[int]:
    """Close shops to buyers and wait for the orders that are being placed; return which of them were open.

    Call it outside of transactions. Those that somebody who was killed had closed before were open too.

    Raises:
        ClosingWaits: if that takes too long; the shops sell again.
    """
    with transaction.atomic():
        found = Merchant.objects.select_for_update().filter(
            Q(state=MerchantState.ACTIVE) | Q(stopped_at__isnull=False), id__in=[shop.id for shop in shops]
        )
        ids = [shop.id for shop in found.order_by("id")]
        _set_state(ids, MerchantState.SUSPENDED, timezone.now())
    until = time.monotonic() + _WAITS_FOR
    before = _under_way() if ids else set()
    while before := before & _under_way():
        if time.monotonic() > until:
            sell_again(ids)
            raise ClosingWaits
        time.sleep(_LOOKS_EVERY)
    return ids


@transaction.atomic
def sell_again(ids: Collection[int]) -> None:
    """Take back that shops were closed to buyers; one that somebody else closed meanwhile stays closed."""
    marked = Merchant.objects.select_for_update().filter(id__in=ids, stopped_at__isnull=False)
    _set_state([shop.id for shop in marked.order_by("id")], MerchantState.ACTIVE, None)


def open_left_behind(now: datetime) -> int:
    """Open the shops that somebody closed who was killed before the account was; return how many."""
    left = Merchant.objects.filter(stopped_at__lt=now - _LEFT_BEHIND_AFTER)
    ids = list(left.values_list("id", flat=True))
    sell_again(ids)
    return len(ids)


def _set_state(ids: Collection[int], state: MerchantState, stopped_at: datetime | None) -> None:
    if ids:
        Merchant.objects.filter(id__in=ids).update(state=state, stopped_at=stopped_at)
        tell_tills()  # products are on pages that are kept


def _under_way() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNDER_WAY)
        return {name for (name,) in cursor.fetchall()}
