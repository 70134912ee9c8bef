"""Closing: an order that ended leaves nothing to pay behind, and money that was quicker is not lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from tests import cast
from tests.cast import Bought
from xinka.flows.expire import CLOSE_PAYMENT, cancel, expire_due
from xinka.flows.paying import closing, confirm
from xinka.flows.paying.closing import close_payment
from xinka.flows.tasks import payments as tasks
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.payments.models import Channel, Payment, Receipt, Refund
from xinka.payments.providers.errors import AlreadyPaid, BadChannel
from xinka.payments.providers.protocol import Can, QueryResult, TradeStatus
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation

pytestmark = pytest.mark.django_db


@dataclass
class Gateway:
    """A gateway that can close, and does as it is told."""

    can: frozenset[Can] = frozenset({Can.CLOSE})
    problem: Exception | None = None
    closed: list[tuple[str, str]] = field(default_factory=list)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Close, or say why not."""
        self.closed.append((out_trade_no, trade_no))
        if self.problem:
            raise self.problem

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Say that it was paid."""
        assert trade_no == "H1"
        return QueryResult(out_trade_no, "T1", 4900, "CNY", TradeStatus.PAID)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway behind every channel."""
    found = Gateway()
    for module in (closing, confirm):
        monkeypatch.setattr(module, "provider_of", lambda _channel: found)
    return found


@pytest.fixture
def bought() -> Bought:
    """Cy's order, whose QR code was shown."""
    found = cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel(provider="wechat"))
    Payment.objects.filter(id=found.payment_id).update(qr_text="weixin://wxpay/bizpayurl?pr=1", handle="H1")
    return found


def jobs() -> list[UUID]:
    """Return the payments whose closing is queued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'payment_id' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [CLOSE_PAYMENT.task]
        )
        return [UUID(row[0]) for row in cursor.fetchall()]


def let_expire(bought: Bought) -> None:
    """Let the time of an order be over."""
    Reservation.objects.filter(order_id=bought.order_id).update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 1


def test_an_expired_order_has_its_payment_closed(bought: Bought) -> None:
    let_expire(bought)
    assert jobs() == [bought.payment_id]
    assert run(expire_due()) == 0
    assert jobs() == [bought.payment_id]


def test_a_cancelled_order_has_its_payment_closed(bought: Bought) -> None:
    assert run(cancel(bought.order_id))
    assert jobs() == [bought.payment_id]
    assert not run(cancel(bought.order_id))
    assert jobs() == [bought.payment_id]


def test_what_the_gateway_never_heard_of_is_not_closed(bought: Bought) -> None:
    Payment.objects.update(qr_text=None)
    let_expire(bought)
    assert jobs() == []


def test_no_job_is_spent_on_gateways_that_cannot_close(bought: Bought) -> None:
    Channel.objects.update(provider="epay")
    let_expire(bought)
    assert jobs() == []


def test_closing_asks_the_gateway_by_its_handle(gateway: Gateway, bought: Bought) -> None:
    let_expire(bought)
    assert close_payment(bought.payment_id)
    assert gateway.closed == [(ids.show("pay", bought.payment_id), "H1")]
    assert Payment.objects.get().state == "pending"


def test_money_that_was_quicker_is_settled_as_late_money(gateway: Gateway, bought: Bought) -> None:
    let_expire(bought)
    gateway.problem = AlreadyPaid()
    assert not close_payment(bought.payment_id)
    assert Receipt.objects.get().outcome in {"late_settled", "late_refunded"}
    assert not close_payment(bought.payment_id)
    assert len(gateway.closed) == 1


def test_a_paid_payment_is_not_closed(gateway: Gateway, bought: Bought) -> None:
    cast.pay(bought)
    assert not close_payment(bought.payment_id)
    assert gateway.closed == []


def test_a_gateway_that_cannot_close_is_left_alone(gateway: Gateway, bought: Bought) -> None:
    gateway.can = frozenset()
    assert not close_payment(bought.payment_id)
    assert gateway.closed == []


def test_an_uncertain_answer_is_asked_for_again(gateway: Gateway, bought: Bought) -> None:
    gateway.problem = ProviderError("no answer")
    with pytest.raises(ProviderError):
        close_payment(bought.payment_id)


@pytest.mark.parametrize("problem", [ProviderError("no", permanent=True), BadChannel(why_zh="", why_en="keys")])
def test_a_no_is_the_end_of_it(gateway: Gateway, bought: Bought, problem: Exception) -> None:
    gateway.problem = problem
    assert not close_payment(bought.payment_id)
    assert (Receipt.objects.count(), Refund.objects.count()) == (0, 0)


def test_closing_that_never_comes_to_an_answer_is_given_up_without_a_dead_letter(
    gateway: Gateway, bought: Bought, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.problem = ProviderError("no answer")
    with pytest.raises(ProviderError):
        tasks.close(_job(2), str(bought.payment_id))
    tasks.close(_job(3), str(bought.payment_id))
    assert [record.message for record in caplog.records] == ["payment.not_closed"]
    assert Payment.objects.get(id=bought.payment_id).state == "pending"


def _job(tries_before: int) -> JobContext:
    job = Job(id=1, queue="money", lock=None, queueing_lock=None, task_name="payment.close", attempts=tries_before)
    return JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None)
