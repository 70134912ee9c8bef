"""Nothing that waits for staff is beyond the end of a list, and a list reads what it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.disputing import trade
from tests.flows.holding import held
from tests.flows.payouts import account, asked, enter, finance
from tests.flows.test_paying_transfers import ACCOUNT
from tests.plans import read_by, statements_of
from xinka.escrow.models import Hold
from xinka.escrow.queries import heaps, holds_in
from xinka.flows.disputes.facts import pieces_of
from xinka.flows.paying.transfers import Seen, record_line, reference_of
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.balance import currencies_of, money_of
from xinka.kernel.ids import new_uuid
from xinka.office import catalogue, payouts, promotions, transfers, views
from xinka.office.queue_filters import PayoutFilter, RefundFilter
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Payment, Receipt, Refund
from xinka.promotions.models import GiftCard

pytestmark = pytest.mark.django_db
Patch = pytest.MonkeyPatch


def page(office: Client, address: str) -> str:
    """Return a page of the office."""
    answer = office.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_money_of_nobody_and_refunds_have_pages_each_of_its_own(office: Client, monkeypatch: Patch) -> None:
    monkeypatch.setattr(views, "_PAGE", 2)
    monkeypatch.setattr(RefundFilter, "per_page", 2)
    way, now = cast.channel(), timezone.now()
    for n in range(5):
        Receipt.objects.create(
            channel_id=way.id, trade_no=f"U{n}", amount=100 + n, currency="CNY", outcome="unmatched",
            journal_id=new_uuid(), received_at=now - timedelta(days=n),
        )  # fmt: skip
        Refund.objects.create(
            id=new_uuid(), channel=way, trade_no=f"R{n}", amount=200 + n, currency="CNY", reason="staff", key=f"r{n}",
            state="needs_staff" if n == 4 else "due", created_at=now + timedelta(minutes=n),
        )  # fmt: skip
    first, last = page(office, "/office/money"), page(office, "/office/money?refunds=2&unmatched=3")
    # What waits for staff comes first; then the oldest. Of money of nobody, the newest.
    assert [f"¥2.0{n}" in first for n in range(5)] == [True, False, False, False, True]
    assert [f"¥2.0{n}" in last for n in range(5)] == [False, True, True, False, False]
    assert [f">U{n}<" in first for n in range(5)] == [True, True, False, False, False]
    assert [f">U{n}<" in last for n in range(5)] == [False, False, False, False, True]
    assert 'href="?refunds=3&amp;unmatched=3#refunds"' in last
    assert 'href="?refunds=2&amp;unmatched=2#unmatched"' in last


def test_open_payouts_have_pages_beside_those_of_the_finished(office: Client, monkeypatch: Patch) -> None:
    monkeypatch.setattr(payouts, "_PER_PAGE", 2)
    monkeypatch.setattr(PayoutFilter, "per_page", 2)
    shop = cast.adas_shop()
    enter(shop, 1_000_000)
    made = [shown(asked(account(shop), 10_000)) for _ in range(3)]
    first, second = page(office, "/office/payouts"), page(office, "/office/payouts?open=2")
    assert [one in first for one in made] == [True, True, False]
    assert [one in second for one in made] == [False, False, True]
    assert 'href="?open=2#open"' in first


def test_transfers_have_pages_and_ask_once_for_their_payments(office: Client, monkeypatch: Patch) -> None:
    way = Channel.objects.create(
        slug="bank", name="转账", name_en="Transfer", provider="manual", config=seal_config("bank", ACCOUNT)
    )
    ware, clerk = cast.ware(cast.adas_shop(), 3), finance()
    told = [reference_of(Payment.objects.get(id=cast.buy(ware.sku, way).payment_id)) for _ in range(3)]
    for n, reference in enumerate(told):
        record_line(Seen(way, f"B-{n}", 4_900, reference), by=clerk)
    page(office, "/office/transfers")  # the first visit of a session writes into it
    n_before = len(statements_of(lambda: page(office, "/office/transfers")))
    for n in range(3, 6):
        record_line(Seen(way, f"B-{n}", 4_900, told[0]), by=clerk)
    assert len(statements_of(lambda: page(office, "/office/transfers"))) == n_before
    monkeypatch.setattr(transfers, "_PER_PAGE", 2)
    seen = page(office, "/office/transfers?lines=3&expected=2")
    assert [f"B-{n}<" in seen for n in range(6)] == [False] * 4 + [True] * 2
    expected = seen[seen.index('id="expected"') :]
    assert [one in expected for one in told] == [True, False, False]


def test_what_buyers_were_told_to_transfer_long_ago_is_not_read(office: Client) -> None:
    way = Channel.objects.create(
        slug="bank", name="转账", name_en="Transfer", provider="manual", config=seal_config("bank", ACCOUNT)
    )
    cast.buy(cast.ware(cast.adas_shop(), 1).sku, way)
    long_ago = (timezone.now() - timedelta(days=40)).timestamp()
    for _ in range(20):
        Payment.objects.create(
            id=new_uuid(long_ago), order_id=new_uuid(long_ago), channel=way, amount=100, currency="CNY",
            state="pending", created_at=timezone.now() - timedelta(days=40),
        )  # fmt: skip
    read = read_by(lambda: page(office, "/office/transfers"), about='FROM "payments_payment"')
    assert 0 < read["payments_payment"] <= 2  # counted, and shown


def test_batches_of_gift_cards_have_pages(office: Client, monkeypatch: Patch) -> None:
    monkeypatch.setattr(promotions, "_PER_PAGE", 2)
    for n in range(3):
        GiftCard.objects.create(
            code_key=new_uuid(), hint="AB12", value=100, balance=100, batch_id=new_uuid(), note=f"batch {n}"
        )
    first, second = page(office, "/office/promotions"), page(office, "/office/promotions?cards=2")
    assert [f"batch {n}" in first for n in range(3)] == [False, True, True]
    assert [f"batch {n}" in second for n in range(3)] == [True, False, False]


def test_products_are_counted_for_the_merchants_of_the_page_alone(office: Client, monkeypatch: Patch) -> None:
    monkeypatch.setattr(catalogue, "_PAGE", 1)
    few, many = cast.adas_shop(slug="a-few"), cast.adas_shop(slug="b-many")
    few.name, many.name = "A", "B"
    few.save()
    many.save()
    cast.ware(few, slug="one")
    for n in range(20):
        cast.ware(many, slug=f"p{n}")
    read = read_by(lambda: page(office, "/office/merchants"), about='FROM "merchants_merchant"')
    assert read["catalog_product"] == 1


def test_staff_are_found_without_reading_all_who_ever_signed_up(office: Client) -> None:
    for n in range(20):
        cast.person(f"buyer{n}@example.com")
    read = read_by(lambda: page(office, "/office/staff"), about='"is_staff"')
    assert read["accounts_user"] <= 2  # Dee, who works here and looks


def test_figures_and_lists_of_escrow_read_what_is_still_to_go_somewhere() -> None:
    bought = held()
    one = Hold.objects.get()
    for _ in range(20):
        one.order_id, one.state, one.due_at = new_uuid(), "settled", None
        one.save(force_insert=True)
    merchant_id = bought.order.merchant_id
    for act in (heaps, lambda: currencies_of(merchant_id), lambda: list(holds_in("held")), lambda: list(holds_in(""))):
        assert read_by(act, about="escrow_hold")["escrow_hold"] <= 1
    assert read_by(lambda: money_of(merchant_id), about="escrow_hold")["escrow_hold"] <= 2  # held; in after-sale
    assert [(heap.state, heap.n) for heap in heaps()] == [("held", 1)]


def test_complaints_of_a_batch_are_looked_for_among_its_merchants_cases() -> None:
    case, other = trade(quantity=1).complain(), None
    for n in range(3):
        shop = cast.adas_shop(slug=f"beas-{n}")
        bought = cast.buy(cast.ware(shop, 1, slug=f"other-{n}").sku, Channel.objects.get())
        cast.pay(bought)
        other = case.__class__.objects.get(id=case.id)
        other.id, other.order_id, other.merchant_id = new_uuid(), bought.order_id, shop.id
        other.save(force_insert=True)
    read = read_by(lambda: pieces_of(case), about="disputes_case")
    assert read["disputes_case"] <= 1
    assert read["delivery_code"] == 0
    # What is known of the piece itself: its delivery, and which codes of its batch are sold.
    assert pieces_of(case)[0].n_sold == 1
    assert read_by(lambda: pieces_of(case), about="n_added")["delivery_code"] == 2
