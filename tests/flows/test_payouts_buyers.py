"""A buyer's balance leaves by the machine of merchants' payouts: once, to an account of the buyer, or it comes back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows import payouts as merchants
from tests.flows.buyers import account, approved, asked, cy, fill, money_of, wish
from tests.flows.payouts import ALIPAY, BANK, ada_of, finance
from tests.flows.rows import broken
from xinka.accounts.models import User
from xinka.flows.payouts import asking, review
from xinka.flows.payouts.accounts import add_account, remove_account
from xinka.flows.payouts.buyers import currencies_of_buyer, money_of_buyer, movements
from xinka.flows.payouts.mailing import News, mail_account, mail_payout
from xinka.flows.payouts.returning import Returned, enter_return
from xinka.flows.payouts.sending import Outcome, make_batch, record_outcomes
from xinka.kernel.actors import Actor, Role
from xinka.kernel.per_currency import PerCurrency
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.payouts.details import AccountKind
from xinka.payouts.errors import (
    AccountCoolingDown,
    AccountReturned,
    BalanceTooLow,
    NoSuchAccount,
    NotYourOwn,
    PayoutMoved,
    PayoutNotFound,
    PayoutsOnHold,
    PayoutTooSmall,
    SameKeyOtherPayout,
)
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.queries import payouts_found, same_account_elsewhere
from xinka.payouts.states import PayoutState

pytestmark = pytest.mark.django_db


def state_of(payout: Payout) -> str:
    payout.refresh_from_db()
    return payout.state


def test_what_is_asked_for_is_in_transit_and_costs_nothing(settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED, settings.PAYOUT_FEE_BPS = PerCurrency({"CNY": 100}), 50
    person = cy(10_000)
    payout = asked(account(person), 6_000)
    assert (payout.amount, payout.fee, payout.merchant_id, payout.buyer_id) == (6_000, 0, None, person.pk)
    assert money_of(person) == (4_000, 6_000)
    assert broken() == []


def test_by_a_file_for_the_bank_it_leaves_the_trust_account_once() -> None:
    person = cy(10_000)
    payout = approved(account(person), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    told = [Outcome(payout.id, is_paid=True, reference="B1")]
    dee = finance()
    assert [record_outcomes(batch, told, by=dee), record_outcomes(batch, told, by=dee)] == [1, 0]
    assert state_of(payout) == PayoutState.PAID
    assert money_of(person) == (0, 0)
    left = Entry.objects.filter(account=Account.BANK_TRUST, amount__lt=0)
    assert list(left.values_list("amount", flat=True)) == [-10_000]
    assert broken() == []


@pytest.mark.parametrize("end", ["failed", "refused", "cancelled"])
def test_what_is_not_paid_is_in_the_balance_again_once(end: str) -> None:
    person = cy(10_000)
    payout = approved(account(person), 10_000)
    if end == "failed":
        batch = make_batch(AccountKind.BANK, "CNY", by=finance())
        record_outcomes(batch, [Outcome(payout.id, is_paid=False, why="no such card")], by=finance())
    elif end == "refused":
        review.reject(payout.id, by=finance(), reason="write to us first")
    else:
        asking.cancel(payout.id, payee=Payee.of_buyer(person.pk), by=Actor(Role.BUYER, person.pk))
    with pytest.raises(PayoutMoved):
        review.reject(payout.id, by=finance(), reason="and once more")
    assert money_of(person) == (10_000, 0)
    assert state_of(payout) == (PayoutState.FAILED if end == "failed" else PayoutState.CANCELLED)
    assert broken() == []


def test_a_balance_below_the_minimum_can_leave_whole_and_only_whole(settings: Settings) -> None:
    settings.PAYOUT_MINIMUM = PerCurrency({"CNY": 1_000})
    person = cy(300)
    to = account(person)
    with pytest.raises(PayoutTooSmall) as refused:
        asked(to, 299)
    assert refused.value.params["least"] == "3.00"
    assert asked(to, 300).amount == 300
    fill(person, 5_000)
    with pytest.raises(PayoutTooSmall):
        asked(to, 999)
    assert money_of(person) == (5_000, 300)


def test_more_than_there_is_and_empty_balances_are_refused() -> None:
    person = cy(10_000)
    to = account(person)
    with pytest.raises(BalanceTooLow):
        asked(to, 10_001)
    asked(to, 10_000)
    with pytest.raises(BalanceTooLow):
        asked(to, 1_000)
    assert money_of(person) == (0, 10_000)


def test_a_form_sent_twice_is_one_payout_and_no_merchant_shares_the_key() -> None:
    person = cy(10_000)
    to = account(person)
    first = asking.ask(wish(to, 2_000, key="k"), by=person)
    assert asking.ask(wish(to, 2_000, key="k"), by=person).id == first.id
    with pytest.raises(SameKeyOtherPayout):
        asking.ask(wish(to, 3_000, key="k"), by=person)
    assert (Payout.objects.get().key, money_of(person)) == (f"buyer:{person.pk}:k", (8_000, 2_000))


def test_a_new_account_waits_and_nobody_elses_is_paid_to() -> None:
    person, eve = cy(10_000), cy(10_000, "eve@example.com")
    with pytest.raises(AccountCoolingDown):
        asked(account(person, ALIPAY, days_old=1), 2_000)
    theirs, shops = account(eve), merchants.account(cast.adas_shop())
    mine = Payee.of_buyer(person.pk)
    for other in (theirs, shops):
        with pytest.raises(NoSuchAccount):
            asking.ask(asking.Wish(mine, other.id, 2_000, "CNY", "k"), by=person)
        with pytest.raises(NoSuchAccount):
            remove_account(mine, other.id, by=person)
    assert (money_of(person), PayoutAccount.objects.filter(removed_at=None).count()) == ((10_000, 0), 3)


def test_a_merchant_and_a_buyer_of_the_same_number_share_nothing() -> None:
    shop = cast.adas_shop()
    person = User.objects.create(id=shop.id, email=cast.CY)
    fill(person, 10_000)
    same = Payee.of_merchant(person.pk)
    payout = asked(account(person), 5_000)
    with pytest.raises(PayoutNotFound):
        asking.cancel(payout.id, payee=same, by=Actor(Role.SELLER))
    merchants.enter(shop, 10_000)
    of_shop = merchants.asked(merchants.account(shop), 4_000)
    with pytest.raises(PayoutNotFound):
        asking.cancel(of_shop.id, payee=payout.payee, by=Actor(Role.BUYER))
    assert (money_of(person), merchants.money_of(shop)) == ((5_000, 5_000), (6_000, 4_000, 0))
    review.hold(payout.payee, by=finance(), reason="another one")
    assert (state_of(payout), state_of(of_shop)) == (PayoutState.HELD, PayoutState.ASKED)
    assert review.asked_before(of_shop) == 0


def test_the_database_knows_one_payee_for_every_row() -> None:
    person, shop = cy(10_000), cast.adas_shop()
    payout = asked(account(person), 5_000)
    for facts in ({"merchant": shop}, {"buyer": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payout.objects.filter(id=payout.id).update(**facts)
        with pytest.raises(IntegrityError), transaction.atomic():
            PayoutAccount.objects.filter(id=payout.account_id).update(**facts)


def test_who_works_here_decides_nothing_about_their_own_balance() -> None:
    dee = finance()
    fill(dee, 10_000)
    payout = asked(account(dee), 10_000)
    with pytest.raises(NotYourOwn):
        review.approve(payout.id, by=dee)
    review.approve(payout.id, by=finance())
    with pytest.raises(Exception, match="no approved payout"):
        make_batch(AccountKind.BANK, "CNY", by=dee)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    with pytest.raises(NotYourOwn):
        record_outcomes(batch, [Outcome(payout.id, is_paid=True)], by=dee)
    assert state_of(payout) == PayoutState.SENDING
    held = review.hold(Payee.of_buyer(dee.pk), by=finance(), reason="look")
    with pytest.raises(NotYourOwn):
        review.lift_hold(held.id, by=dee)


def test_large_ones_and_several_small_ones_of_a_day_need_two(settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 10_000})
    person = cy(30_000)
    to = account(person)
    first, second = asked(to, 6_000), asked(to, 6_000)
    assert (review.approvals_needed(first), review.approvals_needed(second)) == (1, 2)
    # What others ask for is not theirs.
    assert review.approvals_needed(asked(account(cy(30_000, "eve@example.com")), 6_000)) == 1


def test_a_hold_stops_what_was_not_sent_and_lifting_it_asks_anew() -> None:
    person = cy(30_000)
    to = account(person)
    waiting = approved(to, 5_000)
    eves = approved(account(cy(30_000, "eve@example.com")), 5_000)
    held = review.hold(Payee.of_buyer(person.pk), by=finance(), reason="a stolen card")
    with pytest.raises(PayoutsOnHold):
        asked(to, 5_000)
    assert (state_of(waiting), state_of(eves)) == (PayoutState.HELD, PayoutState.APPROVED)
    review.lift_hold(held.id, by=finance())
    assert (state_of(waiting), waiting.round) == (PayoutState.ASKED, 2)
    assert (money_of(person), broken()) == ((25_000, 5_000), [])


def test_one_file_holds_merchants_and_buyers_and_each_ends_in_its_own_books() -> None:
    shop, person = cast.adas_shop(), cy(10_000)
    merchants.enter(shop, 10_000)
    mine, theirs = approved(account(person), 3_000), merchants.approved(merchants.account(shop), 4_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    assert (batch.n_payouts, batch.total) == (2, 7_000)
    record_outcomes(batch, [Outcome(mine.id, is_paid=True), Outcome(theirs.id, is_paid=False)], by=finance())
    assert (money_of(person), merchants.money_of(shop)) == ((7_000, 0), (10_000, 0, 0))
    assert broken() == []


def test_movements_tell_what_came_and_went_with_the_balance_after_each() -> None:
    person = cy(10_000)
    to = account(person)
    payout = asked(to, 4_000)
    asking.cancel(payout.id, payee=to.payee, by=Actor(Role.BUYER))
    fill(person, 500, "USD")
    told = [(one.amount, one.after) for one in movements(person.pk)]
    assert told == [(4_000, 10_000), (-4_000, 6_000), (10_000, 10_000)]
    assert [(one.amount, one.after) for one in movements(person.pk, offset=1, limit=1)] == [(-4_000, 6_000)]
    assert currencies_of_buyer(person.pk) == ["CNY", "USD"]
    assert money_of_buyer(person.pk, "USD").available == 500
    eve = cast.person("eve@example.com")
    assert (movements(eve.pk), currencies_of_buyer(eve.pk)) == ([], ["CNY"])


def test_the_buyer_alone_hears_of_it_in_words_of_a_balance(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    person = cy(10_000)
    to = account(person)
    payout = asked(to, 4_000)
    assert (mail_account(to.id, News.ADDED), mail_payout(payout.id, News.FAILED)) == (1, 1)
    added, failed = mail.outbox
    assert added.to == failed.to == [person.email]
    assert f"{settings.SITE_URL}/balance/accounts" in str(added.body)
    assert f"{settings.SITE_URL}/balance" in str(failed.body)
    assert "/desk/" not in str(added.body) + str(failed.body)
    assert BANK.number not in str(added.body) + str(failed.body)
    person.is_active = False
    person.save()
    assert mail_payout(payout.id, News.PAID) == 0


def test_staff_find_it_by_address_and_see_who_else_uses_the_account() -> None:
    person, shop = cy(10_000), cast.adas_shop()
    to = account(person)
    payout = asked(to, 4_000)
    merchants.account(shop)
    account(cy(1_000, "eve@example.com"))
    assert list(payouts_found(person.email.upper())) == [payout]
    assert same_account_elsewhere(to.fingerprint, to.payee) == sorted([shop.name, "eve@example.com"])
    assert same_account_elsewhere(to.fingerprint, Payee.of_merchant(shop.id)) == sorted(
        [person.email, "eve@example.com"]
    )


def test_a_payout_to_somebody_elses_account_is_found_by_the_check() -> None:
    person = cy(10_000)
    payout = asked(account(person), 4_000)
    theirs = account(cy(1_000, "eve@example.com"))
    Payout.objects.filter(id=payout.id).update(account=theirs)
    assert broken() == ["own_accounts"]


def test_a_payout_without_its_money_in_transit_is_found_by_the_check() -> None:
    person = cy(10_000)
    payout = asked(account(person), 4_000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payouts_payout SET amount = 3999 WHERE id = %s", [payout.id])
    assert "in_transit_is_payouts" in broken()


def test_ada_who_buys_too_has_two_purses() -> None:
    shop = cast.adas_shop()
    ada = ada_of(shop)
    merchants.enter(shop, 20_000)
    fill(ada, 10_000)
    with pytest.raises(NoSuchAccount):
        asking.ask(asking.Wish(Payee.of_buyer(ada.pk), merchants.account(shop).id, 2_000, "CNY", "k"), by=ada)
    asked(account(ada), 2_000)
    assert (money_of(ada), merchants.money_of(shop)) == ((8_000, 2_000), (20_000, 0, 0))
    with pytest.raises(AccountCoolingDown):
        asked(add_account(Payee.of_buyer(ada.pk), ALIPAY, by=ada), 2_000)


def test_old_ones_do_not_count_to_the_day(settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 10_000})
    person = cy(30_000)
    to = account(person, days_old=9)
    asking.ask(wish(to, 6_000), by=person, now=timezone.now() - timedelta(days=1, minutes=1))
    assert review.approvals_needed(asked(to, 6_000)) == 1


def test_what_a_bank_returns_is_in_the_balance_again_and_the_account_is_looked_at_first() -> None:
    person = cy()
    to = account(person)
    payout = approved(to, 4_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    record_outcomes(batch, [Outcome(payout.id, is_paid=True, reference="B-1")], by=finance())
    with pytest.raises(NotYourOwn):
        enter_return(Returned(payout.id, "closed", "TP-1"), key=uuid4(), by=person)
    enter_return(Returned(payout.id, "closed", "TP-1"), key=uuid4(), by=finance())
    assert (state_of(payout), money_of(person)) == (PayoutState.RETURNED, (10_000, 0))
    assert movements(person.pk)[0].amount == 4_000
    with pytest.raises(AccountReturned):
        asked(to, 4_000)
    assert broken() == []
