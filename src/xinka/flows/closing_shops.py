"""Have shops stop selling so that nothing is sold unseen: whoever looks after that sees every order there is.

A checkout looks at its shop once, when its statement begins, and locks nothing: that would cost every sale. So who ends
a shop has it stop first, and then waits for the checkouts that began before. The next ones find it closed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from django.db import connection, transaction

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


def stop_selling(shops: Iterable[Merchant]) -> list[int]:
    """Close shops to buyers and wait for the orders that are being placed; return which of them were open.

    Call it outside of transactions.

    Raises:
        ClosingWaits: if that takes too long; the shops sell again.
    """
    with transaction.atomic():
        found = Merchant.objects.select_for_update().filter(
            id__in=[shop.id for shop in shops], state=MerchantState.ACTIVE
        )
        ids = [shop.id for shop in found.order_by("id")]
        _set_state(ids, MerchantState.SUSPENDED)
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
    """Take back that shops were closed to buyers."""
    _set_state(ids, MerchantState.ACTIVE)


def _set_state(ids: Collection[int], state: MerchantState) -> None:
    if ids:
        Merchant.objects.filter(id__in=ids).update(state=state)
        tell_tills()  # products are on pages that are kept


def _under_way() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNDER_WAY)
        return {name for (name,) in cursor.fetchall()}
