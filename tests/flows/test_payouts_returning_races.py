"""A return meets others at the same moment, on real threads: it is entered once, and nobody loses or gains by it."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.flows.payouts import ada_of, finance, money_of, owe, wish
from tests.flows.returning import paid, returned, shop_with, told
from tests.flows.rows import broken
from tests.flows.waiting import at_once, while_uncommitted
from xinka.flows.disputes.money import lock_balances
from xinka.flows.payouts import asking, returning
from xinka.flows.payouts.returning import decide_return, enter_return
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balances_of_merchant
from xinka.merchants.models import Merchant
from xinka.payouts.models import Payout, PayoutReturn
from xinka.platform.database.django_drive import run

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def back() -> list[int]:
    """Return what came back onto the balance, once per journal."""
    found = Entry.objects.filter(kind=JournalKind.PAYOUT_RETURNED, account=Account.SELLER_AVAILABLE)
    return [-amount for amount in found.values_list("amount", flat=True)]


def test_eight_clerks_at_once_bring_it_back_once() -> None:
    shop, to = shop_with()
    payout = paid(to)
    clerks = [finance() for _ in range(8)]
    answers = at_once(
        *[
            lambda n=n, by=by: enter_return(told(payout, f"TP-{n}"), key=new_uuid(), by=by)  # type: ignore[misc]
            for n, by in enumerate(clerks)
        ]
    )
    assert sorted(one for one in answers if isinstance(one, str)) == ["payout_moved"] * 7
    assert (back(), money_of(shop)) == ([10_000], (100_000, 0, 0))
    assert broken() == []


def test_one_number_of_the_bank_for_two_payouts_at_once_is_good_for_one() -> None:
    shop, to = shop_with()
    payouts, fay = [paid(to), paid(to)], finance()
    answers = at_once(
        *[lambda one=one: enter_return(told(one), key=new_uuid(), by=fay) for one in payouts]  # type: ignore[misc]
    )
    assert [one for one in answers if isinstance(one, str)] == ["return_number_taken"]
    assert money_of(shop) == (90_000, 0, 0)
    assert broken() == []


def test_two_yes_and_a_no_at_once_are_one_word() -> None:
    shop, to = shop_with(1_000_000)
    payout = paid(to, 500_000)
    asked = returned(payout)
    dee, fay, gus = finance(), finance(), finance()
    answers = at_once(
        lambda: decide_return(asked.id, grant=True, by=dee),
        lambda: decide_return(asked.id, grant=True, by=fay),
        lambda: decide_return(asked.id, grant=False, by=gus),
    )
    assert [one for one in answers if isinstance(one, str)] == ["proposal_decided"] * 2
    is_back = PayoutReturn.objects.get().state == "done"
    assert money_of(shop) == ((1_000_000 if is_back else 500_000), 0, 0)
    assert broken() == []


def test_two_that_one_person_may_each_say_alone_are_not_both_said_at_once() -> None:
    _shop, to = shop_with(1_000_000)
    first, second = paid(to, 300_000), paid(to, 300_000)
    fay, dee = finance(), finance()
    at_once(
        lambda: enter_return(told(first, "TP-1"), key=new_uuid(), by=fay),
        lambda: enter_return(told(second, "TP-2"), key=new_uuid(), by=dee),
    )
    assert sorted(PayoutReturn.objects.values_list("eyes", flat=True)) == [1, 2]


def test_a_withdrawal_that_comes_second_finds_the_account_marked() -> None:
    shop, to = shop_with()
    payout, ada, fay = paid(to), ada_of(shop), finance()
    answer = while_uncommitted(
        lambda: enter_return(told(payout), key=new_uuid(), by=fay), lambda: asking.ask(wish(to, 50_000), by=ada)
    )
    assert answer == "payout_account_returned"
    assert money_of(shop) == (100_000, 0, 0)


def test_without_the_payees_row_a_withdrawal_would_go_to_the_account_that_sent_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: what holding the payee is for."""
    shop, to = shop_with()
    payout, ada, fay = paid(to), ada_of(shop), finance()
    monkeypatch.setattr(returning, "lock_payee", lambda _payee: None)
    answer = while_uncommitted(
        lambda: enter_return(told(payout), key=new_uuid(), by=fay), lambda: asking.ask(wish(to, 50_000), by=ada)
    )
    assert isinstance(answer, Payout)


def test_a_return_and_withdrawals_of_all_there_is_pay_out_no_more_than_there_is() -> None:
    shop, to = shop_with()
    payout, ada, fay = paid(to), ada_of(shop), finance()

    def all_of_it(amount: int) -> Payout:
        return asking.ask(asking.Wish(to.payee, to.id, amount, "CNY", new_uuid().hex, is_checked=True), by=ada)

    at_once(
        lambda: enter_return(told(payout), key=new_uuid(), by=fay),
        *[lambda amount=amount: all_of_it(amount) for amount in (100_000, 90_000, 100_000, 90_000)],  # type: ignore[misc]
    )
    available, in_transit, _owed = money_of(shop)
    assert available + in_transit == 100_000
    assert min(available, in_transit) >= 0
    assert broken() == []


def _charge_back(shop: Merchant, amount: int) -> None:
    """Take a chargeback out of what is available, and owe the rest, as ``flows.disputes.chargebacks`` does."""
    with transaction.atomic():
        lock_balances(shop.id, "CNY")
        there = balances_of_merchant(shop.id)["available"]
        taken = min(there, amount)
        legs = (
            Leg(Account.SELLER_AVAILABLE, taken, shop.id),
            Leg(Account.SELLER_RECEIVABLE, amount - taken, shop.id),
            Leg(Account.SUSPENSE, -amount),
        )
        run(post([Journal(JournalKind.CHARGEBACK_OPENED, f"test/{new_uuid()}", "CNY", legs)]))


def test_a_return_and_chargebacks_at_once_take_and_give_each_its_own() -> None:
    shop, to = shop_with(10_000)
    payout, fay = paid(to), finance()
    owe(shop, 1_000)
    at_once(
        lambda: enter_return(told(payout), key=new_uuid(), by=fay),
        *[lambda: _charge_back(shop, 4_000) for _ in range(4)],
    )
    available, in_transit, owed = money_of(shop)
    assert (available - owed, in_transit, back()) == (10_000 - 17_000, 0, [10_000])
    assert broken() == []
