"""Each rule of the books can fail: damaged books are told from sound ones, by exactly the rules that are broken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.closing import GRACE, close_next_day
from xinka.ledger.owners import sum_up_next_day
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.rules import RULES
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

_GUARDED = ("ledger_entry", "ledger_journal", "ledger_balance", "ledger_owner_total")


def damage(statement: str) -> None:
    """Write past every guard of the database; something must have changed."""
    with connection.cursor() as cursor:
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE ledger_balance DROP CONSTRAINT balance_overdraft")
        cursor.execute(statement)
        assert cursor.rowcount != 0


def broken() -> set[str]:
    found = set()
    with connection.cursor() as cursor:
        for rule in RULES:
            cursor.execute(rule.sql)
            found |= {rule.name} if cursor.fetchall() else set()
    return found


@pytest.fixture
def open_books() -> None:
    """An order paid and released, a part of it paid out, and a fee."""
    order, more = new_uuid(), {"channel_id": 3}
    paid = (Leg(Account.CLEARING, 4900), Leg(Account.ESCROW, -4900))
    released = (Leg(Account.ESCROW, 4900), Leg(Account.SELLER_AVAILABLE, -4500, 7), Leg(Account.COMMISSION, -400))
    asked = (Leg(Account.SELLER_AVAILABLE, 1000, 7), Leg(Account.SELLER_IN_TRANSIT, -1000, 7))
    fee = (Leg(Account.PSP_FEE, 30), Leg(Account.CLEARING, -30))
    run(
        post(
            [
                Journal(JournalKind.PAYMENT, "paid", "CNY", paid, order_id=order, **more),
                Journal(JournalKind.RELEASE, "released", "CNY", released, order_id=order),
                Journal(JournalKind.PAYOUT_ASKED, "asked", "CNY", asked),
                Journal(JournalKind.PSP_FEE, "fee", "CNY", fee, **more),
                Journal(JournalKind.RESERVE, "nothing", "CNY", ()),
            ]
        )
    )


@pytest.fixture
def books(open_books: None) -> None:
    """The same when the day is over and closed."""
    assert run(close_next_day(timezone.now() + timedelta(days=1) + GRACE)) is not None
    assert run(sum_up_next_day()) is not None


DAMAGE: dict[str, tuple[str, set[str]]] = {
    "a leg changed": (
        "UPDATE ledger_entry SET amount = amount + 1 WHERE account = 15",
        {
            "journals_balance",
            "books_balance",
            "journals_are_complete",
            "closed_days_are_entries",
            "owners_are_summed_up",
        },
    ),
    "a journal made smaller": (
        "UPDATE ledger_entry SET amount = amount / 2 WHERE kind = 4",
        {"journals_are_complete", "closed_days_are_entries"},
    ),
    "a journal removed": (
        "DELETE FROM ledger_entry WHERE kind = 9",
        {"journals_are_complete", "balances_are_entries", "closed_days_are_entries"},
    ),
    "a key removed": ("DELETE FROM ledger_journal WHERE key = 'fee'", {"journals_have_keys"}),
    "a leg moved to another time": (
        "UPDATE ledger_entry SET at = at + interval '1 microsecond' WHERE account = 18",
        {"journals_are_one_writing"},
    ),
    "a balance raised": ("UPDATE ledger_balance SET amount = amount - 1 WHERE account = 9", {"balances_are_entries"}),
    "a balance forgotten": ("DELETE FROM ledger_balance WHERE account = 11", {"balances_are_entries"}),
    "more paid out than there was": (
        """WITH kept AS (UPDATE ledger_balance SET amount = CASE account WHEN 9 THEN 10 ELSE -4510 END),
             sealed AS (DELETE FROM ledger_journal WHERE key = 'asked')
           UPDATE ledger_entry SET kind = 2, amount = CASE account WHEN 9 THEN 4510 ELSE -4510 END WHERE kind = 9""",
        {"nobody_is_overdrawn", "closed_days_are_entries"},
    ),
    "escrow released twice": (
        """WITH sealed AS (DELETE FROM ledger_journal WHERE key = 'paid')
           UPDATE ledger_entry SET amount = amount / 2 WHERE kind = 1""",
        {"nobody_is_overdrawn", "closed_days_are_entries"},
    ),
    "customers' money taken for the shop": (
        """WITH sealed AS (DELETE FROM ledger_journal WHERE key = 'fee')
           UPDATE ledger_entry SET kind = 2, account = CASE account WHEN 18 THEN 6 ELSE 1 END,
             amount = CASE account WHEN 18 THEN 401 ELSE -401 END WHERE kind = 4""",
        {"customers_are_covered", "closed_days_are_entries"},
    ),
    "a day's sum changed": (
        "UPDATE ledger_day_total SET amount = amount + 1 WHERE account = 1",
        {"closed_days_are_entries"},
    ),
    "a day's sum forgotten": ("DELETE FROM ledger_day_total WHERE account = 18", {"closed_days_are_entries"}),
    "a merchant's sum changed": (
        "UPDATE ledger_owner_total SET amount = amount + 1 WHERE account = 2",
        {"owners_are_summed_up"},
    ),
    "a merchant's sum forgotten": ("DELETE FROM ledger_owner_total WHERE account = 15", {"owners_are_summed_up"}),
}


def test_sound_books_break_no_rule(books: None) -> None:
    assert broken() == set()


@pytest.mark.parametrize(("statement", "rules"), DAMAGE.values(), ids=DAMAGE.keys())
def test_each_damage_is_told_by_exactly_the_rules_it_breaks(books: None, statement: str, rules: set[str]) -> None:
    damage(statement)
    assert broken() == rules


def test_no_rule_is_without_a_damage_that_breaks_it() -> None:
    assert {rule.name for rule in RULES} == set().union(*(rules for _, rules in DAMAGE.values()))


def test_taking_exactly_what_the_shop_has_earned_is_allowed(open_books: None) -> None:
    def take(amount: int) -> None:
        legs = (Leg(Account.BANK_OPERATING, amount), Leg(Account.CLEARING, -amount))
        run(post([Journal(JournalKind.CORRECTION, f"take/{amount}", "CNY", legs)]))

    take(400)
    assert broken() == set()
    take(1)
    assert broken() == {"customers_are_covered"}
