"""Several of finance at one money in one moment: one of them counts, and the goods leave once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction

from tests import cast
from tests.flows.payouts import finance
from tests.flows.rows import broken
from tests.flows.test_disputes_races import together
from tests.flows.test_matching import PRICE, standing, stray, wanted
from xinka.delivery.models import DeliveredCode
from xinka.flows.matching import decide, propose
from xinka.flows.settle import MatchedMoney, settle_matched
from xinka.payments import sql as payments_sql
from xinka.payments.models import Receipt, SuspenseProposal
from xinka.platform.database.django_drive import run


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_agree_once_and_the_goods_leave_once() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 5).sku, cast.channel())
    proposed = propose(wanted(stray(bought.channel), bought.order_id), by=finance())
    clerks = [finance() for _ in range(4)]
    acts = [lambda by=by: decide(proposed.id, grant=True, by=by) for by in clerks]
    assert together(*acts) == ["done"] + ["proposal_decided"] * 3
    assert DeliveredCode.objects.count() == 1
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_propose_two_orders_for_one_money_and_one_stands() -> None:
    channel, ware = cast.channel(), cast.ware(cast.adas_shop(), 5)
    orders = [cast.buy(ware.sku, channel, contact=f"cy{n}@mail.example") for n in range(4)]
    receipt = stray(channel)
    clerks = [finance() for _ in orders]
    acts = [
        lambda by=by, one=one: propose(wanted(receipt, one.order_id), by=by)
        for by, one in zip(clerks, orders, strict=True)
    ]
    assert together(*acts) == ["done"] + ["proposal_waits"] * 3
    assert SuspenseProposal.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_form_that_comes_twice_in_one_moment_is_one_proposal() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 5).sku, cast.channel())
    asked, by = wanted(stray(bought.channel), bought.order_id), finance()
    assert together(*[lambda: propose(asked, by=by)] * 4) == ["done"] * 4
    assert SuspenseProposal.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_money_matched_in_the_moment_in_which_the_order_is_paid_delivers_once() -> None:
    """Whoever comes first pays the order; the other's money is still all there, or on its way back."""
    bought = cast.buy(cast.ware(cast.adas_shop(), 5).sku, cast.channel())
    proposed = propose(wanted(stray(bought.channel), bought.order_id), by=finance())
    by = finance()
    ended = together(lambda: cast.pay(bought), lambda: decide(proposed.id, grant=True, by=by))
    assert ended in (["done", "done"], ["done", "order_takes_none"])
    assert DeliveredCode.objects.count() == 1
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_condition_on_the_receipt_money_would_be_matched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: one money for two orders, past the proposals; only the conditional update stands in between."""
    channel, ware = cast.channel(), cast.ware(cast.adas_shop(), 5)
    orders = [cast.buy(ware.sku, channel, contact=f"cy{n}@mail.example") for n in range(2)]

    def match(receipt: Receipt, bought: cast.Bought) -> None:
        facts = (receipt.channel_id, None, receipt.trade_no, receipt.amount, receipt.currency)
        with transaction.atomic():
            run(settle_matched(MatchedMoney(*facts, match_id=uuid4(), by_id=1), bought.order_id))

    guarded = stray(channel)
    acts = [lambda one=one: match(guarded, one) for one in orders]
    assert together(*acts) == ["done", "not_unmatched"]
    careless = payments_sql.TAKE_OVER.replace("AND outcome = 'unmatched' AND order_id IS NULL", "")
    monkeypatch.setattr(payments_sql, "TAKE_OVER", careless)
    others = [cast.buy(ware.sku, channel, contact=f"di{n}@mail.example") for n in range(2)]
    loose = stray(channel, number="T-loose")
    assert together(*[lambda one=one: match(loose, one) for one in others]) == ["done", "done"]
    assert broken() != []
