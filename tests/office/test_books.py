"""The books are staff's to read; nothing on these pages can change them, and every export is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.kernel import ids
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.models import Entry
from xinka.ledger.posting import Journal, Leg, post
from xinka.office import books
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def entered(dee: cast.User) -> tuple[int, str]:
    """Ada was paid and a fee was taken; return Ada's number and the journal of the release."""
    ada = cast.adas_shop()
    order_id = new_uuid()
    paid = (Leg(Account.CLEARING, 4900), Leg(Account.ESCROW, -4900))
    out = (Leg(Account.ESCROW, 4900), Leg(Account.SELLER_AVAILABLE, -4655, ada.id), Leg(Account.COMMISSION, -245))
    fee = (Leg(Account.PSP_FEE, 29), Leg(Account.CLEARING, -29))
    made = run(
        post(
            [
                Journal(JournalKind.PAYMENT, "in", "CNY", paid, order_id=order_id),
                Journal(JournalKind.RELEASE, "out", "CNY", out, order_id, note="buyer confirmed", by_id=dee.id),
                Journal(JournalKind.PSP_FEE, "fee", "CNY", fee),
            ]
        )
    )
    return ada.id, ids.show("jrn", made[1])


def addresses(ada: int, journal: str) -> list[str]:
    return [
        "/office/books",
        "/office/books/1/CNY",
        "/office/books/9/CNY",
        f"/office/books/9/CNY/{ada}",
        f"/office/books/journals/{journal}",
    ]


def exports(ada: int) -> list[str]:
    return ["/office/books/export", "/office/books/1/CNY/export", f"/office/books/9/CNY/{ada}/export"]


def asked(form: str = "csv", days: int = 0) -> dict[str, str]:
    today = day_of(timezone.now())
    return {"first": str(today - timedelta(days=days)), "last": str(today), "form": form}


def body(answer: object) -> str:
    return b"".join(answer).decode()  # type: ignore[call-overload, no-any-return]  # a streaming response


def test_eve_and_ada_find_no_books(client: Client, entered: tuple[int, str]) -> None:
    pages = addresses(*entered)
    assert {client.get(page).status_code for page in pages} == {302}
    for email in ("eve@example.com", "ada@ada-cards.example"):
        client.force_login(cast.User.objects.filter(email=email).first() or cast.person(email))
        assert {client.get(page).status_code for page in pages} == {404}
        assert {client.post(page, asked()).status_code for page in exports(entered[0])} == {404}
    assert AuditEntry.objects.count() == 0


def test_books_without_entries_say_so(office: Client) -> None:
    assert "Nothing has been entered" in office.get("/office/books").content.decode()
    assert "Nobody has anything here" in office.get("/office/books/9/CNY").content.decode()
    assert "Nothing was entered in this time" in office.get("/office/books/1/CNY").content.decode()


def test_the_trial_balance_shows_all_accounts_and_what_is_short(office: Client, entered: tuple[int, str]) -> None:
    text = office.get("/office/books").content.decode()
    for words in ("Owed by the gateways", "¥48.71", "Commission", "¥2.45", "Sum in CNY", "¥49.00", "Covered"):
        assert words in text
    out = (Leg(Account.BANK_OPERATING, 300), Leg(Account.CLEARING, -300))
    run(post([Journal(JournalKind.CORRECTION, "out of the box", "CNY", out)]))
    text = office.get("/office/books").content.decode()
    assert "Short" in text
    assert "¥0.84" in text


def test_the_trial_balance_of_a_day_before_is_empty(office: Client, entered: tuple[int, str]) -> None:
    yesterday = day_of(timezone.now()) - timedelta(days=1)
    assert "Nothing has been entered" in office.get(f"/office/books?as_of={yesterday}").content.decode()
    assert office.get("/office/books?as_of=2026-02-30").status_code == 422


def test_an_account_kept_per_owner_first_asks_whose(office: Client, entered: tuple[int, str]) -> None:
    text = office.get("/office/books/9/CNY").content.decode()
    assert "艾达卡铺" in text
    assert f"/office/books/9/CNY/{entered[0]}" in text
    text = office.get(f"/office/books/9/CNY/{entered[0]}").content.decode()
    for words in ("艾达卡铺", "Opening balance", "Released to the merchant", "buyer confirmed", "Closing balance"):
        assert words in text
    assert text.count("¥46.55") == 3


