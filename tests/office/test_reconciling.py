"""Staff see where gateways and books differ, say what it is, and have forgotten money entered with one click."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.gateway import Gateway, Trade, open_gateway
from tests.office.test_matching import browser_of
from xinka.accounts.staff_roles import StaffRole
from xinka.kernel import ids
from xinka.ledger.days import day_of, end_of
from xinka.office.reconciling import BillForm
from xinka.payments.models import Channel, Receipt
from xinka.platform.audit.models import AuditEntry
from xinka.reconciling.models import Bill, Difference, LineEntry

pytestmark = pytest.mark.django_db

YESTERDAY = day_of(timezone.now()) - timedelta(days=1)
HEAD = "kind,trade_no,out_trade_no,refund_no,amount,fee,currency,at\n"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that can be told what it knows."""
    with open_gateway() as opened:
        yield opened


@pytest.fixture
def channel(gateway: Gateway) -> Channel:
    """Cy's way of paying; this gateway hands out no bills."""
    return cast.channel(config={"base_url": gateway.url})


@pytest.fixture
def bought(channel: Channel) -> cast.Bought:
    """An order that Cy has paid without our hearing of it."""
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, channel)


def upload(client: Client, channel: Channel, text: str | bytes, *, day: date = YESTERDAY) -> object:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("bill.csv", content, "text/csv")
    return client.post("/office/reconciling/bills", {"channel": channel.id, "day": str(day), "file": file})


def number_of(bought: cast.Bought) -> str:
    return ids.show("pay", bought.payment_id)


@pytest.fixture
def missing(office: Client, channel: Channel, bought: cast.Bought) -> Difference:
    """The bill has Cy's payment, we do not."""
    upload(office, channel, f"{HEAD}payment,T1,{number_of(bought)},,49.00,0.30,,2026-11-21T12:00:00\n")
    return Difference.objects.get()


def acts() -> list[str]:
    """Return what was done about differences, the oldest first."""
    return list(AuditEntry.objects.exclude(action="bill.upload").order_by("id").values_list("action", flat=True))


def test_eve_and_ada_find_no_queue(client: Client, channel: Channel) -> None:
    cast.adas_shop()
    pages = ["/office/reconciling", "/office/reconciling/1"]
    posts = ["/office/reconciling/bills", "/office/reconciling/1/settle", "/office/reconciling/1/move"]
    assert {client.get(page).status_code for page in pages} == {302}
    for email in ("eve@example.com", "ada@ada-cards.example"):
        client.force_login(cast.User.objects.filter(email=email).first() or cast.person(email))
        assert {client.get(page).status_code for page in pages} == {404}
        assert {client.post(page).status_code for page in posts} == {404}
    assert Bill.objects.count() == AuditEntry.objects.count() == 0


def test_without_bills_the_page_says_so(office: Client) -> None:
    text = office.get("/office/reconciling").content.decode()
    assert "Nothing has been compared yet" in text
    assert "No bill has been compared yet" in text
    assert "There is nothing in this state" in office.get("/office/reconciling?state=resolved").content.decode()


