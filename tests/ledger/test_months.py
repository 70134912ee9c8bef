"""A merchant's months lead from one to the next, end at midnight in China, and tell why there is more or less."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.months import Line, months_of
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

ADA, BEA = 7, 8
A = Account


def enter(at: datetime, kind: JournalKind, *legs: tuple[Account, int], owner: int = ADA, currency: str = "CNY") -> None:
    """Enter a journal as it would have been entered at that moment."""
    made = tuple(Leg(account, amount, owner if 7 <= account <= 13 else None) for account, amount in legs)
    ids = run(post([Journal(kind, f"{at}/{kind}/{owner}/{currency}", currency, made)]))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_append_only")
        cursor.execute("UPDATE ledger_entry SET at = %s WHERE journal_id = ANY(%s)", [at, ids])
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER ledger_append_only")


def china(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a moment by China's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


def released(at: datetime, base: int, commission: int, **more: object) -> None:
    legs = ((A.ESCROW, base), (A.SELLER_PENDING, commission - base), (A.COMMISSION, -commission))
    enter(at, JournalKind.RELEASE, *legs, **more)  # type: ignore[arg-type]  # an owner or a currency


def test_months_end_at_midnight_in_china_also_at_the_end_of_the_year_and_on_the_leap_day() -> None:
    released(china(2027, 12, 31, 23, 59), 1000, 10)
    released(china(2028, 1, 1, 0, 0), 2000, 20)  # in UTC it is still the old year
    released(china(2028, 2, 29, 23, 59), 4000, 40)
    released(china(2028, 3, 1, 0, 0), 8000, 80)
    assert [(m.first, m.opening, m.closing) for m in months_of(ADA, 2028, date(2028, 3, 1))] == [
        (date(2028, 1, 1), 990, 2970),
        (date(2028, 2, 1), 2970, 6930),
        (date(2028, 3, 1), 6930, 14_850),
    ]
    december = months_of(ADA, 2027, date(2028, 3, 1))[-1]
    assert (december.first, december.sums) == (date(2027, 12, 1), {Line.SALES: 1000, Line.COMMISSION: -10})
    assert len(months_of(ADA, 2027, date(2028, 3, 1))) == 12


def test_every_cause_has_its_line_and_moves_between_ones_own_accounts_have_none() -> None:
    day = china(2028, 2, 10)
    enter(
        day, JournalKind.RELEASE,
        (A.ESCROW, 10_000), (A.PROMOTIONS, 500), (A.SELLER_PENDING, -9975), (A.COMMISSION, -525),
    )  # fmt: skip
    enter(day, JournalKind.RESERVE, (A.SELLER_PENDING, 900), (A.SELLER_RESERVE, -900))
    enter(
        day, JournalKind.CLAWBACK,
        (A.SELLER_PENDING, 997), (A.COMMISSION, 53), (A.PROMOTIONS, -50), (A.REFUND_IN_TRANSIT, -1000),
    )  # fmt: skip
    enter(day, JournalKind.MATURE, (A.SELLER_PENDING, 8078), (A.SELLER_AVAILABLE, -8078))
    enter(day, JournalKind.PAYOUT_ASKED, (A.SELLER_AVAILABLE, 5100), (A.SELLER_IN_TRANSIT, -5100))
    enter(day, JournalKind.PAYOUT_PAID, (A.SELLER_IN_TRANSIT, 5100), (A.BANK_TRUST, -5000), (A.PAYOUT_FEE, -100))
    enter(
        day, JournalKind.CHARGEBACK_OPENED,
        (A.SELLER_AVAILABLE, 2978), (A.SELLER_RECEIVABLE, 22), (A.CHARGEBACK_LOSS, 40), (A.SUSPENSE, -3040),
    )  # fmt: skip
    enter(day, JournalKind.REFERRAL, (A.SELLER_RECEIVABLE, 30), (A.PROMOTIONS, -30))
    enter(day, JournalKind.FREEZE, (A.SELLER_RESERVE, 900), (A.FROZEN, -900))
    enter(day, JournalKind.HAND_OVER, (A.FROZEN, 300), (A.BANK_TRUST, -300))
    enter(day, JournalKind.GIFT_CARD, (A.SELLER_RECEIVABLE, 5), (A.GIFT_CARDS, -5))
    february = months_of(ADA, 2028, date(2028, 2, 29))[-1]
    assert february.sums == {
        Line.SALES: 10_000,
        Line.SUBSIDY: 450,
        Line.COMMISSION: -472,
        Line.GIVEN_BACK: -1000,
        Line.CHARGEBACKS: -3000,
        Line.REFERRALS: -30,
        Line.HANDED_OVER: -300,
        Line.PAYOUT_FEES: -100,
        Line.PAID_OUT: -5000,
        Line.OTHER: -5,
    }
    assert (february.opening, february.closing) == (0, 543), "600 frozen, less 57 owed"


def test_months_are_of_one_merchant_and_one_currency() -> None:
    day = china(2028, 1, 5)
    released(day, 1000, 10)
    released(day, 2000, 20, owner=BEA)
    released(day, 4000, 40, currency="USD")
    # A user with Ada's number has money of their own.
    enter(day, JournalKind.WALLET, (A.REFUND_IN_TRANSIT, 77), (A.WALLET, -77))
    closing = {
        key: months_of(key[0], 2028, date(2028, 1, 31), key[1])[0].closing
        for key in ((ADA, "CNY"), (BEA, "CNY"), (ADA, "USD"))
    }
    assert closing == {(ADA, "CNY"): 990, (BEA, "CNY"): 1980, (ADA, "USD"): 3960}
    assert months_of(ADA, 2029, date(2028, 1, 31)) == []
