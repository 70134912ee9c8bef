"""Reports as of a day say the same whenever they are asked, whether the day is closed or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import connection

from xinka.flows.closing_days import close_days
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.closing import close_next_day
from xinka.ledger.days import day_of, end_of, start_of
from xinka.ledger.models import ClosedDay, DayTotal
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import Subject, statement, trial_balance
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY, FRIDAY = MONDAY + timedelta(1), MONDAY + timedelta(2), MONDAY + timedelta(4)
ADA = 7


def enter(day: date, key: str, amount: int, *, hours: float = 12, owner: int = ADA, currency: str = "CNY") -> None:
    """Enter a payment and its release as they would have been entered on that day."""
    legs = (Leg(Account.CLEARING, amount), Leg(Account.ESCROW, -amount))
    out = (Leg(Account.ESCROW, amount), Leg(Account.SELLER_AVAILABLE, -amount, owner))
    made = [
        Journal(JournalKind.PAYMENT, f"{key}/in", currency, legs, channel_id=3),
        Journal(JournalKind.RELEASE, f"{key}/out", currency, out),
    ]
    journals = run(post(made))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_append_only")
        at = start_of(day) + timedelta(hours=hours)
        cursor.execute("UPDATE ledger_entry SET at = %s WHERE journal_id = ANY(%s)", [at, journals])
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER ledger_append_only")


@pytest.fixture
def week() -> None:
    """Three days with something, one of them at its very edges, and one without anything."""
    enter(MONDAY, "m", 100, hours=0)
    enter(TUESDAY, "t", 20)
    enter(TUESDAY, "t2", 3, hours=23.999)
    enter(FRIDAY, "f", 4000)
    enter(FRIDAY, "usd", 70, currency="USD")


def held(as_of: date | None) -> dict[tuple[int, str], int]:
    return {(line.account, line.currency): line.amount for line in trial_balance(as_of).lines}


BY_DAY = {
    MONDAY - timedelta(1): {},
    MONDAY: {(1, "CNY"): 100, (9, "CNY"): -100},
    TUESDAY: {(1, "CNY"): 123, (9, "CNY"): -123},
    WEDNESDAY: {(1, "CNY"): 123, (9, "CNY"): -123},
    FRIDAY: {(1, "CNY"): 4123, (9, "CNY"): -4123, (1, "USD"): 70, (9, "USD"): -70},
    None: {(1, "CNY"): 4123, (9, "CNY"): -4123, (1, "USD"): 70, (9, "USD"): -70},
}


@pytest.mark.parametrize("closed_until", [None, MONDAY, WEDNESDAY, FRIDAY])
def test_the_books_as_of_a_day_do_not_depend_on_which_days_are_closed(week: None, closed_until: date | None) -> None:
    if closed_until:
        close_days(end_of(closed_until) + timedelta(minutes=11))
    assert ClosedDay.objects.count() == ((closed_until - MONDAY).days + 1 if closed_until else 0)
    assert {day: held(day) for day in BY_DAY} == BY_DAY


def test_what_comes_later_changes_no_earlier_report(week: None) -> None:
    before = {day: held(day) for day in BY_DAY if day}
    enter(FRIDAY + timedelta(3), "later", 999)
    assert {day: held(day) for day in BY_DAY if day} == before


def test_debits_and_credits_are_equal_and_customers_are_covered(week: None) -> None:
    report = trial_balance()
    assert report.totals == [("CNY", 4123, 4123), ("USD", 70, 70)]
    assert [(one.currency, one.owed, one.held, one.missing) for one in report.cover] == [
        ("CNY", 4123, 4123, 0),
        ("USD", 70, 70, 0),
    ]


def test_a_fee_that_a_gateway_took_is_missing_until_the_operator_puts_it_back(week: None) -> None:
    legs = (Leg(Account.PSP_FEE, 6), Leg(Account.CLEARING, -6))
    run(post([Journal(JournalKind.PSP_FEE, "fee", "CNY", legs)]))
    assert trial_balance().cover[0].missing == 6
    legs = (Leg(Account.BANK_TRUST, 6), Leg(Account.CAPITAL, -6))
    run(post([Journal(JournalKind.CORRECTION, "top up", "CNY", legs)]))
    assert trial_balance().cover[0].missing == 0


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(
    "subject", [Subject(Account.SELLER_AVAILABLE, "CNY", ADA), Subject(Account.CLEARING)], ids=["owned", "shared"]
)
def test_a_statement_tells_opening_lines_and_closing(week: None, subject: Subject, closed: bool) -> None:
    if closed:
        close_days(end_of(FRIDAY) + timedelta(minutes=11))
    told = statement(subject, TUESDAY, FRIDAY)
    assert (told.opening, told.closing, told.n_lines) == (100, 4123, 3)
    assert [(line.amount, line.balance) for line in told.lines] == [(20, 120), (3, 123), (4000, 4123)]
    page = statement(subject, TUESDAY, FRIDAY, offset=1, limit=1)
    assert [(line.amount, line.balance) for line in page.lines] == [(3, 123)]
    assert (page.opening, page.closing, page.n_lines) == (100, 4123, 3)


def test_a_statement_is_of_one_owner_and_one_currency(week: None) -> None:
    enter(TUESDAY, "bea", 500, owner=8)
    assert statement(Subject(Account.SELLER_AVAILABLE, "CNY", 8), MONDAY, FRIDAY).closing == 500
    assert statement(Subject(Account.SELLER_AVAILABLE, "USD", ADA), MONDAY, FRIDAY).closing == 70
    assert statement(Subject(Account.SELLER_AVAILABLE, "USD", 8), MONDAY, FRIDAY).closing == 0


def test_a_day_stays_open_until_it_is_over_for_everybody(week: None) -> None:
    assert run(close_next_day(end_of(MONDAY) + timedelta(minutes=9))) is None
    assert run(close_next_day(end_of(MONDAY) + timedelta(minutes=11))) == MONDAY
    assert run(close_next_day(end_of(MONDAY) + timedelta(minutes=11))) is None
    assert list(DayTotal.objects.values_list("day", "account", "channel_id", "amount", "n_entries")) == [
        (MONDAY, 1, 3, 100, 1),
        (MONDAY, 2, 0, 100, 1),
        (MONDAY, 2, 3, -100, 1),
        (MONDAY, 9, 0, -100, 1),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_day_waits_for_transactions_that_began_in_it() -> None:
    today = day_of(datetime.now(UTC))
    legs = (Leg(Account.CLEARING, 5), Leg(Account.ESCROW, -5))
    run(post([Journal(JournalKind.PAYMENT, "one", "CNY", legs)]))
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as slow:
        slow.execute("SELECT 1")
        assert close_days(end_of(today) + timedelta(hours=1)) == 0
    assert close_days(end_of(today) + timedelta(hours=1)) == 1


def test_books_without_entries_have_nothing_to_close_or_to_tell() -> None:
    assert close_days(datetime.now(UTC)) == 0
    assert trial_balance().lines == []
    assert statement(Subject(Account.CLEARING), MONDAY, FRIDAY).lines == []
