"""Old orders forget whom they went to; what something is still open about, and the books, are untouched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.rows import broken
from xinka.accounts.models import User
from xinka.disputes.models import Case
from xinka.flows import forgetting
from xinka.flows.expire import expire_due
from xinka.flows.forgetting import forget_old_contacts
from xinka.flows.mailing import mail_goods
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.orders.access import order_path
from xinka.orders.contacts import contact_of, shown_contact
from xinka.orders.models import Order
from xinka.payments.models import Receipt
from xinka.platform.audit.models import Report
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation, StockCode

pytestmark = pytest.mark.django_db
KEPT = timedelta(days=3 * 366)


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    yield
    assert broken() == []


@pytest.fixture
def delivered() -> cast.Bought:
    """Cy's order of two codes, paid and held."""
    bought = cast.buy(cast.ware(cast.adas_shop(), 4).sku, cast.channel(), quantity=2)
    cast.pay(bought)
    run(relay_batch())
    return bought


@pytest.fixture
def later() -> datetime:
    """A night long after; not the first of a month."""
    return (timezone.now() + KEPT + timedelta(days=40)).replace(day=15)


@pytest.fixture
def settled(delivered: cast.Bought, monkeypatch: pytest.MonkeyPatch) -> cast.Bought:
    """The same order, with nothing open about it: its hold counts as ended."""
    monkeypatch.setattr(forgetting, "_ENDED", ["held"])
    return delivered


def test_whom_it_went_to_and_the_copies_of_the_codes_are_gone(settled: cast.Bought, later: datetime) -> None:
    before = settled.order
    assert forget_old_contacts(later) == 1
    order = settled.order
    assert (bytes(order.contact), order.contact_key, order.password_key) == (b"", order.id, None)
    assert order.request_hash == 0, "it was made of whom it went to as well"
    assert (order.amount, order.state, order.title) == (before.amount, before.state, before.title)
    envelopes = [bytes(one) for one in StockCode.objects.order_by("id").values_list("envelope", flat=True)]
    assert [bool(one) for one in envelopes] == [False, False, True, True]
    assert (contact_of(order), bool(shown_contact(order))) == ("", True)
    assert not mail_goods(order.id)


def test_before_its_time_nothing_goes(settled: cast.Bought) -> None:
    assert forget_old_contacts(timezone.now() + KEPT - timedelta(days=1)) == 0
    assert contact_of(settled.order) == cast.CY


def test_the_operator_may_keep_it_shorter_but_not_too_short(settled: cast.Bought, settings: Settings) -> None:
    settings.CONTACTS_KEPT_DAYS = 180
    assert forget_old_contacts(timezone.now() + timedelta(days=181)) == 1


def test_while_its_money_is_held_it_is_kept(delivered: cast.Bought, later: datetime) -> None:
    assert forget_old_contacts(later) == 0
    assert contact_of(delivered.order) == cast.CY


def test_while_a_case_is_open_it_is_kept_and_found_on_the_first_of_a_month(
    settled: cast.Bought, later: datetime
) -> None:
    now = timezone.now()
    Case.objects.create(
        id=ids.new_uuid(),
        order_id=settled.order_id,
        merchant_id=settled.order.merchant_id,
        kind="chargeback",
        reason="used",
        amount=1,
        currency="CNY",
        state="gateway_decides",
        opened_at=now,
        moved_at=now,
    )
    assert forget_old_contacts(later) == 0
    Case.objects.all().delete()
    assert forget_old_contacts(later + timedelta(days=1)) == 0, "only what became old since the night before"
    assert forget_old_contacts((later + timedelta(days=40)).replace(day=1)) == 1


def test_what_was_never_paid_goes_after_half_a_year_and_what_was_paid_late_stays() -> None:
    sku, alipay = cast.ware(cast.adas_shop(), 4).sku, cast.channel()
    unpaid, short = [cast.buy(sku, alipay) for _ in range(2)]
    cast.settle(cast.money_for(short, amount=1))
    Reservation.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    run(expire_due())
    assert set(Order.objects.values_list("state", flat=True)) == {"expired"}
    assert Receipt.objects.filter(order_id=short.order_id).exists()
    half = (timezone.now() + timedelta(days=200)).replace(day=15)
    assert forget_old_contacts(half) == 1
    assert bytes(unpaid.order.contact) == b""
    assert contact_of(short.order) == cast.CY


def test_many_are_done_in_batches_and_each_once(
    settled: cast.Bought, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_BATCH", 2)
    for _ in range(4):
        twin = Order.objects.get(id=settled.order_id)
        twin.id, twin.request_key, twin.state = ids.new_uuid(), ids.new_uuid(), "cancelled"
        twin.delivered_at = twin.paid_at = None
        twin.save(force_insert=True)
    assert forget_old_contacts(later) == 5
    assert forget_old_contacts((later + timedelta(days=40)).replace(day=1)) == 0
    assert Report.objects.get(name="contacts").details.keys() == {"unpaid", "traded"}


def test_its_page_and_the_look_up_say_so_in_words(settled: cast.Bought, later: datetime) -> None:
    client = Client(headers={"accept-language": "en"})
    client.cookies["xk_order"] = settled.cookie
    assert client.get(order_path(settled.order_id)).status_code == 200
    forget_old_contacts(later)
    answer = client.get(order_path(settled.order_id))
    assert answer.status_code == 410
    assert "goods and contact have been deleted" in answer.content.decode()
    assert Client().get(order_path(settled.order_id)).status_code == 404, "nobody else learns that there was one"
    found = client.post("/orders/find", {"contact": cast.CY, "password": settled.password})
    assert "can be found for 3 years" in found.content.decode()
    cy = cast.person(cast.CY)
    client.force_login(cy)
    assert order_path(settled.order_id) not in client.get("/orders").content.decode()


def test_pages_of_merchants_and_staff_show_that_there_is_none(
    settled: cast.Bought, later: datetime, settings: Settings
) -> None:
    settings.STAFF_NEEDS_MFA = False
    forget_old_contacts(later)
    shown = ids.show("ord", settled.order_id)
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(email="ada@ada-cards.example"))
    for address in ("/desk/ada-cards/orders", f"/desk/ada-cards/orders/{shown}"):
        assert "not kept any more" in client.get(address).content.decode(), address
    client.force_login(cast.person("dee@shop.example", staff=True))
    assert "not kept any more" in client.get(f"/office/orders/{shown}").content.decode()
    client.post(f"/office/orders/{shown}/mail-links")
    assert "so nothing was mailed" in client.get(f"/office/orders/{shown}").content.decode()
