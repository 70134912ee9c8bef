"""A merchant's months lead from one to the next, end at midnight in China, and tell why there is more or less."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from xinka.flows.closing_days import close_days
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.closing import close_next_day
from xinka.ledger.models import ClosedDay, OwnerTotal
from xinka.ledger.months import Line, Month, months_of
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


def months(merchant: int, year: int, last: date, currency: str = "CNY") -> list[Month]:
    """Tell the months from the entries, then with January closed, then with all closed: it is the same each time."""
    told = months_of(merchant, year, last, currency)
    for until in (china(2028, 2, 1), china(2028, 3, 5)):
        close_days(until)
        assert months_of(merchant, year, last, currency) == told
    return told


def test_months_end_at_midnight_in_china_also_at_the_end_of_the_year_and_on_the_leap_day() -> None:
    released(china(2027, 12, 31, 23, 59), 1000, 10)
    released(china(2028, 1, 1, 0, 0), 2000, 20)  # in UTC it is still the old year
    released(china(2028, 2, 29, 23, 59), 4000, 40)
    released(china(2028, 3, 1, 0, 0), 8000, 80)
    assert [(m.first, m.opening, m.closing) for m in months(ADA, 2028, date(2028, 3, 1))] == [
        (date(2028, 1, 1), 990, 2970),
        (date(2028, 2, 1), 2970, 6930),
        (date(2028, 3, 1), 6930, 14_850),
    ]
    december = months(ADA, 2027, date(2028, 3, 1))[-1]
    assert (december.first, december.sums) == (date(2027, 12, 1), {Line.SALES: 1000, Line.COMMISSION: -10})
    assert len(months(ADA, 2027, date(2028, 3, 1))) == 12


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
    february = months(ADA, 2028, date(2028, 2, 29))[-1]
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
        key: months(key[0], 2028, date(2028, 1, 31), key[1])[0].closing
        for key in ((ADA, "CNY"), (BEA, "CNY"), (ADA, "USD"))
    }
    assert closing == {(ADA, "CNY"): 990, (BEA, "CNY"): 1980, (ADA, "USD"): 3960}
    assert months_of(ADA, 2029, date(2028, 1, 31)) == []


def test_what_is_kept_is_read_instead_of_the_entries_and_what_is_not_kept_yet_is_read_beside_it() -> None:
    released(china(2028, 1, 5), 1000, 10)
    close_days(china(2028, 1, 7))
    released(china(2028, 1, 8), 2000, 20)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_owner_total DISABLE TRIGGER ledger_owner_total_append_only")
        cursor.execute("UPDATE ledger_owner_total SET amount = amount + 5 WHERE account = %s", [A.ESCROW])
    (january,) = months_of(ADA, 2028, date(2028, 1, 31))
    assert january.sums == {Line.SALES: 3005, Line.COMMISSION: -30}


def test_days_that_were_closed_before_sums_were_kept_are_summed_up_in_their_order() -> None:
    for day in (5, 6, 9):
        released(china(2028, 1, day), 1000 * day, 10)
    while run(close_next_day(china(2028, 1, 12))):  # as the version of before closes them
        pass
    assert ClosedDay.objects.filter(owners_summed_at=None).count() == 7
    assert close_days(china(2028, 1, 12)) == 0
    assert not ClosedDay.objects.filter(owners_summed_at=None).exists()
    assert list(OwnerTotal.objects.order_by("day", "account").values_list("owner_id", "day", "account", "amount")) == [
        (ADA, date(2028, 1, day), account, amount)
        for day in (5, 6, 9)
        for account, amount in ((A.ESCROW, 1000 * day), (A.COMMISSION, -10))
    ]
    close_days(china(2028, 1, 12))
    assert OwnerTotal.objects.count() == 6, "once"


@pytest.mark.parametrize("change", ["UPDATE ledger_owner_total SET amount = 1", "DELETE FROM ledger_owner_total"])
def test_what_is_kept_is_not_changed(change: str) -> None:
    released(china(2028, 1, 5), 1000, 10)
    close_days(china(2028, 1, 7))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert OwnerTotal.objects.count() == 2
