"""A bill and our books are compared line by line: what agrees is silent, what differs waits, nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.cast import Bought
from tests.flows.rows import broken
from xinka.flows.reconciling import bills
from xinka.flows.reconciling.bills import BillBusy, queue_bills, reconcile_day, reconcile_from_gateway
from xinka.kernel import ids
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account
from xinka.ledger.days import day_of, start_of
from xinka.ledger.models import Entry
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Receipt, Refund
from xinka.payments.providers.errors import BillNotReady
from xinka.payments.providers.protocol import BillKind, BillRow, Can
from xinka.payments.states import RefundState
from xinka.platform.database.django_drive import run
from xinka.reconciling.models import Bill, Difference, Seen

pytestmark = pytest.mark.django_db

TODAY = day_of(timezone.now())
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)


class Shop:
    """One channel, and whatever was bought through it."""

    def __init__(self) -> None:
        self.channel = cast.channel()
        self.ware = cast.ware(cast.adas_shop(), 20)

    def paid(self, trade_no: str, *, at: datetime | None = None) -> Bought:
        """An order paid in full at noon, or at another moment."""
        bought = cast.buy(self.ware.sku, self.channel)
        cast.settle(cast.money_for(bought, trade_no=trade_no))
        Receipt.objects.filter(trade_no=trade_no).update(received_at=at or start_of(TODAY) + timedelta(hours=12))
        return bought

    def refunded(self, trade_no: str, amount: int = 4900, **more: object) -> Refund:
        """A refund that is done."""
        values: dict[str, object] = {
            "id": new_uuid(),
            "state": RefundState.DONE,
            "created_at": start_of(TODAY),
            "done_at": start_of(TODAY) + timedelta(hours=13),
            "gateway_refund_no": "",
            **more,
        }
        made = Refund(channel=self.channel, trade_no=trade_no, amount=amount, currency="CNY", reason="staff", **values)
        made.key = str(made.id)
        made.save(force_insert=True)
        return made

    def read(self, *lines: BillRow, day: date = TODAY) -> Bill:
        """Compare a bill of these lines."""
        return reconcile_day(self.channel, day, lines)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def payment(trade_no: str, amount: int = 4900, *, fee: int = 0, currency: str = "CNY", out: str = "") -> BillRow:
    return BillRow(BillKind.PAYMENT, trade_no, out, "", amount, fee, currency, None)


def refund(trade_no: str, number: str = "", amount: int = 4900, *, fee: int = 0) -> BillRow:
    return BillRow(BillKind.REFUND, trade_no, "", number, amount, fee, "CNY", None)


def queued() -> list[tuple[str, str, str, str]]:
    """Return what is queued: what, about, payment, state."""
    rows = Difference.objects.order_by("trade_no", "what", "id")
    return list(rows.values_list("what", "about", "trade_no", "state"))


def test_a_bill_that_agrees_leaves_nothing_to_do(shop: Shop) -> None:
    shop.paid("A")
    shop.paid("B")
    given_back = shop.refunded("B")
    bill = shop.read(payment("A"), payment("B"), refund("B", ids.show("ref", given_back.id)))
    assert (bill.state, bill.n_payments, bill.n_refunds, bill.n_differences) == ("done", 2, 1, 0)
    assert bill.sums == {"CNY": {"paid": 9800, "refunded": 4900, "fees": 0}}
    assert queued() == []


def test_each_way_to_differ_is_told_as_what_it_is(shop: Shop) -> None:
    for trade_no in ("fine", "less", "dollars", "unknown-there"):
        shop.paid(trade_no)
    shop.refunded("fine", 100)
    other = shop.refunded("less", 200)
    shop.refunded("dollars", 300, state=RefundState.SENDING, done_at=None)
    shop.read(
        payment("fine"),
        payment("less", 4800),
        payment("dollars", currency="USD"),
        payment("unknown-here", out="pay_x"),
        refund("less", ids.show("ref", other.id), 201),
        refund("dollars", "", 300),
        refund("unknown-here", "R9", 5),
    )
    assert queued() == [
        ("currency", "payment", "dollars", "open"),
        ("refund", "refund", "dollars", "open"),
        ("missing_there", "refund", "fine", "open"),
        ("amount", "payment", "less", "open"),
        ("refund", "refund", "less", "open"),
        ("missing_here", "payment", "unknown-here", "open"),
        ("missing_here", "refund", "unknown-here", "open"),
        ("missing_there", "payment", "unknown-there", "open"),
    ]
    less = Difference.objects.get(what="amount")
    assert (less.there_amount, less.here_amount, less.order_id is not None) == (4800, 4900, True)


def test_a_line_that_stands_twice_in_the_bill_is_told(shop: Shop) -> None:
    shop.paid("A")
    shop.read(payment("A"), payment("A"))
    assert queued() == [("repeated", "payment", "A", "open")]


def test_the_same_bill_read_again_changes_nothing(shop: Shop) -> None:
    shop.paid("A")
    lines = (payment("A", 4800, fee=29), payment("B", fee=1))
    shop.read(*lines)
    before = (queued(), Entry.objects.count())
    bill = shop.read(*lines)
    assert (queued(), Entry.objects.count()) == before
    assert bill.n_readings == 2
    assert Bill.objects.count() == 1


def test_a_later_reading_resolves_what_is_mended_and_keeps_what_staff_said(shop: Shop) -> None:
    shop.paid("A")
    shop.read(payment("A", 4800), payment("B"), payment("C"))
    Difference.objects.filter(trade_no="B").update(state="explained", by_id=1)
    shop.read(payment("A"), payment("B"), payment("C"))
    assert queued() == [
        ("amount", "payment", "A", "resolved"),
        ("missing_here", "payment", "B", "explained"),
        ("missing_here", "payment", "C", "open"),
    ]
    shop.read(payment("A", 4800), payment("B", 1), payment("C"))
    assert [state for *_, state in queued()] == ["open", "open", "open"]


def test_what_staff_resolved_stays_resolved_while_nothing_changes(shop: Shop) -> None:
    shop.read(payment("B"))
    Difference.objects.update(state="resolved", by_id=1)
    shop.read(payment("B"))
    assert queued() == [("missing_here", "payment", "B", "resolved")]


def test_fees_are_entered_once_and_a_corrected_bill_enters_the_difference(shop: Shop) -> None:
    shop.paid("A")
    shop.read(payment("A", fee=30), BillRow(BillKind.FEE, "F", "", "", 7, 0, "CNY", None), refund("A", "R", fee=-3))
    assert _fees() == [34]
    shop.read(payment("A", fee=30), refund("A", "R", fee=-3))
    assert _fees() == [34, -7]
    shop.read(payment("A", fee=30), refund("A", "R", fee=-3))
    assert _fees() == [34, -7]
    clearing = Entry.objects.filter(account=Account.CLEARING, kind=4).values_list("amount", "channel_id")
    assert sorted(clearing) == [(-34, shop.channel.id), (7, shop.channel.id)]
    assert broken() == []


def _fees() -> list[int]:
    return list(Entry.objects.filter(account=Account.PSP_FEE).order_by("journal_id").values_list("amount", flat=True))


def test_payments_around_midnight_are_on_one_bill_or_the_other(shop: Shop) -> None:
    shop.paid("before", at=start_of(TODAY) - timedelta(seconds=3))
    shop.paid("after", at=start_of(TODAY) + timedelta(seconds=3))
    shop.paid("evening", at=start_of(TOMORROW) - timedelta(seconds=3))
    shop.read(payment("after"), day=YESTERDAY)  # the gateway's clock is behind ours
    assert queued() == []
    shop.read(payment("before"), day=TODAY)  # and here before it
    assert queued() == []
    shop.read(day=TOMORROW)
    assert queued() == [("missing_there", "payment", "evening", "open")]


def test_a_payment_that_an_earlier_bill_told_of_before_we_knew_is_not_missed_later(shop: Shop) -> None:
    shop.read(payment("late"), day=YESTERDAY)
    assert queued() == [("missing_here", "payment", "late", "open")]
    shop.paid("late")
    shop.read(day=TODAY)
    assert queued() == [("missing_here", "payment", "late", "resolved")]
    assert Difference.objects.get().by_name == "xinka"


def test_a_payment_missing_there_that_comes_with_the_next_bill_resolves_itself(shop: Shop) -> None:
    shop.paid("slow")
    shop.read(day=TODAY)
    assert queued() == [("missing_there", "payment", "slow", "open")]
    shop.read(payment("slow"), day=TOMORROW)
    assert queued() == [("missing_there", "payment", "slow", "resolved")]


@pytest.mark.parametrize("number", ["ours", "theirs", "none"])
def test_a_refund_is_found_by_our_number_by_theirs_or_by_its_amount(shop: Shop, number: str) -> None:
    shop.paid("A")
    made = shop.refunded("A", 700, gateway_refund_no="G1")
    shop.refunded("A", 300, gateway_refund_no="G2")
    shown = {"ours": ids.show("ref", made.id), "theirs": "G1", "none": ""}[number]
    shop.read(payment("A"), refund("A", shown, 700), refund("A", "G2", 300))
    assert queued() == []


def test_two_refunds_of_the_same_amount_are_two(shop: Shop) -> None:
    shop.paid("A")
    shop.refunded("A", 500)
    shop.refunded("A", 500)
    shop.read(payment("A"), refund("A", "x", 500), refund("A", "y", 500))
    assert queued() == []
    shop.read(payment("A"), refund("A", "x", 500))
    assert queued() == [("missing_there", "refund", "A", "open")]


def test_a_refund_the_gateway_did_first_is_settled_by_itself_when_ours_is_done(shop: Shop) -> None:
    shop.paid("A")
    made = shop.refunded("A", 700, state=RefundState.NEEDS_STAFF, done_at=None)
    shop.read(payment("A"), refund("A", ids.show("ref", made.id), 700))
    assert queued() == [("refund", "refund", "A", "open")]
    Refund.objects.update(state=RefundState.DONE, done_at=start_of(TOMORROW) + timedelta(hours=9))
    shop.read(day=TOMORROW)
    assert queued() == [("refund", "refund", "A", "resolved")]


def test_other_channels_are_left_alone(shop: Shop) -> None:
    other = cast.channel("other")
    bought = cast.buy(shop.ware.sku, other)
    cast.settle(cast.money_for(bought, trade_no="A"))
    shop.read(payment("A"))
    assert queued() == [("missing_here", "payment", "A", "open")]


def test_a_bill_that_breaks_off_is_not_compared_and_leaves_nothing(shop: Shop) -> None:
    def broken_off() -> Iterator[BillRow]:
        yield payment("A")
        raise ValueError("the line broke")

    with pytest.raises(ValueError, match="the line broke"):
        reconcile_day(shop.channel, TODAY, broken_off())
    assert queued() == []
    assert Bill.objects.get().state == "reading"
    assert shop.read(payment("A")).n_payments == 1


@pytest.mark.django_db(transaction=True)
def test_two_readings_of_one_channel_do_not_meet(shop: Shop) -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as busy:
        busy.execute("SELECT pg_advisory_lock(%s, %s)", [bills._LOCK_SPACE, shop.channel.id])
        with pytest.raises(BillBusy):
            shop.read(payment("A"))
        assert queued() == []
        busy.execute("SELECT pg_advisory_unlock_all()")
        shop.read(payment("A"))
    assert len(queued()) == 1


def test_the_queue_takes_only_so_many_but_the_bill_says_how_many_there_are(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bills, "MOST", 3)
    assert shop.read(*(payment(f"T{n}") for n in range(9))).n_differences == 9
    assert len(queued()) == 3


def test_which_bill_told_of_a_payment_is_forgotten_after_a_year(shop: Shop) -> None:
    shop.paid("old", at=start_of(TODAY) - timedelta(seconds=3))
    shop.read(payment("old"))
    assert Seen.objects.count() == 1
    shop.read(day=TODAY + timedelta(days=401))
    assert Seen.objects.count() == 0


class Gateway:
    """A provider that has a bill, or has none yet."""

    can = frozenset({Can.BILL})

    def __init__(self, answer: Iterable[BillRow] | Exception) -> None:
        self.answer = answer

    def bill(self, _day: date) -> Iterator[BillRow]:
        """Hand it out."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return iter(self.answer)


