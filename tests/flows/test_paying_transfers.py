"""A transfer is recorded by one, confirmed by another, and settled once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests import cast
from tests.flows.payouts import finance
from tests.flows.rows import broken, leaves_nothing
from xinka.flows.paying.transfers import (
    LineDecided,
    LineKnown,
    SameEyes,
    Seen,
    confirm_line,
    discard_line,
    record_line,
    reference_of,
)
from xinka.flows.sweep import expire_orders
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import BankLine, Channel, Payment, Receipt
from xinka.payments.states import BankLineState, ReceiptOutcome
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

ACCOUNT = {"payee": "信卡担保", "account": "6222021234567890123", "bank": "招商银行"}


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(
        slug="bank", name="转账", name_en="Transfer", provider="manual", config=seal_config("bank", ACCOUNT)
    )


@pytest.fixture
def bought(channel: Channel) -> cast.Bought:
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, channel)


def reference(bought: cast.Bought) -> str:
    return reference_of(Payment.objects.get(id=bought.payment_id))


def seen(bought: cast.Bought, amount: int = 4_900, number: str = "B-1", **more: str) -> Seen:
    return Seen(bought.channel, number, amount, more.get("reference", reference(bought)))


def test_nothing_happens_until_another_person_confirms(bought: cast.Bought) -> None:
    dee, fay = finance(), finance()
    line = record_line(seen(bought), by=dee)
    assert line.payment_id == bought.payment_id
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    with pytest.raises(SameEyes):
        leaves_nothing(lambda: confirm_line(line.id, by=dee))
    assert confirm_line(line.id, by=fay).outcome == ReceiptOutcome.SETTLED
    assert bought.order.state == OrderState.DELIVERED
    with pytest.raises(LineDecided):
        confirm_line(line.id, by=finance())
    assert Receipt.objects.count() == 1
    acts = list(AuditEntry.objects.order_by("id").values_list("action", "actor"))
    assert acts == [("transfer.record", dee.id), ("transfer.confirm", fay.id)]
    assert broken() == []


def test_the_database_too_wants_four_eyes(bought: cast.Bought) -> None:
    dee = finance()
    line = record_line(seen(bought), by=dee)
    with pytest.raises(DatabaseError), transaction.atomic():
        BankLine.objects.filter(id=line.id).update(state=BankLineState.CONFIRMED, decided_by=dee)


def test_a_number_is_recorded_once_unless_it_was_a_mistake(bought: cast.Bought) -> None:
    line = record_line(seen(bought), by=finance())
    with pytest.raises(LineKnown):
        record_line(seen(bought, amount=1), by=finance())
    discard_line(line.id, by=finance())
    again = record_line(seen(bought), by=finance())
    confirm_line(again.id, by=finance())
    with pytest.raises(LineKnown):
        record_line(seen(bought), by=finance())


def test_too_little_waits_for_the_rest(bought: cast.Bought) -> None:
    confirm_line(record_line(seen(bought, 4_000), by=finance()).id, by=finance())
    assert bought.order.state == OrderState.PART_PAID


def test_money_with_no_reference_of_ours_is_kept_apart(bought: cast.Bought) -> None:
    line = record_line(seen(bought, reference="FOR THE CARDS"), by=finance())
    assert line.payment_id is None
    assert confirm_line(line.id, by=finance()).outcome == ReceiptOutcome.UNMATCHED
    assert list(Entry.objects.filter(account=Account.SUSPENSE).values_list("amount", flat=True)) == [-4_900]
    assert broken() == []


def test_a_reference_is_read_whatever_it_is_written_like(bought: cast.Bought) -> None:
    written = f" {reference(bought)[:4].lower()} {reference(bought)[4:]} "
    assert record_line(seen(bought, reference=written), by=finance()).payment_id == bought.payment_id


def test_late_money_still_buys_what_is_there(bought: cast.Bought) -> None:

    Order.objects.filter(id=bought.order_id).update(expires_at=timezone.now() - timedelta(minutes=5))

    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_reservation SET expires_at = now() - interval '5 minutes'")
    expire_orders()
    assert bought.order.state == OrderState.EXPIRED
    line = record_line(seen(bought), by=finance())
    assert confirm_line(line.id, by=finance()).outcome == ReceiptOutcome.LATE_SETTLED
    assert bought.order.state == OrderState.DELIVERED
