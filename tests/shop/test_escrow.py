"""The buyer's money on the order page: where it is, until when, and the button that lets it go. Eve sees nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.holding import end_of, hold_of
from tests.flows.rows import leaves_nothing
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState, StopCause
from xinka.flows import escrow
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import Actor, Role
from xinka.kernel.ids import new_uuid
from xinka.orders.access import order_path
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason, RefundState
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

DEE = Actor(Role.ARBITER, 2)
BUTTON = "Everything is right</button>"


@pytest.fixture
def held(delivered: cast.Bought) -> cast.Bought:
    """A delivered order whose hold the relay has made."""
    run(relay_batch())
    return delivered


def page_of(cy: Client, bought: cast.Bought) -> str:
    return cy.get(order_path(bought.order_id)).content.decode()


def confirm(browser: Client, bought: cast.Bought) -> int:
    return browser.post(f"{order_path(bought.order_id)}/confirm").status_code


def test_the_page_says_what_is_held_and_when_it_moves_by_itself(held: cast.Bought, cy: Client) -> None:
    page = page_of(cy, held)
    assert "¥98.00 is held for you" in page
    assert end_of(held).astimezone(timezone.get_default_timezone()).strftime("%Y-%m-%d") in page
    assert "it goes to the merchant by itself" in page
    assert "Held while you check" in page
    assert "You have not opened your codes yet" in page
    assert BUTTON in page


def test_a_page_before_the_relay_came_has_no_button_and_no_fault(delivered: cast.Bought, cy: Client) -> None:
    page = page_of(cy, delivered)
    assert "Held while you check" in page
    assert BUTTON not in page
    assert not Hold.objects.exists()


def test_the_buyer_confirms_once_and_again_without_effect(held: cast.Bought, cy: Client) -> None:
    assert confirm(cy, held) == 303
    assert hold_of(held).state == HoldState.AFTERSALE
    page = page_of(cy, held)
    assert BUTTON not in page
    assert "who cannot take it out before" in page
    assert confirm(cy, held) == 303
    assert hold_of(held).version == 1


def test_confirming_before_the_relay_came_works_too(delivered: cast.Bought, cy: Client) -> None:
    assert confirm(cy, delivered) == 303
    assert hold_of(delivered).state == HoldState.AFTERSALE


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_a_form_confirms(held: cast.Bought, cy: Client, method: str) -> None:
    assert getattr(cy, method)(f"{order_path(held.order_id)}/confirm").status_code == 405
    assert hold_of(held).state == HoldState.HELD


def test_eve_neither_sees_nor_confirms(held: cast.Bought, stranger: Client) -> None:
    eve = stranger
    eve.cookies["xk_order"] = cast.access().cookie_value(new_uuid())
    assert "is held for you" not in page_of(eve, held)
    leaves_nothing(lambda: confirm(eve, held))
    assert confirm(eve, held) in {302, 303, 404}
    assert hold_of(held).state == HoldState.HELD


def test_another_site_cannot_confirm_in_the_buyers_browser(held: cast.Bought) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["xk_order"] = held.cookie
    assert confirm(browser, held) == 403
    assert hold_of(held).state == HoldState.HELD


def test_while_something_is_open_there_is_no_button_and_the_money_stays(held: cast.Bought, cy: Client) -> None:
    run(escrow.stop(held.order_id, StopCause.DISPUTE, "d"))
    page = page_of(cy, held)
    assert "the money stays with Xinka until it is settled" in page
    assert "stands still while something is open" in page
    assert BUTTON not in page
    assert confirm(cy, held) == 303
    assert hold_of(held).state == HoldState.HELD
    assert "Something about this order is still open" in page_of(cy, held)


def test_frozen_money_is_told_plainly(held: cast.Bought, cy: Client) -> None:
    run(escrow.freeze(held.order_id, "case 7", by=(1, 2)))
    page = page_of(cy, held)
    assert "frozen by an official case" in page
    assert "case 7" not in page
    assert BUTTON not in page


def test_a_part_that_went_back_and_the_end_are_told(held: cast.Bought, cy: Client) -> None:
    run(escrow.give_back(held.order_id, 1_000, reason=RefundReason.DISPUTE, key="k", by=DEE))
    page = page_of(cy, held)
    assert "¥10.00 of what you paid goes back to you" in page
    assert f"¥{hold_of(held).amount / 100 - 10:.2f} is held for you" in page
    assert "Decided in a dispute" in page
    assert "a few days until you see it" in page
    run(escrow.confirm_due(timezone.now() + timedelta(days=30)))
    run(escrow.mature_due(timezone.now() + timedelta(days=60)))
    page = page_of(cy, held)
    assert "This trade is complete" in page
    assert "Completed" in page


def test_all_of_it_went_back(held: cast.Bought, cy: Client) -> None:
    run(escrow.give_back(held.order_id, None, reason=RefundReason.SELLER, key="k", by=DEE))
    page = page_of(cy, held)
    assert "Your money is on its way back to you" in page
    assert "Given back by the merchant" in page
    Refund.objects.update(state=RefundState.DONE)
    page = page_of(cy, held)
    assert "Your money went back to you" in page
    assert "a few days until you see it" not in page
    assert BUTTON not in page


def test_a_release_the_provider_has_not_confirmed_is_told(held: cast.Bought, cy: Client) -> None:
    Hold.objects.update(due_event="share", due_at=None)
    page = page_of(cy, held)
    assert "The payment provider is passing the money on" in page
    assert BUTTON not in page
