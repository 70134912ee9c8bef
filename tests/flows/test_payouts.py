"""Payouts are asked for once, out of money that is there, and nobody decides about their own."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from tests.cast import adas_shop
from tests.flows.payouts import ALIPAY, BANK, account, ada_of, approved, asked, enter, finance, money_of, owe, wish
from tests.flows.rows import broken, leaves_nothing
from xinka.flows.payouts import asking, review
from xinka.flows.payouts.accounts import MOST_ACCOUNTS, add_account, remove_account
from xinka.kernel.actors import Actor, Role
from xinka.kernel.ids import new_uuid
from xinka.kernel.per_currency import PerCurrency
from xinka.ledger.accounts import Account
from xinka.merchants.models import Merchant
from xinka.payouts.details import open_details, payout_place
from xinka.payouts.errors import (
    AccountCoolingDown,
    AccountInUse,
    ApprovedAlready,
    BalanceTooLow,
    NoSuchAccount,
    NotYourOwn,
    PayoutMoved,
    PayoutNotFound,
    PayoutsOnHold,
    PayoutTooSmall,
    SameKeyOtherPayout,
    TooManyAccounts,
)
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutEvent, PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


def jobs(task: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [task])
        return int(cursor.fetchone()[0])


def test_what_is_asked_for_is_in_transit_with_its_fee_and_mailed_about(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED, settings.PAYOUT_FEE_BPS = PerCurrency({"CNY": 100}), 50
    enter(shop, 100_000)
    payout = asked(account(shop), 50_000)
    assert (payout.amount, payout.fee, payout.state) == (50_000, 350, PayoutState.ASKED)
    assert money_of(shop) == (49_650, 50_350, 0)
    assert jobs("mail.payout") == 1
    assert broken() == []


def test_the_form_sent_twice_is_one_payout_and_with_other_contents_none(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    first = asking.ask(wish(to, 20_000, key="form-1"), by=ada_of(shop))
    again = leaves_nothing(lambda: asking.ask(wish(to, 20_000, key="form-1"), by=ada_of(shop)))
    assert isinstance(again, Payout)
    assert again.id == first.id
    with pytest.raises(SameKeyOtherPayout):
        asking.ask(wish(to, 30_000, key="form-1"), by=ada_of(shop))
    assert money_of(shop) == (80_000, 20_000, 0)


def test_no_more_than_is_available_with_the_fee(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED = PerCurrency({"CNY": 200})
    enter(shop, 50_000)
    to = account(shop)
    with pytest.raises(BalanceTooLow) as refused:
        asked(to, 49_801)
    assert refused.value.params["most"] == "498.00"
    assert money_of(shop) == (50_000, 0, 0)
    asked(to, 49_800)
    assert money_of(shop) == (0, 50_000, 0)


def test_pending_reserved_and_frozen_money_cannot_be_asked_for(shop: Merchant) -> None:
    for kept in (Account.SELLER_PENDING, Account.SELLER_RESERVE, Account.FROZEN):
        enter(shop, 100_000, kept)
    with pytest.raises(BalanceTooLow):
        asked(account(shop), 10_000)


def test_too_little_is_refused(shop: Merchant) -> None:
    enter(shop, 100_000)
    with pytest.raises(PayoutTooSmall):
        asked(account(shop), 999)


def test_what_the_merchant_owes_is_taken_first(shop: Merchant) -> None:
    enter(shop, 100_000)
    owe(shop, 30_000)
    to = account(shop)
    with pytest.raises(BalanceTooLow) as refused:
        asked(to, 80_000)
    assert refused.value.params["most"] == "700.00"
    assert money_of(shop) == (100_000, 0, 30_000)
    asked(to, 70_000)
    assert money_of(shop) == (0, 70_000, 0)
    assert broken() == []


def test_who_owes_more_than_there_is_gets_nothing(shop: Merchant) -> None:
    enter(shop, 20_000)
    owe(shop, 30_000)
    with pytest.raises(BalanceTooLow):
        asked(account(shop), 10_000)
    assert money_of(shop) == (20_000, 0, 30_000)


def test_a_new_account_waits_two_days(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = add_account(Payee.of_merchant(shop.id), BANK, by=ada_of(shop))
    assert to.usable_from - to.added_at == timedelta(hours=48)
    with pytest.raises(AccountCoolingDown):
        asked(to, 10_000)
    asking.ask(wish(to, 10_000), by=ada_of(shop), now=to.usable_from)
    assert jobs("mail.payout_account") == 1


def test_the_cool_down_cannot_be_shortened_in_the_table(shop: Merchant) -> None:
    to = account(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutAccount.objects.filter(id=to.id).update(usable_from=to.added_at - timedelta(seconds=1))


def test_another_merchants_account_or_a_removed_one_is_none(shop: Merchant) -> None:
    enter(shop, 100_000)
    eves = adas_shop(slug="eves-cards")
    theirs = account(eves)
    with pytest.raises(NoSuchAccount):
        asking.ask(asking.Wish(Payee.of_merchant(shop.id), theirs.id, 10_000, "CNY", "k"), by=ada_of(shop))
    with pytest.raises(NoSuchAccount):
        remove_account(Payee.of_merchant(shop.id), theirs.id, by=ada_of(shop))
    mine = account(shop)
    remove_account(Payee.of_merchant(shop.id), mine.id, by=ada_of(shop))
    with pytest.raises(NoSuchAccount):
        asked(mine, 10_000)
    assert jobs("mail.payout_account") == 3


def test_an_account_that_money_is_on_its_way_to_stays(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    payout = asked(to, 10_000)
    with pytest.raises(AccountInUse):
        remove_account(Payee.of_merchant(shop.id), to.id, by=ada_of(shop))
    asking.cancel(payout.id, by=Actor(Role.SELLER))
    remove_account(Payee.of_merchant(shop.id), to.id, by=ada_of(shop))


def test_accounts_are_few(shop: Merchant) -> None:
    for _ in range(MOST_ACCOUNTS):
        account(shop, ALIPAY)
    with pytest.raises(TooManyAccounts):
        account(shop)


def test_a_payout_taken_back_is_available_again_once(shop: Merchant) -> None:
    enter(shop, 100_000)
    payout = asked(account(shop), 40_000)
    with pytest.raises(PayoutNotFound):
        asking.cancel(payout.id, payee=Payee.of_merchant(shop.id + 1), by=Actor(Role.SELLER))
    asking.cancel(payout.id, payee=Payee.of_merchant(shop.id), by=Actor(Role.SELLER))
    assert money_of(shop) == (100_000, 0, 0)
    with pytest.raises(PayoutMoved):
        asking.cancel(payout.id, by=Actor(Role.FINANCE))
    assert money_of(shop) == (100_000, 0, 0)
    assert broken() == []


def test_small_ones_need_one_yes_large_ones_two_of_different_people(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 50_000})
    enter(shop, 100_000)
    to, dee, fay = account(shop), finance(), finance()
    small, large = asked(to, 49_999), asked(to, 50_000)
    assert review.approve(small.id, by=dee).state == PayoutState.APPROVED
    assert review.approve(large.id, by=dee).state == PayoutState.ASKED
    with pytest.raises(ApprovedAlready):
        review.approve(large.id, by=dee)
    assert review.approve(large.id, by=fay).state == PayoutState.APPROVED
    with pytest.raises(PayoutMoved):
        review.approve(large.id, by=finance())
    assert AuditEntry.objects.filter(action="payout.approve").count() == 3


def test_each_currency_has_its_own_limit_and_one_without_needs_two(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 50_000, "USD": 7_000})
    for currency in ("CNY", "USD", "KWD"):
        enter(shop, 50_000, currency=currency)
    to = account(shop)

    def needed(amount: int, currency: str) -> int:
        payout = asking.ask(wish(to, amount, currency=currency), by=ada_of(shop))
        try:
            return review.approvals_needed(payout)
        finally:
            asking.cancel(payout.id, by=Actor(Role.SELLER, ada_of(shop).pk))

    wanted = [(49_999, "CNY"), (6_999, "USD"), (7_000, "USD"), (49_999, "USD"), (1_000, "KWD")]
    assert [needed(*one) for one in wanted] == [1, 1, 2, 2, 2]


def test_each_currency_has_its_own_fee_and_least_payout(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED, settings.PAYOUT_MINIMUM = PerCurrency({"CNY": 100}), PerCurrency({"CNY": 1_000}, 200)
    for currency in ("CNY", "USD"):
        enter(shop, 50_000, currency=currency)
    to = account(shop)
    assert asked(to, 2_000).fee == 100
    assert asking.ask(wish(to, 200, currency="USD"), by=ada_of(shop)).fee == 0
    for amount, currency in ((999, "CNY"), (199, "USD")):
        with pytest.raises(PayoutTooSmall):
            asking.ask(wish(to, amount, currency=currency), by=ada_of(shop))


def test_what_is_asked_for_within_a_day_counts_together(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 50_000})
    enter(shop, 200_000)
    to, now = account(shop), timezone.now()

    def at(hours: float) -> Payout:
        return asking.ask(wish(to, 20_000), by=ada_of(shop), now=now + timedelta(hours=hours))

    first, cancelled, second = at(0), at(1), at(2)
    asking.cancel(cancelled.id, by=Actor(Role.SELLER, ada_of(shop).pk))
    third, next_day = at(23), at(26.5)
    needed = [review.approvals_needed(one) for one in (first, second, third, next_day)]
    assert needed == [1, 1, 2, 1]
    assert review.approve(third.id, by=finance()).state == PayoutState.ASKED


def test_what_others_ask_for_or_what_is_of_another_currency_does_not_count(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 50_000})
    other = adas_shop(slug="other")
    for one, currency in ((shop, "CNY"), (shop, "USD"), (other, "CNY")):
        enter(one, 40_000, currency=currency)
    to = account(shop)
    asking.ask(wish(to, 30_000, currency="USD"), by=ada_of(shop))
    asked(account(other), 30_000)
    payout = asked(to, 30_000)
    assert (review.asked_before(payout), review.approvals_needed(payout)) == (0, 1)


def test_what_moved_meanwhile_or_is_not_there_is_not_decided_about(shop: Merchant) -> None:
    enter(shop, 100_000)
    seen = asked(account(shop), 10_000)
    asking.cancel(seen.id, by=Actor(Role.SELLER, ada_of(shop).pk))
    with pytest.raises(PayoutMoved):  # it still stands as asked for where it was read
        asking.move(seen, PayoutEvent.APPROVE, Role.FINANCE)
    assert Payout.objects.get().state == PayoutState.CANCELLED
    for decide in (review.approve, partial(review.reject, reason="no")):
        with pytest.raises(PayoutNotFound):
            decide(new_uuid(), by=finance())


def test_nobody_decides_about_their_own_shop(shop: Merchant) -> None:
    enter(shop, 100_000)
    payout = asked(account(shop), 10_000)
    bo = shop.memberships.get(role="clerk").user
    for member in (ada_of(shop), bo):
        with pytest.raises(NotYourOwn):
            review.approve(payout.id, by=member)
        with pytest.raises(NotYourOwn):
            review.reject(payout.id, by=member, reason="no")
    hold = review.hold(Payee.of_merchant(shop.id), by=finance(), reason="looking into it")
    with pytest.raises(NotYourOwn):
        review.lift_hold(hold.id, by=bo)
    payout.refresh_from_db()
    assert payout.state == PayoutState.HELD


def test_a_refused_payout_is_available_again_and_says_why(shop: Merchant) -> None:
    enter(shop, 100_000)
    payout = approved(account(shop), 40_000)
    review.reject(payout.id, by=finance(), reason="the name does not fit")
    payout.refresh_from_db()
    assert (payout.state, payout.problem) == (PayoutState.CANCELLED, "the name does not fit")
    assert money_of(shop) == (100_000, 0, 0)


def test_a_hold_stops_what_was_not_sent_and_what_is_new_until_the_last_is_lifted(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    waiting, ready = asked(to, 10_000), approved(to, 10_000)
    first = review.hold(Payee.of_merchant(shop.id), by=finance(), reason="complaints")
    second = review.hold(Payee.of_merchant(shop.id), by=finance(), reason="papers")
    with pytest.raises(PayoutsOnHold):
        asked(to, 10_000)
    with pytest.raises(PayoutMoved):
        review.approve(waiting.id, by=finance())
    with pytest.raises(PayoutMoved):
        asking.cancel(ready.id, by=Actor(Role.SELLER))
    review.lift_hold(first.id, by=finance())
    assert set(Payout.objects.values_list("state", flat=True)) == {PayoutState.HELD}
    review.lift_hold(second.id, by=finance())
    assert set(Payout.objects.values_list("state", "round")) == {(PayoutState.ASKED, 2)}
    with pytest.raises(PayoutMoved):
        review.lift_hold(second.id, by=finance())
    assert money_of(shop) == (80_000, 20_000, 0)


def test_a_hold_on_one_merchant_leaves_others_alone(shop: Merchant) -> None:
    other = adas_shop(slug="beas-cards")
    enter(other, 100_000)
    payout = asked(account(other), 10_000)
    review.hold(Payee.of_merchant(shop.id), by=finance(), reason="complaints")
    payout.refresh_from_db()
    assert payout.state == PayoutState.ASKED


def test_the_account_of_a_payout_stays_the_one_it_was_asked_with(shop: Merchant) -> None:
    enter(shop, 100_000)
    payout = asked(account(shop), 10_000)
    assert open_details(payout.account_sealed, payout_place(payout.id)) == BANK
    assert payout.account_label == "招商银行 •••• 0123"