def test_a_statement_has_pages_that_count_on(
    office: Client, entered: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "_PAGE", 1)
    first, second = (office.get(f"/office/books/1/CNY?page={n}").content.decode() for n in (1, 2))
    assert "Page 1 of 2" in first
    assert ("Opening balance" in first, "Closing balance" in first) == (True, False)
    assert ("Opening balance" in second, "Closing balance" in second) == (False, True)
    assert "−¥0.29" in second
    assert second.count("¥48.71") == 2


@pytest.mark.parametrize("period", ["first=2026-05-02&last=2026-05-01", "first=2020-01-01&last=2026-01-01", "first=x"])
def test_a_period_that_makes_no_sense_is_told_and_this_month_is_shown(
    office: Client, entered: tuple[int, str], period: str
) -> None:
    answer = office.get(f"/office/books/1/CNY?{period}")
    assert answer.status_code == 422
    assert "¥48.71" in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/office/books?as_of=9999-12-31",
        "/office/books?as_of=0001-01-01",
        "/office/books/1/CNY?first=9999-12-31&last=9999-12-31",
        "/office/books/1/CNY?first=0001-01-01&last=0001-01-01",
    ],
)
def test_a_day_out_of_all_reach_is_a_page_and_no_fault(office: Client, entered: tuple[int, str], address: str) -> None:
    assert office.get(address).status_code == 200


def test_a_journal_tells_its_entries_its_key_and_who_entered_it(
    office: Client, entered: tuple[int, str], dee: cast.User
) -> None:
    text = office.get(f"/office/books/journals/{entered[1]}").content.decode()
    for words in (
        "Released to the merchant",
        "buyer confirmed",
        f"#{dee.id}",
        "¥49.00",
        "¥46.55",
        "¥2.45",
        'href="/office/orders/ord_',
    ):
        assert words in text


@pytest.mark.parametrize(
    "address",
    [
        "/office/books/journals/jrn_00000000000000000000000000",
        "/office/books/journals/ord_00000000000000000000000000",
        "/office/books/99/CNY",
        "/office/books/1/CNY/7",
    ],
)
def test_what_is_not_in_the_books_is_not_found(office: Client, address: str) -> None:
    assert office.get(address).status_code == 404


@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("beancount", "text/plain"), ("xlsx", "application/")])
def test_all_journals_leave_as_a_file_and_the_audit_says_so(
    office: Client, entered: tuple[int, str], form: str, kind: str
) -> None:
    answer = office.post("/office/books/export", asked(form))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(kind)
    assert answer["Content-Disposition"].startswith('attachment; filename="books-')
    content = b"".join(answer)  # type: ignore[call-overload]  # a streaming response
    assert content[:2] == b"PK" if form == "xlsx" else b"46.55" in content
    assert AuditEntry.objects.get().action == "books.export"


def test_a_statement_leaves_as_a_file(office: Client, entered: tuple[int, str]) -> None:
    text = body(office.post(f"/office/books/9/CNY/{entered[0]}/export", asked()))
    assert "Opening balance" in text
    assert "buyer confirmed" in text
    assert office.post("/office/books/9/CNY/export", asked()).status_code == 404
    assert office.post("/office/books/1/CNY/7/export", asked()).status_code == 404
    assert office.post("/office/books/1/CNY/export", {**asked(), "form": "exe"}).status_code == 404


def test_an_export_is_refused_with_words(
    office: Client, entered: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = office.post("/office/books/export", {**asked(), "first": "2020-01-01"})
    assert answer.status_code == 422
    assert "Take a year at most" in answer.content.decode()
    monkeypatch.setattr(books, "_MOST_IN_WORKBOOK", Entry.objects.count() - 1)
    answer = office.post("/office/books/export", asked("xlsx"))
    assert answer.status_code == 422
    assert "too much for a workbook" in answer.content.decode()
    assert AuditEntry.objects.count() == 0


def test_files_are_made_by_posts_only(office: Client, entered: tuple[int, str]) -> None:
    assert {office.get(page).status_code for page in exports(entered[0])} == {405}
