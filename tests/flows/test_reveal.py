"""From which network a code was opened is forgotten after half a year, unless it is being argued about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.flows.disputing import BUYER, NOW, Trade, trade
from xinka.delivery.actions import Opener
from xinka.delivery.models import DeliveredCode
from xinka.disputes.reasons import Reason
from xinka.flows.disputes import cases
from xinka.flows.reveal import NETWORK_KEPT_FOR, forget_old_networks, reveal

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal() -> Trade:
    """Two pieces, the first opened."""
    made = trade()
    reveal(made.order.id, {1}, opener=Opener("Chrome, Windows", "203.0.113.77"), now=NOW)
    return made


def kept() -> list[tuple[str, str]]:
    return list(DeliveredCode.objects.order_by("position").values_list("revealed_from", "revealed_net"))


def test_it_is_kept_for_half_a_year_and_the_device_and_the_time_stay(deal: Trade) -> None:
    assert forget_old_networks(NOW + NETWORK_KEPT_FOR) == 0
    assert kept() == [("Chrome, Windows", "203.0.113.0/24"), ("", "")]
    assert forget_old_networks(NOW + NETWORK_KEPT_FOR + timedelta(seconds=1)) == 1
    assert kept() == [("Chrome, Windows", ""), ("", "")]
    assert DeliveredCode.objects.get(position=1).revealed_at == NOW


def test_what_is_argued_about_is_kept_until_that_ends(deal: Trade) -> None:
    made = cases.open_case(deal.order, cases.Complaint(Reason.ALREADY_USED, "Used.", (1,)), by=BUYER, now=NOW)
    late = NOW + NETWORK_KEPT_FOR * 2
    assert forget_old_networks(late) == 0
    cases.withdraw(made.id, by=BUYER, now=NOW)
    assert forget_old_networks(late) == 1
    assert kept()[0] == ("Chrome, Windows", "")


def test_the_address_is_not_printed(deal: Trade) -> None:
    assert "203.0.113" not in repr(Opener("Chrome", "203.0.113.77"))
