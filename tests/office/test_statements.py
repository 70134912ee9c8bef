"""Finance reads what the platform earned and what it owes, on a page and as a file; taking the file is in the audit."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.flows.holding import held
from tests.ledger.test_months import enter
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.closing import GRACE, close_next_day
from xinka.ledger.days import day_of
from xinka.ledger.models import ClosedDay
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

A = Account

INCOME, OWED = "/office/books/income", "/office/books/owed"


def rows(client: Client, address: str, **asked: str) -> list[dict[str, str]]:
    answer = client.post(f"{address}/export", asked)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]  # a synchronous stream
    return list(csv.DictReader(io.StringIO(text)))


def test_income_is_told_by_month_with_what_it_cost_and_what_moved(office: Client) -> None:
    held()
    now = timezone.now()
    enter(now, JournalKind.RELEASE, (A.ESCROW, 1_000), (A.COMMISSION, -1_000))
    enter(now, JournalKind.PSP_FEE, (A.PSP_FEE, 60), (A.CLEARING, -60))
    page = office.get(INCOME).content.decode()
    for words in ("Commission", "Gateway fees", "Chargeback losses", "¥10.00", "¥0.60", "¥9.40", "¥100.00"):
        assert words in page, words
    assert "Goodwill" not in page
    month = f"{day_of(now):%Y-%m}"
    (row,) = [row for row in rows(office, INCOME) if row["Month"] == month]
    told = ("Commission", "Gateway fees", "Earned", "Costs", "Left", "Came from buyers", "Given back to buyers")
    assert [row[name] for name in told] == ["10.00", "0.60", "10.00", "0.60", "9.40", "100.00", "0.00"]
    assert AuditEntry.objects.filter(action="books.export").count() == 1


def test_months_before_anything_was_entered_are_left_out(office: Client) -> None:
    now = timezone.now()
    assert len(rows(office, INCOME)) == 1
    enter(now - timedelta(days=1), JournalKind.PSP_FEE, (A.PSP_FEE, 60), (A.CLEARING, -60))
    assert run(close_next_day(now + GRACE)) == day_of(now - timedelta(days=1))
    assert [row["Month"] for row in rows(office, INCOME)][-1] == f"{day_of(now):%Y-%m}"
    assert len(rows(office, INCOME)) <= 2
    ClosedDay.objects.create(day=date(day_of(now).year, 1, 3), closed_at=now)
    assert len(rows(office, INCOME)) == day_of(now).month


@pytest.mark.parametrize("query", ["?year=1999", "?year=x", "?year=99999", "?currency=XXX", "?year=²"])
def test_a_year_or_a_currency_that_is_none_is_not_found(office: Client, query: str) -> None:
    assert office.get(f"{INCOME}{query}").status_code == 404


def test_what_is_owed_is_told_by_age(office: Client) -> None:
    assert "Nothing is owed" in office.get(OWED).content.decode()
    held()
    enter(timezone.now() - timedelta(days=40), JournalKind.MATURE, (A.BANK_TRUST, 777), (A.SELLER_RESERVE, -777))
    page = office.get(OWED).content.decode()
    for words in ("Held for orders", "Merchants: reserve", "0 to 7 days", "older than 90 days", "¥7.77", "¥100.00"):
        assert words in page, words
    told = rows(office, OWED)
    assert [(row["Account name"], row["0 to 7 days"], row["31 to 90 days"], row["In all"]) for row in told] == [
        ("Held for orders", "100.00", "0.00", "100.00"),
        ("Merchants: reserve", "0.00", "7.77", "7.77"),
    ]


@pytest.mark.parametrize("address", [INCOME, OWED])
def test_both_are_there_in_chinese(office: Client, address: str) -> None:
    held()
    office.cookies["xk_lang"] = "zh-hans"
    assert office.get(address).status_code == 200
