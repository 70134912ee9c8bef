"""An order that is being placed while its merchant's only owner leaves: it is seen, and the shop stays open for it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from xinka.accounts.errors import ClosingWaits
from xinka.accounts.models import User
from xinka.flows import closing_shops
from xinka.flows.closing_accounts import close_account
from xinka.merchants.models import Merchant, MerchantState
from xinka.orders.models import Order

pytestmark = [pytest.mark.race, pytest.mark.timeout(600), pytest.mark.usefixtures("committed_shop")]


@pytest.mark.parametrize("is_slow", [False, True])
def test_an_order_that_was_being_placed_keeps_the_account_and_the_shop(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    shop = cast.adas_shop()
    sku, channel = cast.ware(shop, 3).sku, cast.channel()
    ada = User.objects.get(memberships__merchant=shop, memberships__role="owner")
    answers: list[object] = []
    looks: list[set[str]] = []

    def leave() -> None:
        try:
            answers.append([one.address for one in close_account(ada, by="person", now=timezone.now())])
        except ClosingWaits as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    def look() -> set[str]:
        looks.append(under_way())
        return looks[-1]

    under_way = closing_shops._under_way
    monkeypatch.setattr(closing_shops, "_under_way", look)
    if is_slow:
        monkeypatch.setattr(closing_shops, "_WAITS_FOR", 0)
    leaving = threading.Thread(target=leave)
    with transaction.atomic():
        cast.buy(sku, channel)
        leaving.start()
        while leaving.is_alive() and (is_slow or len(looks) < 3):
            pass
    leaving.join()
    assert answers == ["closing_waits" if is_slow else ["/desk/ada-cards/orders"]]
    assert (Merchant.objects.get().state, Order.objects.count()) == (MerchantState.ACTIVE, 1)
    assert User.objects.get(pk=ada.pk).closed_at is None
