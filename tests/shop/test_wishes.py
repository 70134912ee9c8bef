"""Where money goes that goes back: the way it was paid, or into the balance of a signed-in buyer who wishes so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests import cast
from xinka.disputes.models import Case
from xinka.escrow.models import RefundWish
from xinka.flows import escrow
from xinka.flows.audit import check_all
from xinka.flows.disputes import cases
from xinka.flows.refunds import sending
from xinka.flows.refunds.wishes import wish_for_order
from xinka.kernel.actors import Actor, Role
from xinka.ledger.accounts import Account
from xinka.ledger.queries import balance_of
from xinka.orders.access import order_path
from xinka.orders.errors import NoSuchChannel
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason, RefundState, RefundTo
from xinka.platform.database.django_drive import run

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper as Settings

    from xinka.accounts.models import User

pytestmark = pytest.mark.django_db

INTO_BALANCE, AS_PAID = "Rather into my balance", "Rather the way I paid"


@pytest.fixture
def balances(settings: Settings) -> None:
    settings.WALLET = True


@pytest.fixture
def person(db: None) -> User:
    return cast.person(cast.CY)


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["xk_lang"] = "en"
    return client


def page_of(browser: Client, bought: cast.Bought) -> str:
    return browser.get(order_path(bought.order_id)).content.decode()


def wish(browser: Client, bought: cast.Bought, to: str) -> int:
    return browser.post(f"{order_path(bought.order_id)}/refund-to", {"to": to}).status_code


def given_back(bought: cast.Bought, role: Role = Role.SELLER, amount: int | None = None) -> Refund:
    """Have the seller or staff give money back that nobody asked for; return the refund, which is not sent yet."""
    reason = RefundReason.SELLER if role is Role.SELLER else RefundReason.STAFF
    known = set(Refund.objects.values_list("id", flat=True))
    run(escrow.give_back(bought.order_id, amount, reason=reason, key=f"k{len(known)}", by=Actor(role, 1)))
    return Refund.objects.exclude(id__in=known).get()


def sent(one: Refund) -> RefundTo:
    """Have it sent; these tests have no gateway, so only what goes into a balance arrives."""
    state = sending.execute_refund(one.id)
    one.refresh_from_db()
    assert (state is RefundState.DONE) == (one.goes_to == RefundTo.WALLET)
    return RefundTo(one.goes_to)


@pytest.fixture(autouse=True)
def _no_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(channel: object) -> object:
        raise NoSuchChannel

    monkeypatch.setattr(sending, "provider_of", gone)


@pytest.mark.parametrize("role", [Role.SELLER, Role.ARBITER])
@pytest.mark.parametrize("wished", ["in the account", "on the order", "in the account, not for the order", "not"])
def test_money_that_nobody_asked_for_goes_where_the_buyer_wishes(
    balances: None, delivered: cast.Bought, browser: Client, person: User, role: Role, wished: str
) -> None:
    if wished.startswith("in the account"):
        assert browser.post("/account/refunds", {"to": "balance"}).status_code == 302
    if wished == "on the order":
        assert wish(browser, delivered, "balance") == 303
    if wished.endswith("not for the order"):
        assert wish(browser, delivered, "channel") == 303
    to_balance = wished in {"in the account", "on the order"}
    assert sent(given_back(delivered, role)) is (RefundTo.WALLET if to_balance else RefundTo.CHANNEL)
    assert balance_of(Account.WALLET, person.pk, "CNY") == (delivered.amount if to_balance else 0)
    assert [finding.check.name for finding in run(check_all()) if finding.rows] == []


def test_the_wish_may_change_until_the_refund_is_sent_and_not_after(
    balances: None, delivered: cast.Bought, browser: Client
) -> None:
    first = given_back(delivered, amount=1_000)
    assert INTO_BALANCE in page_of(browser, delivered)
    assert wish(browser, delivered, "balance") == 303
    page = page_of(browser, delivered)
    assert AS_PAID in page
    assert "Noted. Nothing has gone back yet." in page
    assert sent(first) is RefundTo.WALLET
    assert wish(browser, delivered, "channel") == 303
    assert "What is on its way stays so." in page_of(browser, delivered)
    first.refresh_from_db()
    assert (first.goes_to, first.state) == ("wallet", "done")
    assert sent(given_back(delivered, amount=1_000)) is RefundTo.CHANNEL


def test_a_wish_for_a_balance_that_is_gone_is_none(
    balances: None, delivered: cast.Bought, person: User, settings: Settings
) -> None:
    wish_for_order(delivered.order_id, to_balance=True, by=person)
    waiting = given_back(delivered, amount=1_000)
    settings.WALLET = False
    assert sent(waiting) is RefundTo.CHANNEL
    settings.WALLET = True
    person.is_active = False
    person.save()
    assert sent(given_back(delivered, amount=1_000)) is RefundTo.CHANNEL
    assert balance_of(Account.WALLET, person.pk, "CNY") == 0


def test_a_case_begins_with_what_the_account_says_and_the_box_left_empty_counts(
    balances: None, delivered: cast.Bought, browser: Client, person: User
) -> None:
    person.refunds_to_balance = True
    person.save()
    path = f"{order_path(delivered.order_id)}/help"
    assert "checked" in browser.get(path).content.decode().partition('name="to_balance"')[2].partition(">")[0]
    told = {"wish": "dispute", "reason": "already_used", "text": "It says used."}
    assert browser.post(path, told).status_code == 302
    case = Case.objects.get()
    assert case.to_balance is False
    cases.concede(case.id, by=Actor(Role.SELLER, 1), now=case.opened_at)
    assert sent(Refund.objects.get()) is RefundTo.CHANNEL


def test_guests_other_people_and_shops_without_balances_have_no_choice(
    balances: None, delivered: cast.Bought, cy: Client, stranger: Client, browser: Client, settings: Settings
) -> None:
    eve = Client()
    eve.force_login(cast.person(cast.EVE))
    assert INTO_BALANCE not in page_of(cy, delivered)
    for outsider in (cy, stranger, eve):
        assert wish(outsider, delivered, "balance") == 404
    eve.cookies["xk_order"] = delivered.cookie  # even with the buyer's link: it is not her balance
    assert INTO_BALANCE not in page_of(eve, delivered)
    assert wish(eve, delivered, "balance") == 404
    assert wish(browser, delivered, "elsewhere") == 404
    settings.WALLET = False
    assert INTO_BALANCE not in page_of(browser, delivered)
    assert wish(browser, delivered, "balance") == 404
    assert not RefundWish.objects.exists()


def test_nothing_is_asked_before_payment_and_once_all_is_settled(
    balances: None, bought: cast.Bought, browser: Client
) -> None:
    assert INTO_BALANCE not in page_of(browser, bought)
    cast.pay(bought)
    assert INTO_BALANCE in page_of(browser, bought)
    sent(given_back(bought))
    assert INTO_BALANCE not in page_of(browser, bought)


def test_it_is_there_in_chinese(balances: None, delivered: cast.Bought, browser: Client) -> None:
    browser.cookies["xk_lang"] = "zh-hans"
    assert "改为退到余额" in page_of(browser, delivered)
    assert "改为退到余额" in browser.get("/account/").content.decode()


def test_the_account_shows_the_choice_only_where_there_are_balances(
    balances: None, browser: Client, person: User, settings: Settings
) -> None:
    assert "Rather into the balance" in browser.get("/account/").content.decode()
    browser.post("/account/refunds", {"to": "balance"})
    assert "Rather the way it was paid" in browser.get("/account/").content.decode()
    assert browser.post("/account/refunds", {"to": "elsewhere"}).status_code == 404
    settings.WALLET = False
    assert "Rather" not in browser.get("/account/").content.decode()
    assert browser.post("/account/refunds", {"to": "channel"}).status_code == 404
    person.refresh_from_db()
    assert person.refunds_to_balance is True
    assert Client().post("/account/refunds", {"to": "balance"}).status_code == 302


def test_posting_without_the_token_is_refused(balances: None, delivered: cast.Bought, person: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert wish(strict, delivered, "balance") == 403
    assert strict.post("/account/refunds", {"to": "balance"}).status_code == 403
    assert not RefundWish.objects.exists()
