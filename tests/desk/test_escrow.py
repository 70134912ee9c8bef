"""Ada sees where the money of each order is and what of it is hers; others see nothing of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests import cast
from tests.flows.holding import end_of, held, terms
from xinka.accounts.models import User
from xinka.escrow.models import Hold
from xinka.escrow.states import StopCause
from xinka.flows import escrow
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought() -> cast.Bought:
    terms(commission_bps=250, reserve_bps=1000)
    return held()


def page_of(bought: cast.Bought, email: str = "ada@ada-cards.example", language: str = "en") -> str:
    browser = Client()
    browser.force_login(User.objects.get(email=email))
    browser.cookies["xk_lang"] = language
    answer = browser.get(f"/desk/ada-cards/orders/{ids.show('ord', bought.order_id)}")
    return answer.content.decode() if answer.status_code == 200 else f"{answer.status_code}"


@pytest.mark.parametrize("email", ["ada@ada-cards.example", "bo@ada-cards.example"])
def test_what_is_held_what_is_taken_and_what_will_be_hers(bought: cast.Bought, email: str) -> None:
    page = page_of(bought, email)
    assert "Commission 2.5 %" in page
    assert "97.50" in page
    assert "Released to you, unless the buyer confirms earlier" in page


def test_after_the_release_the_reserve_is_told_and_when_it_can_be_withdrawn(bought: cast.Bought) -> None:
    run(escrow.confirm(bought.order_id, by=Actor(Role.BUYER)))
    page = page_of(bought)
    assert "of it in reserve" in page
    assert "9.75" in page
    assert "Can be withdrawn, unless the buyer complains" in page
    run(escrow.mature_due(end_of(bought) + timedelta(days=1)))
    assert "The reserve can be withdrawn" in page_of(bought)


def test_what_went_back_and_why_it_rests(bought: cast.Bought) -> None:
    by = Actor(Role.ARBITER, 1)
    run(escrow.give_back(bought.order_id, 4_000, reason=RefundReason.DISPUTE, key="k", by=by))
    run(escrow.stop(bought.order_id, StopCause.RISK, "secret of the office"))
    page = page_of(bought)
    assert "At rest while something about the order is open" in page
    assert "secret of the office" not in page
    assert "58.50" in page


def test_other_merchants_and_outsiders_do_not_see_it(bought: cast.Bought) -> None:
    cast.adas_shop(slug="beas-cards")
    cast.person("eve@example.com")
    assert page_of(bought, "ada@beas-cards.example") == "404"
    assert page_of(bought, "eve@example.com") == "404"


def test_an_order_without_a_hold_says_nothing_of_money(bought: cast.Bought) -> None:
    Hold.objects.all().delete()
    assert "Commission" not in page_of(bought)


def test_it_is_there_in_chinese(bought: cast.Bought) -> None:
    assert "佣金" in page_of(bought, language="zh-hans")
