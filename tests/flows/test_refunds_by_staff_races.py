"""Several of staff agree to one refund, or send its form, in the same moment: it goes back once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import trade
from tests.flows.rows import broken
from xinka.accounts.models import User
from xinka.flows.refunds import by_staff
from xinka.flows.refunds.by_staff import Wanted
from xinka.kernel.errors import Refusal
from xinka.kernel.ids import new_uuid, show
from xinka.kernel.per_currency import PerCurrency
from xinka.payments.models import Refund
from xinka.platform.vault import keys

pytestmark = [pytest.mark.race, pytest.mark.timeout(600), pytest.mark.usefixtures("committed_shop")]


@pytest.fixture(autouse=True)
def _fresh_vault() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


def staff(name: str) -> User:
    return cast.person(f"{name}@example.com", staff=True)


def test_several_who_agree_at_once_give_back_once(settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    deal = trade()
    wanted = Wanted(deal.order.id, 4_000, "The maker withdrew the product.", new_uuid())
    asked = by_staff.ask(wanted, by=staff("dee"))
    people, barrier = [staff(f"p{n}") for n in range(4)], threading.Barrier(4)

    def agree(user: User) -> str:
        barrier.wait(30)
        try:
            return str(by_staff.decide(asked.id, grant=True, by=user).state)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(agree, people))
    assert answers == ["done", *["staff_refund_decided"] * 3]
    assert list(Refund.objects.values_list("amount", "reason")) == [(4_000, "staff")]
    assert broken() == []


def test_the_same_form_sent_by_four_at_once_is_one_refund(settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 100_000})
    deal, dee, barrier = trade(), staff("dee"), threading.Barrier(4)
    wanted = Wanted(deal.order.id, 4_000, "The maker withdrew the product.", new_uuid())

    def ask(_n: int) -> str:
        barrier.wait(30)
        try:
            return str(by_staff.ask(wanted, by=dee).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == ["done"] * 4
    assert list(Refund.objects.values_list("amount", "reason")) == [(4_000, "staff")]
    assert broken() == []


def test_the_page_of_a_full_refund_sent_twice_at_once_leads_to_the_same_place(settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA, settings.REFUND_FOUR_EYES_FROM = False, PerCurrency({"CNY": 100_000})
    deal, dee, barrier = trade(), staff("dee"), threading.Barrier(2)
    whole = {"amount": "98.00", "reason": "The maker withdrew the product.", "key": str(new_uuid())}
    page = f"/office/refunds/new/{show('ord', deal.order.id)}"
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(dee)
        cast.proved(browser)

    def send(browser: Client) -> tuple[int, str]:
        barrier.wait(30)
        try:
            answer = browser.post(page, whole)
            return answer.status_code, answer.headers.get("Location", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        number = show("ord", deal.order.id)
        assert list(threads.map(send, browsers)) == [(303, f"/office/refunds?q={number}")] * 2
    assert list(Refund.objects.values_list("amount", "reason")) == [(9_800, "staff")]
    assert broken() == []
