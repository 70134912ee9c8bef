"""No notice ever comes (F48), and there are two schedulers (F70): real workers ask, find the money, deliver once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests import cast
from tests.flows.gateway import Gateway, Trade, open_gateway
from tests.resilience.house import broken_rules, eventually, number
from xinka.delivery.models import DeliveredCode
from xinka.flows.paying.confirm import CONFIRM
from xinka.kernel import ids
from xinka.orders.states import OrderState
from xinka.payments.models import Payment, Receipt, Refund

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that tells nobody anything by itself."""
    with open_gateway() as opened:
        yield opened


@pytest.fixture
def two_workers(committed: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers who do not know of one another; each has a scheduler of its own."""
    with (tmp_path / "words.log").open("ab") as log:
        command = [sys.executable, "-m", "xinka.config.worker"]
        environment = {**os.environ, "DATABASE_URL": committed}
        workers = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for _ in range(2)]
    yield workers
    for worker in workers:
        worker.kill()
        worker.wait()


def test_money_of_which_no_notice_tells_is_found_by_asking_and_brings_the_goods_once(
    committed: str, gateway: Gateway, two_workers: list[subprocess.Popen[bytes]]
) -> None:
    ware, channel = cast.ware(cast.adas_shop(), 3), cast.channel(config={"base_url": gateway.url})
    gateway.is_down = True
    paid, unpaid = (cast.buy(ware.sku, channel, contact=f"cy{n}@example.com") for n in range(2))
    gateway.trades[ids.show("pay", paid.payment_id)] = Trade("T1", "49.00")
    Payment.objects.update(created_at=timezone.now() - timedelta(seconds=25))
    in_vain = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND attempts > 0"
    eventually(lambda: number(committed, in_vain, CONFIRM.task), "them to ask a gateway that is away")
    assert not Receipt.objects.exists()
    gateway.is_down = False
    eventually(lambda: paid.order.state == OrderState.DELIVERED, "the money to be found")
    assert unpaid.order.state == OrderState.AWAITING_PAYMENT
    assert gateway.asked.count(ids.show("pay", paid.payment_id)) == 1, "by one of the two"
    assert (Receipt.objects.count(), DeliveredCode.objects.count(), Refund.objects.count()) == (1, 1, 0)
    assert [worker.poll() for worker in two_workers] == [None, None]
    assert broken_rules(committed) == {}
