"""Many choose the same label in the same moment: each gets a code that looks like what was chosen, and none twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import cast
from tests.flows.waiting import at_once
from xinka.catalog.models import Sku
from xinka.flows import checkout
from xinka.flows.checkout import CheckoutRequest, Placed
from xinka.kernel.flow import Flow, Query
from xinka.payments.models import Channel
from xinka.stock.models import Reservation, StockCode
from xinka.stock.queries import labels_on_offer

pytestmark = [pytest.mark.race, pytest.mark.timeout(600), pytest.mark.usefixtures("committed_shop")]

BUYERS, ROUNDS = 8, 3


def shelf(n_alike: int) -> tuple[Sku, Channel]:
    """Return a variant with so many codes of one label, and others between them."""
    sku = cast.ware(cast.adas_shop(), 0, sku={"choosable": True, "choose_premium": 300}).sku
    labels = ["Asia", "Brazil"] * n_alike
    cast.stock_up(sku, [f"{label}-{n}" for n, label in enumerate(labels)], labels=labels)
    return sku, cast.channel()


def choose_at_once(sku: Sku, alipay: Channel, round_: int) -> Counter[str]:
    """Let buyers look at the page, choose the same label of it, and order in the same moment; return the answers."""
    shown = next(label.code_id for label in labels_on_offer(sku.id)[0] if label.text == "Asia")
    requests = [cast.ask(sku, alipay, chosen=shown, contact=f"cy{round_}{n}@example.com") for n in range(BUYERS)]

    def order(request: CheckoutRequest) -> str:
        return type(cast.checkout(request)).__name__

    return Counter(map(str, at_once(*[lambda one=request: order(one) for request in requests])))  # type: ignore[misc]


def test_everybody_who_chose_the_same_label_at_once_gets_one() -> None:
    sku, alipay = shelf(BUYERS * ROUNDS)
    for round_ in range(ROUNDS):
        assert choose_at_once(sku, alipay, round_) == {Placed.__name__: BUYERS}
    codes = [code for held in Reservation.objects.values_list("code_ids", flat=True) for code in held]
    assert len(codes) == len(set(codes)) == BUYERS * ROUNDS
    assert set(StockCode.objects.filter(id__in=codes).values_list("label", flat=True)) == {"Asia"}


def test_when_there_are_fewer_than_buyers_all_of_them_are_sold_and_no_other_label() -> None:
    sku, alipay = shelf(BUYERS - 3)
    assert choose_at_once(sku, alipay, 0) == {Placed.__name__: BUYERS - 3, "chosen_gone": 3}
    assert {label.text for label in labels_on_offer(sku.id)[0]} == {"Brazil"}


def _nothing(_request: CheckoutRequest) -> Flow[CheckoutRequest | None]:
    yield Query("SELECT 1")
    return None


def test_where_nobody_looks_for_one_that_looks_the_same_all_but_one_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: what it was like."""
    monkeypatch.setattr(checkout, "_alike", _nothing)
    sku, alipay = shelf(BUYERS)
    assert choose_at_once(sku, alipay, 0) == {Placed.__name__: 1, "chosen_gone": BUYERS - 1}
