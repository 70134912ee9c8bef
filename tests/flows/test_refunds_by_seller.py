"""A seller gives money back unasked, and never beside a case that is being opened in the same moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.flows.disputing import SELLER, Trade, dee, trade
from tests.flows.payouts import ada_of
from tests.flows.rows import broken, leaves_nothing
from tests.flows.waiting import while_uncommitted
from xinka.disputes.errors import BankDecides, CaseIsOpen
from xinka.disputes.models import Case
from xinka.escrow.models import GivenBack
from xinka.flows.disputes import cases, chargebacks
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.refunds.by_seller import give_back_by_seller
from xinka.flows.refunds.by_staff import Wanted, ask
from xinka.kernel.ids import new_uuid
from xinka.payments.models import Receipt, Refund
from xinka.platform.audit.models import AuditEntry


def back(deal: Trade, amount: int = 9800) -> int:
    return give_back_by_seller(deal.order, amount, key="k", by=ada_of(deal.order.merchant))


def bank_asks(deal: Trade) -> Case:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    return chargebacks.open_chargeback(
        Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9800), now=timezone.now()
    )


@pytest.mark.django_db
def test_the_same_form_twice_gives_back_once_and_is_one_act_of_its_seller() -> None:
    deal = trade()
    assert [back(deal, 3000) for _ in range(2)] == [3000, 3000]
    assert list(Refund.objects.values_list("amount", "reason")) == [(3000, "seller")]
    act = AuditEntry.objects.get(action="order.give_back")
    assert (act.actor_id, act.details["amount"]) == (ada_of(deal.order.merchant).pk, 3000)
    assert GivenBack.objects.get().key == f"seller:{deal.order.id}:k"
    assert broken() == []


@pytest.mark.django_db
def test_where_a_case_or_a_bank_decides_the_seller_gives_nothing_back_beside_it() -> None:
    deal = trade()
    deal.complain()
    with pytest.raises(CaseIsOpen):
        leaves_nothing(lambda: back(deal))
    bank_asks(deal)
    with pytest.raises(BankDecides):
        leaves_nothing(lambda: back(deal))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["seller", "staff"])
def test_a_refund_that_meets_the_opening_of_a_case_waits_for_it_and_is_refused(who: str) -> None:
    deal, judge = trade(), dee()
    wanted = Wanted(deal.order.id, 9800, "The maker withdrew the product.", new_uuid())
    give: Callable[[], object] = (lambda: back(deal)) if who == "seller" else (lambda: ask(wanted, by=judge))
    assert while_uncommitted(deal.complain, give) == "case_is_open"
    assert Refund.objects.count() == 0
    cases.concede(Case.objects.get().id, by=SELLER, now=timezone.now())
    assert list(Refund.objects.values_list("amount", flat=True)) == [9800]
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_refund_that_meets_a_chargeback_waits_for_it_and_is_refused() -> None:
    deal = trade()
    assert while_uncommitted(lambda: bank_asks(deal), lambda: back(deal)) == "case_bank_decides"
    assert Refund.objects.count() == 0
    assert broken() == []
