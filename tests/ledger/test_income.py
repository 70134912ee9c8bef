"""The platform's months: what it earned and what it cost add up to the trial balance, from sums of days or entries."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from tests.ledger.test_months import china, enter, released
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.closing import close_next_day
from xinka.ledger.income import EARNED, SPENT, Moved, moved_in, results_of
from xinka.ledger.queries import trial_balance
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

A = Account


@pytest.fixture
def year() -> None:
    """Sales, a refund, a chargeback, fees of a gateway and a payout, over three months; some dollars too."""
    enter(china(2026, 1, 31, 23, 59), JournalKind.PAYMENT, (A.CLEARING, 20_000), (A.ESCROW, -20_000))
    released(china(2026, 1, 31, 23, 59), 10_000, 500)
    released(china(2026, 2, 1, 0, 0), 4_000, 200)
    enter(china(2026, 2, 10), JournalKind.PSP_FEE, (A.PSP_FEE, 120), (A.CLEARING, -120))
    enter(china(2026, 2, 11), JournalKind.REFUND_DECIDED, (A.ESCROW, 2_500), (A.REFUND_IN_TRANSIT, -2_500))
    enter(china(2026, 2, 12), JournalKind.REFUND_SENT, (A.REFUND_IN_TRANSIT, 2_500), (A.CLEARING, -2_500))
    enter(china(2026, 3, 1), JournalKind.CHARGEBACK_OPENED, (A.ESCROW, 3_000), (A.SUSPENSE, -3_000))
    enter(china(2026, 3, 2), JournalKind.CHARGEBACK_LOST, (A.CHARGEBACK_LOSS, 700), (A.CLEARING, -700))
    enter(china(2026, 3, 3), JournalKind.CLAWBACK, (A.COMMISSION, 50), (A.REFUND_IN_TRANSIT, -50))
    released(china(2026, 3, 4), 1_000, 90, currency="USD")


def figures(currency: str = "CNY") -> list[tuple[int, int, int, int]]:
    return [(one.first.month, one.earned, one.spent, one.left) for one in results_of(2026, date(2026, 4, 2), currency)]


EXPECTED = [(1, 500, 0, 500), (2, 200, 120, 80), (3, -50, 700, -750), (4, 0, 0, 0)]


def test_a_month_has_what_was_earned_and_what_it_cost_and_ends_at_midnight_in_china(year: None) -> None:
    assert figures() == EXPECTED
    assert figures("USD") == [(1, 0, 0, 0), (2, 0, 0, 0), (3, 90, 0, 90), (4, 0, 0, 0)]


def test_closed_days_say_the_same_as_their_entries(year: None) -> None:
    closed = 0
    while run(close_next_day(timezone.now())) and closed < 12:
        closed += 1
        assert figures() == EXPECTED
    assert closed == 12


def test_all_months_together_are_what_the_trial_balance_has(year: None) -> None:
    months = results_of(2026, date(2026, 12, 31), "CNY")
    lines = [line for line in trial_balance().lines if line.currency == "CNY"]
    assert sum(one.left for one in months) == -sum(line.amount for line in lines if line.account in {*EARNED, *SPENT})


def test_what_moved_is_told_of_a_month_and_of_the_whole_year(year: None) -> None:
    assert moved_in(2026, "CNY", 2) == {2: Moved(given_back=2_500)}
    assert moved_in(2026, "CNY") == {
        1: Moved(came=20_000),
        2: Moved(given_back=2_500),
        3: Moved(given_back=50, charged_back=3_000),
    }
    assert moved_in(2026, "CNY", 12) == {}


def test_a_year_that_has_not_begun_has_no_months(year: None) -> None:
    assert results_of(2027, date(2026, 4, 2), "CNY") == []
    assert len(results_of(2025, date(2026, 4, 2), "CNY")) == 12
