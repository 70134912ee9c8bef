"""Cy sees a balance of hers and has it paid out after proving who she is; Eve sees and moves nothing of it."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.cast import PASSWORD
from tests.flows.buyers import account, approved, asked, cy, fill, money_of
from tests.flows.payouts import ALIPAY, finance
from xinka.accounts.models import User
from xinka.flows import escrow
from xinka.flows.disputes import chargebacks
from xinka.flows.payouts import review
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.mailing import News, mail_payout
from xinka.flows.refunds.sending import execute_refund
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.orders.access import order_path
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import RefundReason, RefundState, RefundTo
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _balances(settings: Settings) -> None:
    settings.WALLET = True


def browser(user: User, *, fresh: bool = True) -> Client:
    """Return a browser in which somebody is signed in, and has just proved again who they are if ``fresh``."""
    made = Client()
    made.force_login(user)
    made.cookies["xk_lang"] = "en"
    if fresh:
        made.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/"})
    return made


def acts(payout: Payout, to: PayoutAccount) -> list[str]:
    return [
        *(f"/balance/payouts/{shown(payout)}/cancel", f"/balance/payouts/{shown(payout)}/call-back"),
        f"/balance/accounts/{to.id}/remove",
    ]


def test_a_guest_reads_what_to_do_and_the_page_is_the_same_for_all_of_them(client: Client) -> None:
    client.cookies["xk_lang"] = "en"
    page = client.get("/balance")
    assert page.status_code == 200
    told = page.content.decode()
    assert "Bought without an account?" in told
    assert "/account/login/?next=/balance" in told
    assert "/orders/find" in told


def test_eve_learns_nothing_and_moves_nothing() -> None:
    person = cy(77_700)
    to = account(person)
    payout = asked(to, 12_300)
    eve = browser(cast.person("eve@example.com"))
    before = AuditEntry.objects.count()
    for page in ("/balance", "/balance/withdraw", "/balance/accounts"):
        told = eve.get(page).content.decode()
        assert not [word for word in ("777", "654", "123.00", to.label, shown(payout)) if word in told], page
    assert [eve.post(act).status_code for act in acts(payout, to)] == [404] * 3
    form = {"account": str(to.id), "amount": "10", "key": "k"}
    assert eve.post("/balance/withdraw", form).status_code == 422
    fill(User.objects.get(email="eve@example.com"), 50_000)
    assert eve.post("/balance/withdraw", form).status_code == 422  # money of her own, but no account of Cy's
    assert {Client().post(act).status_code for act in acts(payout, to)} == {302}
    payout.refresh_from_db()
    assert (payout.state, Payout.objects.count(), AuditEntry.objects.count()) == (PayoutState.ASKED, 1, before)
    assert (money_of(person), PayoutAccount.objects.get().removed_at) == ((65_400, 12_300), None)


def test_cy_asks_after_a_fresh_proof_and_takes_it_back() -> None:
    person = cy(10_000)
    to = account(person)
    form = {"account": str(to.id), "amount": "60", "key": "k"}
    stale = browser(person, fresh=False)
    assert stale.post("/balance/withdraw", form)["Location"].startswith("/account/reauthenticate/")
    assert money_of(person) == (10_000, 0)
    mine = browser(person)
    assert 'name="amount" value="100.00"' in mine.get("/balance/withdraw").content.decode()
    assert [mine.post("/balance/withdraw", form).status_code for _ in range(2)] == [303, 303]
    payout = Payout.objects.get()
    assert (payout.amount, payout.asked_by, money_of(person)) == (6_000, person, (4_000, 6_000))
    page = mine.get("/balance").content.decode()
    assert "Waiting for approval" in page
    assert "¥40.00" in page
    assert "Taken for a payout" in page
    assert mine.post(acts(payout, to)[0]).status_code == 303
    assert money_of(person) == (10_000, 0)
    assert "Back from a payout" in mine.get("/balance").content.decode()
    assert mine.post(acts(payout, to)[0]).status_code == 409


def test_a_refusal_is_read_by_cy_with_its_reason() -> None:
    person = cy(10_000)
    payout = approved(account(person), 6_000)
    review.reject(payout.id, by=finance(), reason="Please write to us first")
    page = browser(person).get("/balance").content.decode()
    assert "Cancelled, money is back" in page
    assert "Please write to us first" in page


def test_what_a_gateway_says_is_for_staff_and_what_a_bank_says_for_cy(mailoutbox: list[EmailMessage]) -> None:
    person = cy(20_000)
    to = account(person)
    for channel_id, said in ((1, "PAYER_BALANCE_NOT_ENOUGH"), (0, "no such card")):
        payout = approved(to, 6_000)
        now = timezone.now()
        Payout.objects.filter(id=payout.id).update(
            state=PayoutState.FAILED, channel_id=channel_id, problem=said, finished_at=now
        )
        mail_payout(payout.id, News.FAILED)
    page = browser(person).get("/balance").content.decode()
    by_gateway, by_bank = (str(letter.body) for letter in mailoutbox)
    assert ("PAYER_BALANCE" in page + by_gateway, "no such card" in page, "no such card" in by_bank) == (
        False,
        True,
        True,
    )
    assert "The payment service did not take it" in page


def test_accounts_are_added_and_removed_after_a_fresh_proof() -> None:
    person = cy(10_000)
    form = {"kind": "alipay", "holder": ALIPAY.holder, "number": ALIPAY.number}
    assert browser(person, fresh=False).post("/balance/accounts/new", form)["Location"].startswith("/account/rea")
    mine = browser(person)
    assert "No account yet" in mine.get("/balance/accounts").content.decode()
    assert mine.post("/balance/accounts/new", {**form, "number": "x"}).status_code == 422
    assert mine.post("/balance/accounts/new", form).status_code == 303
    made = PayoutAccount.objects.get()
    assert (made.buyer, made.merchant, made.added_by) == (person, None, person)
    page = mine.get("/balance/accounts").content.decode()
    assert "Waiting" in page
    assert ALIPAY.number not in page
    assert "still waits" in mine.get("/balance/withdraw").content.decode()
    remove = f"/balance/accounts/{made.id}/remove"
    assert browser(person, fresh=False).post(remove)["Location"].startswith("/account/reauthenticate/")
    assert mine.post(remove).status_code == 303
    assert PayoutAccount.objects.get().removed_at is not None


def test_on_hold_cy_reads_why_and_can_ask_for_nothing() -> None:
    person = cy(10_000)
    to = account(person)
    review.hold(Payee.of_buyer(person.pk), by=finance(), reason="a card was reported stolen")
    mine = browser(person)
    for page in ("/balance", "/balance/withdraw"):
        assert "a card was reported stolen" in mine.get(page).content.decode()
    assert "/balance/withdraw" not in mine.get("/balance").content.decode()
    form = {"account": str(to.id), "amount": "60", "key": "k"}
    assert mine.post("/balance/withdraw", form).status_code == 422
    assert money_of(person) == (10_000, 0)


def test_where_balances_were_switched_off_what_is_there_can_still_leave(settings: Settings) -> None:
    settings.WALLET = False
    person, eve = cy(10_000), cast.person("eve@example.com")
    to = account(person)
    assert browser(eve).get("/balance").status_code == 404
    mine = browser(person)
    assert "takes no more payments from balances" in mine.get("/balance").content.decode()
    assert mine.post("/balance/withdraw", {"account": str(to.id), "amount": "100", "key": "k"}).status_code == 303
    assert money_of(person) == (0, 10_000)


def test_the_order_that_a_balance_paid_is_one_click_away(delivered: cast.Bought) -> None:
    person = cy(10_000)
    assert order_path(delivered.order_id) not in browser(person).get("/balance").content.decode()
    assert browser(person).get("/balance?currency=EUR").status_code == 404


def refunded_into_balance(bought: cast.Bought) -> None:
    """Have staff give an order's money back into the buyer's balance."""
    by = Actor(Role.ARBITER, 1)
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.STAFF, key="k", by=by, to=RefundTo.WALLET))
    assert execute_refund(Refund.objects.get().id) == RefundState.DONE


def test_money_back_for_an_order_leaves_the_balance_and_staff_see_which_order_it_was(
    delivered: cast.Bought, settings: Settings
) -> None:
    settings.STAFF_NEEDS_MFA = False
    person = cast.person(cast.CY)
    refunded_into_balance(delivered)
    page = browser(person).get("/balance").content.decode()
    assert order_path(delivered.order_id) in page
    assert "Money back for an order" in page
    payout = asked(account(person), delivered.amount)
    office = browser(finance())
    address = f"/office/payouts/{shown(payout)}"
    told = office.get(address).content.decode()
    assert "A buyer's balance" in told
    assert person.email in told
    assert f"/office/orders/{ids.show('ord', delivered.order_id)}" in told
    assert "charged back at the bank too" not in told
    receipt = Receipt.objects.get(order_id=delivered.order_id)
    contested = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", delivered.amount)
    chargebacks.open_chargeback(contested, now=timezone.now())
    assert "charged back at the bank too" in office.get(address).content.decode()
    listed = office.get("/office/payouts").content.decode()
    assert person.email in listed
    assert f"/office/payouts/{shown(payout)}" in office.get("/office/payouts", {"q": person.email}).content.decode()
    assert office.post(f"/office/payouts/buyers/{person.pk}/hold", {"reason": "charged back too"}).status_code == 303
    payout.refresh_from_db()
    assert payout.state == PayoutState.HELD
    told = office.get("/office/payouts").content.decode()
    assert "charged back too" in told
    assert "Nobody is on hold" not in told
    assert "charged back too" in browser(person).get("/balance").content.decode()


def test_eve_holds_nobodys_payouts(settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA = False
    person = cy(10_000)
    eve = browser(cast.person("eve@example.com"))
    address = f"/office/payouts/buyers/{person.pk}/hold"
    assert eve.post(address, {"reason": "because I say so"}).status_code == 404
    assert browser(finance()).post("/office/payouts/buyers/1/hold", {"reason": "nobody there"}).status_code == 404
    assert asked(account(person), 5_000).state == PayoutState.ASKED