def _behind(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    def provider_of(channel: Channel) -> Gateway:
        return gateway

    monkeypatch.setattr(bills, "provider_of", provider_of)


def test_a_bill_that_is_not_ready_is_waited_for_and_then_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _behind(monkeypatch, Gateway(BillNotReady()))
    assert reconcile_from_gateway(shop.channel.id, TODAY) is None
    waiting = Bill.objects.get()
    assert (waiting.state, waiting.problem) == ("waiting", "the bill is not ready yet")
    _behind(monkeypatch, Gateway([payment("A")]))
    bill = reconcile_from_gateway(shop.channel.id, TODAY)
    assert bill is not None
    assert (bill.id, bill.state, bill.problem) == (waiting.id, "done", "")
    _behind(monkeypatch, Gateway(BillNotReady()))
    reconcile_from_gateway(shop.channel.id, TODAY)
    bill.refresh_from_db()
    assert bill.state == "done"


def test_a_gateway_without_bills_is_not_asked(shop: Shop) -> None:
    assert reconcile_from_gateway(shop.channel.id, TODAY) is None
    assert Bill.objects.count() == 0


def test_bills_of_the_last_days_are_queued_once_until_they_are_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _behind(monkeypatch, Gateway([]))
    now = timezone.now()
    assert run(queue_bills(now)) == 0  # nobody has ever paid through it
    shop.paid("A")
    assert run(queue_bills(now)) == 3
    assert run(queue_bills(now)) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'day' FROM procrastinate_jobs WHERE task_name = 'books.read_bill' ORDER BY id")
        days = [date.fromisoformat(day) for (day,) in cursor.fetchall()]
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert days == [TODAY - timedelta(3), TODAY - timedelta(2), YESTERDAY]
    reconcile_from_gateway(shop.channel.id, YESTERDAY)
    assert run(queue_bills(now)) == 2


@pytest.mark.parametrize("without", ["bills", "right settings", "its key", "a place in the shop"])
def test_channels_without_bills_are_not_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    shop.paid("A")
    if without == "right settings":
        Channel.objects.update(config=seal_config(shop.channel.slug, {}))
    if without == "its key":
        Channel.objects.update(config=b"not an envelope")
    if without == "a place in the shop":
        _behind(monkeypatch, Gateway([]))
        Channel.objects.update(on=False)
    assert run(queue_bills(timezone.now())) == 0
