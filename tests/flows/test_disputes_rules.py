"""Each rule about cases can fail: damage is found by exactly the rules that it breaks."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.flows.disputing import BUYER, NOW, SELLER, Trade, trade
from tests.flows.rows import broken
from xinka.disputes.rules import RULES
from xinka.disputes.states import Offer
from xinka.flows.disputes import cases, chargebacks
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.payments.models import Receipt

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


def _open(deal: Trade) -> None:
    deal.complain()


def _conceded(deal: Trade) -> None:
    cases.concede(deal.complain(1).id, by=SELLER, now=NOW)


def _replaced(deal: Trade) -> None:
    case = deal.complain(2)
    cases.offer(case.id, Offer.REPLACE, by=SELLER, now=NOW)
    cases.accept(case.id, Offer.REPLACE, by=BUYER, now=NOW)


def _charged_back(deal: Trade) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9800)
    chargebacks.open_chargeback(told, now=NOW)


_CLOSE = """UPDATE disputes_case
  SET state = 'closed', outcome = 'lapsed', closed_at = now(), due_at = NULL, due_event = ''"""
DAMAGE = {
    "the stop was ended by hand": (_open, "UPDATE escrow_stop SET ended_at = now()", {"case_stops_hold"}),
    "the case was closed by hand": (
        _open,
        _CLOSE,
        {"stop_has_case", "case_log_is_whole"},
    ),
    "a line of the log is gone": (
        _conceded,
        "DELETE FROM disputes_case_move WHERE version = 1",
        {"case_log_is_whole"},
    ),
    "the outcome was rewritten": (
        _conceded,
        "UPDATE disputes_case SET outcome = 'withdrawn'",
        {"case_gave_back"},
    ),
    "codes were given for nothing": (
        _replaced,
        "UPDATE disputes_case SET outcome = 'withdrawn'",
        {"replaced_for_case"},
    ),
    "what was set aside was rewritten": (
        _charged_back,
        "UPDATE disputes_case SET taken = '{\"7\": 1}'",
        {"chargeback_is_entered"},
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_is_found_and_nothing_else(name: str) -> None:
    story, damage, rules = DAMAGE[name]
    story(trade())
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute(damage)
        assert cursor.rowcount == 1
    assert set(broken()) - {"stops_are_counted"} == rules


def test_no_rule_is_without_a_damage_that_breaks_it() -> None:
    assert {rule[0] for rule in RULES} == {rule for _, _, rules in DAMAGE.values() for rule in rules}