def test_an_uploaded_bill_is_compared_at_once(office: Client, channel: Channel, bought: cast.Bought) -> None:
    cast.settle(cast.money_for(bought, trade_no="T1"))
    Receipt.objects.update(received_at=timezone.now() - timedelta(days=1))
    text = f"\ufeff{HEAD}payment,T1,{number_of(bought)},,48.00,0.30,CNY,\npayment,T2,,,5.00,,,\n"
    assert upload(office, channel, text).status_code == 303  # type: ignore[attr-defined]  # a response
    page = office.get("/office/reconciling").content.decode()
    for words in ("Amounts differ", "¥48.00", "¥49.00", "Missing here", "¥5.00", "Compared", "¥0.30", channel.name_en):
        assert words in page
    assert AuditEntry.objects.get().action == "bill.upload"
    assert "Differences between gateways and books" in office.get("/office/").content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\n1,2,3\n", "Line 1 of the bill, column kind, trade_no, amount: it is missing."),
        ("a,b,c\n1,2,3\n", "and it has: a, b, c."),
        ("kind;trade_no;amount\npayment;T1;1\n", "columns are parted by commas"),
        (
            f"{HEAD}payment,T1,,,49.00,,,\ngift,T2,,,1,,,\n",
            "Line 3 of the bill, column kind: “gift” is none of payment,",
        ),
        (f"{HEAD}payment,,,,49.00,,,\n", "column trade_no: payments and refunds need"),
        (f"{HEAD}payment,4.2E+27,,,49.00,,,\n", "column trade_no: a spreadsheet rounded it to “4.2E+27”"),
        (f"{HEAD}payment,T1,,,49.001,,,\n", "column amount: “49.001” is no amount: too many decimals"),
        (f"{HEAD}payment,T1,,,¥49,,,\n", "column amount: “¥49” is no amount: write it like 12.34"),
        (f"{HEAD}refund,T1,,,-49.00,,,\n", "column amount: “-49.00” must have no sign"),
        (f"{HEAD}payment,T1,,,49.00,0.3O,,\n", "column fee: “0.3O” is no amount"),
        (f"{HEAD}payment,T1,,,49.00,,RMB,\n", "column currency: “RMB” is none of CNY"),
        (f"{HEAD}payment,T1,,,49.00,,,yesterday\n", "column at: “yesterday” is no time; write it like"),
        (f"{HEAD}payment,T1,,,1,200.00,,,\n", "Line 2 of the bill, column"),
        (f"{HEAD}payment,T1\n", "Line 2 of the bill, column amount: “” is no amount"),
        (f'{HEAD}payment,"T1\n', "Line 2 of the bill, column —: this line is no whole CSV"),
        (HEAD.encode() + b"payment,\xff\xfe,,,1,,,\n", "no text in UTF-8"),
        (f"{HEAD}payment,T\0 1,,,49.00,,,\n", "Line 2 of the bill, column trade_no: it holds a null character"),
    ],
)
def test_a_file_that_is_no_bill_is_refused_with_the_line(
    office: Client, channel: Channel, text: str | bytes, words: str
) -> None:
    answer = upload(office, channel, text)
    assert answer.status_code == 422  # type: ignore[attr-defined]  # a response
    assert words in unescape(answer.content.decode())  # type: ignore[attr-defined]
    assert Difference.objects.count() == 0
    assert not Bill.objects.filter(state="done").exists()


@pytest.mark.parametrize(
    ("provider", "hour", "is_over"),
    [("epay", 0, True), ("stripe", 7, False), ("paypal", 7, False), ("stripe", 8, True)],
)
def test_a_day_is_over_when_it_is_over_at_its_gateway(
    channel: Channel, provider: str, hour: int, is_over: bool
) -> None:
    """Stripe and PayPal count days in UTC, which end at eight in the morning of the next one here."""
    Channel.objects.filter(id=channel.id).update(provider=provider)
    file = SimpleUploadedFile("bill.csv", HEAD.encode(), "text/csv")
    with time_machine.travel(end_of(YESTERDAY) + timedelta(hours=hour), tick=False):
        form = BillForm({"channel": channel.id, "day": str(YESTERDAY)}, {"file": file})
        assert (form.is_valid(), "day" in form.errors) == (is_over, not is_over)


def test_a_day_that_is_not_over_and_a_gateway_without_bills_are_told(office: Client, channel: Channel) -> None:
    answer = upload(office, channel, HEAD, day=YESTERDAY + timedelta(days=1))
    assert "is not over before" in answer.content.decode()  # type: ignore[attr-defined]
    assert upload(office, channel, HEAD, day=date.max).status_code == 422  # type: ignore[attr-defined]
    answer = office.post("/office/reconciling/bills", {"channel": channel.id, "day": str(YESTERDAY)})
    assert answer.status_code == 422
    assert "hands out no bills" in answer.content.decode()


