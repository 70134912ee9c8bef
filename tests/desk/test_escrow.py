"""Ada sees where the money of each order is and what of it is hers; others see nothing of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.holding import end_of, held, terms
from xinka.accounts.models import User
from xinka.disputes.reasons import Reason
from xinka.escrow.models import Hold
from xinka.escrow.states import StopCause
from xinka.flows import escrow
from xinka.flows.audit import check_all
from xinka.flows.disputes import cases
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.ids import new_uuid
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

KEY = "01a1e278-13d9-71ec-818e-977398e2b56e"


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
    page = page_of(bought, language="zh-hans")
    assert "佣金" in page
    assert "主动退款" in page


def give_back(
    bought: cast.Bought, amount: str, *, email: str = "ada@ada-cards.example", key: str = "", at: str = ""
) -> int:
    browser = Client()
    browser.force_login(User.objects.get(email=email))
    browser.cookies["xk_lang"] = "en"
    path = f"/desk/{at or 'ada-cards'}/orders/{ids.show('ord', bought.order_id)}/give-back"
    return browser.post(path, {"amount": amount, "key": key or str(new_uuid())}).status_code


def test_ada_gives_a_part_back_once_and_then_all_the_rest(bought: cast.Bought) -> None:
    assert "Give money back" in page_of(bought)
    assert [give_back(bought, "40.00", key=KEY) for _ in range(2)] == [302, 302]
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.goes_to) == (4_000, "seller", "channel")
    assert AuditEntry.objects.filter(action="order.give_back").count() == 1
    assert give_back(bought, "60.00") == 302
    assert Hold.objects.get().state == "returned"
    assert "Give money back" not in page_of(bought)
    assert [finding.check.name for finding in run(check_all()) if finding.rows] == []


@pytest.mark.parametrize("amount", ["100.01", "0", "-1", "much", ""])
def test_what_cannot_go_back_does_not(bought: cast.Bought, amount: str) -> None:
    assert give_back(bought, amount) == 422
    assert not Refund.objects.exists()


def test_where_a_case_is_open_it_is_settled_there(bought: cast.Bought) -> None:
    complaint = cases.Complaint(Reason.ALREADY_USED, "It says used.")
    assert "/give-back" in page_of(bought)
    case = cases.open_case(bought.order, complaint, by=Actor(Role.BUYER), now=timezone.now())
    page = page_of(bought)
    assert "/give-back" not in page  # a form that would only refuse is not shown
    assert f"/desk/ada-cards/cases/{case.shown_id}" in page
    assert "What goes back is settled there" in page
    assert give_back(bought, "40.00") == 422
    assert not Refund.objects.exists()


def test_bo_other_merchants_and_eve_give_nothing_back(bought: cast.Bought) -> None:
    cast.adas_shop(slug="beas-cards")
    cast.person("eve@example.com")
    assert "Give money back" not in page_of(bought, "bo@ada-cards.example")
    assert give_back(bought, "40.00", email="bo@ada-cards.example") == 403
    for at in ("ada-cards", "beas-cards"):
        assert give_back(bought, "40.00", email="ada@beas-cards.example", at=at) == 404
        assert give_back(bought, "40.00", email="eve@example.com", at=at) == 404
    assert not Refund.objects.exists()