def test_a_gateway_with_bills_is_asked_by_a_worker(
    office: Client, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinka.office.reconciling.has_bills", lambda _channel: True)
    answer = office.post("/office/reconciling/bills", {"channel": channel.id, "day": str(YESTERDAY)})
    assert answer.status_code == 303
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args ->> 'day' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("books.read_bill", str(YESTERDAY))]


def test_money_the_gateway_confirms_is_entered_with_one_click(
    office: Client, missing: Difference, gateway: Gateway, bought: cast.Bought
) -> None:
    gateway.trades[number_of(bought)] = Trade("T1", "49.00")
    page = f"/office/reconciling/{missing.id}"
    assert "Ask and enter" in office.get(page).content.decode()
    assert office.post(f"{page}/settle").status_code == 303
    assert bought.order.state == "delivered"
    missing.refresh_from_db()
    assert (missing.state, missing.note) == ("resolved", "settled: settled")
    assert acts() == ["difference.settle"]
    assert office.post(f"{page}/settle").status_code == 409
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize(
    ("trade", "why"),
    [
        (Trade("T1", "49.00", status="0"), "unpaid"),
        (Trade("T1", "48.00"), "amount"),
        (Trade("T2", "49.00"), "not_found"),
        (None, "not_found"),
    ],
    ids=["unpaid", "another amount", "another number", "unknown"],
)
def test_money_the_gateway_does_not_confirm_is_not_entered(
    office: Client, missing: Difference, gateway: Gateway, bought: cast.Bought, trade: Trade | None, why: str
) -> None:
    if trade is not None:
        gateway.trades[number_of(bought)] = trade
    answer = office.post(f"/office/reconciling/{missing.id}/settle")
    assert answer.status_code == 409
    assert why in answer.content.decode().split("does not confirm")[1]
    assert bought.order.state == "awaiting_payment"
    assert Receipt.objects.count() == 0
    assert acts() == []
    missing.refresh_from_db()
    assert missing.state == "open"


def test_a_gateway_that_is_down_enters_nothing(office: Client, missing: Difference, gateway: Gateway) -> None:
    gateway.is_down = True
    assert office.post(f"/office/reconciling/{missing.id}/settle").status_code == 409
    assert Receipt.objects.count() == 0


def test_only_a_payment_of_ours_can_be_entered(office: Client, channel: Channel) -> None:
    upload(office, channel, f"{HEAD}payment,T1,pay_00000000000000000000000000,,49.00,,,\n")
    page = f"/office/reconciling/{Difference.objects.get().id}"
    assert "Ask and enter" not in office.get(page).content.decode()
    assert office.post(f"{page}/settle").status_code == 409


def test_staff_say_what_a_difference_is_and_the_first_word_counts(
    office: Client, missing: Difference, dee: cast.User
) -> None:
    page = f"/office/reconciling/{missing.id}"
    says = {"source": "open", "target": "explained", "note": "the gateway looks into it, ticket 7"}
    assert office.post(f"{page}/move", {**says, "note": "?"}).status_code == 422
    assert office.post(f"{page}/move", says).status_code == 303
    assert office.post(f"{page}/move", says).status_code == 409
    assert office.post(f"{page}/move", {**says, "source": "explained", "target": "gone"}).status_code == 404
    text = office.get(page).content.decode()
    assert "ticket 7" in text
    assert office.post(f"{page}/move", {**says, "source": "explained", "target": "resolved"}).status_code == 303
    assert office.post(f"{page}/move", {**says, "source": "resolved", "target": "explained"}).status_code == 409
    assert office.post(f"{page}/move", {**says, "source": "resolved", "target": "open"}).status_code == 303
    missing.refresh_from_db()
    assert (missing.state, missing.by_id) == ("open", dee.id)
    assert acts() == ["difference.explained", "difference.resolved", "difference.open"]


def test_acts_are_posts_and_what_is_not_there_is_not_found(office: Client, missing: Difference) -> None:
    assert office.get(f"/office/reconciling/{missing.id}/settle").status_code == 405
    assert office.get("/office/reconciling/99999999").status_code == 404


def test_why_a_bill_is_not_read_is_told_in_the_readers_language(office: Client, channel: Channel) -> None:
    Bill.objects.create(
        channel_id=channel.id,
        day=YESTERDAY,
        state="waiting",
        asked_at=timezone.now(),
        problem="the bill has no column: 交易时间",
    )
    page = office.get("/office/reconciling").content.decode()
    assert "the bill has no column: 交易时间" in page
    assert page.count(">—</td>") == 3, "nothing was read, so nothing was counted either"
    office.cookies["xk_lang"] = "zh-hans"
    assert "账单缺少这一列: 交易时间" in office.get("/office/reconciling").content.decode()


@pytest.fixture
def stranger(office: Client, channel: Channel) -> Difference:
    """The bill has money that names no payment of ours."""
    upload(office, channel, f"{HEAD}payment,T9,,,49.00,,,{timezone.now().isoformat()}\n")
    return Difference.objects.get()


def _entry_page(office: Client, found: Difference) -> str:
    return unescape(office.get(f"/office/reconciling/{found.id}").content.decode())


def _propose(office: Client, found: Difference, reason: str = "The buyer sent the slip of it") -> int:
    page = _entry_page(office, found)
    key = page.split('name="key" value="')[1].split('"')[0]
    answer = office.post(f"/office/reconciling/{found.id}/enter", {"reason": reason, "key": key})
    return answer.status_code


def test_two_people_enter_money_that_only_the_bill_tells_of(
    office: Client, stranger: Difference, bought: cast.Bought
) -> None:
    assert "Two people enter it" in _entry_page(office, stranger)
    assert _propose(office, stranger, "slip") == 422
    assert _propose(office, stranger) == 303
    page = _entry_page(office, stranger)
    assert "You proposed it" in page
    assert "Take it back" in page
    assert ">Agree<" not in page
    entry = LineEntry.objects.get()
    decide = f"/office/reconciling/entries/{entry.id}/decide"
    assert "somebody else has to do it" in unescape(office.post(decide, {"grant": "1"}, follow=True).content.decode())
    assert Receipt.objects.count() == 0
    other = browser_of("fei@example.com", StaffRole.FINANCE)
    assert "Look at the gateway's own page yourself" in _entry_page(other, stranger)
    there = other.post(decide, {"grant": "1"}, follow=True)
    text = unescape(there.content.decode())
    assert "Now say which order it is for" in text
    # The order of the same sum is offered, by the time at which the bill says that the money came.
    assert ids.show("ord", bought.order_id) in text
    assert "This money is entered." in _entry_page(office, stranger)
    assert acts() == ["difference.propose_entry", "difference.enter"]


def test_a_proposal_to_enter_money_is_taken_back(office: Client, stranger: Difference) -> None:
    _propose(office, stranger)
    entry = LineEntry.objects.get()
    answer = office.post(f"/office/reconciling/entries/{entry.id}/decide", {"grant": "0"}, follow=True)
    assert "Refused. Nothing was entered." in answer.content.decode()
    assert "Two people enter it" in _entry_page(office, stranger)
    assert Receipt.objects.count() == 0


def test_eve_and_ada_enter_nothing(client: Client, office: Client, stranger: Difference) -> None:
    _propose(office, stranger)
    addresses = [
        f"/office/reconciling/{stranger.id}/enter",
        f"/office/reconciling/entries/{LineEntry.objects.get().id}/decide",
    ]
    cast.adas_shop()
    for email in ("eve@example.com", "ada@ada-cards.example"):
        client.force_login(cast.User.objects.filter(email=email).first() or cast.person(email))
        answers = {client.post(one, {"grant": "1", "reason": "it is mine, all of it"}).status_code for one in addresses}
        assert answers == {404}
    assert Receipt.objects.count() == 0
