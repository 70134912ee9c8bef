"""kill -9 in the moment in which somebody else has done what we asked and nobody has heard it yet (F05, F12, F13).

The gateway kills whoever asked it, after it has carried out the request and before it answers. Whoever comes next asks
before it sends, or sends under the same number: the gateway's own books count once. Also here: jobs that kill their
workers (F69), and imports that are killed again and again (F62).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests import cast
from tests.flows.gateway import Gateway, Trade, open_gateway
from tests.flows.payouts import enter
from tests.flows.test_payouts_gateway import Payer, open_payer, sending
from tests.flows.test_stocking import stored_codes
from tests.resilience.house import PATIENCE, broken_rules, eventually, number
from xinka.flows import stocking
from xinka.flows.paying.attempts import Payer as Visitor
from xinka.flows.paying.attempts import prepare_payment
from xinka.flows.payouts.gateway import execute
from xinka.flows.refunds.sending import execute_refund
from xinka.kernel import ids
from xinka.payments.models import Payment, Refund
from xinka.payments.states import RefundState
from xinka.payouts.states import PayoutState
from xinka.stock import actions
from xinka.stock.models import BatchState, StockBatch, StockCode, UnsoldCode

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
Start = Callable[..., subprocess.Popen[bytes]]
_DJANGO = "import django; django.setup()\n"


@pytest.fixture
def start(committed: str, tmp_path: Path) -> Iterator[Start]:
    """Start programs of the shop; what is left of them in the end is killed."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "DATABASE_URL": committed, "XINKA_WORKER_STALLED_AFTER": "3"}

    def run(program: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "words.log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=log, stderr=log))
        return started[-1]

    yield run
    for one in started:
        one.kill()
        one.wait()


class Killer:
    """Kills whoever asks, once, when what was asked has been done."""

    def __init__(self) -> None:
        self.victim: subprocess.Popen[bytes] | None = None

    def strike(self) -> bool:
        """Kill; whether there was anybody to kill."""
        if self.victim is None:
            return False
        self.victim.kill()
        self.victim = None
        return True

    def dies(self, one: subprocess.Popen[bytes]) -> None:
        """Let it be the victim, and see that it dies of this."""
        self.victim = one
        assert one.wait(PATIENCE) == -signal.SIGKILL


@pytest.fixture
def killer() -> Killer:
    """Whoever kills."""
    return Killer()


@pytest.fixture
def gateway(killer: Killer) -> Iterator[Gateway]:
    """A gateway that keeps its own books, and kills after it has entered something in them."""
    with open_gateway() as opened:
        answer = opened.answer

        def and_kill(fields: dict[str, str]) -> dict[str, str] | None:
            if "notify_url" in fields:
                opened.asked.append(fields["out_trade_no"])
                said: dict[str, str] | None = {"code": "1", "trade_no": "G1", "qrcode": "https://qr.example/1"}
            else:
                said = answer(fields)
                if fields.get("act") == "order":
                    return said
            return None if killer.strike() else said

        opened.answer = and_kill  # type: ignore[method-assign]  # its answers, with what they lead to
        yield opened


_PREPARE = """
from xinka.flows.paying.attempts import Payer, prepare_payment
from xinka.orders.models import Order
from xinka.payments.models import Payment
prepare_payment(Payment.objects.get(), Order.objects.get(), Payer(ip="127.0.0.1", device="pc"))
"""


def test_whoever_is_killed_while_a_gateway_opens_a_payment_opens_no_second_one(
    committed: str, gateway: Gateway, killer: Killer, start: Start
) -> None:
    channel = cast.channel(config={"base_url": gateway.url, "by_api": True})
    bought = cast.buy(cast.ware(cast.adas_shop(), 2).sku, channel)
    killer.dies(start(_DJANGO + _PREPARE))
    assert gateway.asked == [ids.show("pay", bought.payment_id)], "it was on record before the gateway heard of it"
    payment = Payment.objects.get()
    assert payment.qr_text is None
    prepare_payment(payment, bought.order, Visitor(ip="127.0.0.1", device="pc"))
    assert set(gateway.asked) == {ids.show("pay", payment.id)}, "the same number, so the same payment"
    assert Payment.objects.get().qr_text == "https://qr.example/1"
    assert broken_rules(committed) == {}


def test_whoever_is_killed_while_a_gateway_gives_money_back_gives_it_back_once(
    committed: str, gateway: Gateway, killer: Killer, start: Start
) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel(config={"base_url": gateway.url}))
    cast.pay(bought)
    cast.settle(cast.money_for(bought, trade_no="T2"))
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade("T2", "49.00")
    owed = Refund.objects.get()
    program = "from xinka.flows.refunds.sending import execute_refund\nfrom xinka.payments.models import Refund\n"
    killer.dies(start(_DJANGO + program + "execute_refund(Refund.objects.get().id)"))
    owed.refresh_from_db()
    assert (owed.state, gateway.n_given_back) == (RefundState.SENDING, 1)
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1
    assert broken_rules(committed) == {}


@pytest.fixture
def payer(killer: Killer) -> Iterator[Payer]:
    """A gateway that pays out, and kills after it has paid."""
    with open_payer() as opened:
        answer = opened.answer

        def and_kill(path: str, fields: dict[str, str]) -> dict[str, str] | None:
            said = answer(path, fields)
            return None if path.endswith("submit") and killer.strike() else said

        opened.answer = and_kill  # type: ignore[method-assign]  # as above
        yield opened


def test_whoever_is_killed_while_a_gateway_pays_out_pays_once(
    committed: str, payer: Payer, killer: Killer, start: Start
) -> None:
    shop = cast.adas_shop()
    enter(shop, 100_000)
    payout = sending(shop, payer)
    program = "from xinka.flows.payouts.gateway import execute\nfrom xinka.payouts.models import Payout\n"
    killer.dies(start(_DJANGO + program + "execute(Payout.objects.get().id)"))
    payout.refresh_from_db()
    assert (payout.state, len(payer.paid)) == (PayoutState.SENDING, 1)
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls == ["submit", "query"], "asked first"
    assert len(payer.paid) == 1
    assert broken_rules(committed) == {}


#: A worker among whose jobs is one that no process outlives, and who gives up on such a job sooner than ours.
_POISONED = """
import os, signal
from xinka.platform.jobs import housekeeping
from xinka.config import worker
housekeeping.MAX_ATTEMPTS = 3
import django; django.setup()
from procrastinate.contrib.django import app
@app.task(name="poison", queue="chores")
def poison():
    os.kill(os.getpid(), signal.SIGKILL)
worker.main()
"""
_PUT_POISON = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status) "
    "VALUES ('chores', 'poison', 50, '{}', 'todo') RETURNING id"
)


def test_a_job_that_kills_its_workers_is_a_dead_letter_in_the_end_and_the_queue_moves_on(
    committed: str, start: Start, tmp_path: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PUT_POISON)
        (poison,) = cursor.fetchone()
    n_deaths = 0
    state = "SELECT count(*) FROM procrastinate_jobs WHERE id = %s AND status = 'failed'"
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    cast.pay(bought)
    while not number(committed, state, poison):
        worker = start(_POISONED)
        eventually(
            lambda w=worker: w.poll() is not None or number(committed, state, poison), "a death, or the end of it"
        )
        n_deaths += worker.poll() == -signal.SIGKILL
    assert n_deaths == 3
    left = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'mail.%%' AND status = 'todo'"
    eventually(lambda: number(committed, "SELECT count(*) FROM outbox_event") == 0, "the worker to relay on")
    eventually(lambda: number(committed, left) == 0, "and to do what waits")
    assert worker.poll() is None, "and it lives on"
    assert '"job.kills_workers"' in (tmp_path / "words.log").read_text()


_IN_SMALL_STEPS = """
import time
from xinka.stock.importing import pacing
pacing.CHUNK = pacing.SMALL_CHUNK = 500
judge = pacing.Pace.rest
pacing.Pace.rest = lambda pace: (time.sleep(0.2), judge(pace))  # long enough to be killed between any two
from xinka.config import worker
worker.main()
"""


def test_an_import_that_is_killed_again_and_again_has_each_code_once_in_the_end(committed: str, start: Start) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku
    codes = [f"CODE-{n:06d}" for n in range(12_000)]
    text = "\ufeff" + "\r\n".join([*codes, codes[0], codes[11_000], "bad\x07one"])
    batch = stocking.receive(sku.id, [text.encode()], name="codes.txt", by_id=None)
    stocking.start_import(batch.id, reading=actions.reading_of(batch))
    n_stored = "SELECT count(*) FROM stock_stockcode"
    chance = random.Random(62)
    for least in (500, 3_000, 6_000, 9_000):
        worker = start(_IN_SMALL_STEPS)
        eventually(lambda n=least: number(committed, n_stored) >= n, f"{least} codes")
        time.sleep(chance.uniform(0, 0.03))
        worker.kill()
        worker.wait(PATIENCE)
        assert StockBatch.objects.get(id=batch.id).state == BatchState.IMPORTING, "killed in the midst of it"
    start(_IN_SMALL_STEPS)
    eventually(lambda: StockBatch.objects.get(id=batch.id).state == BatchState.DONE, "the last worker to finish it")
    done = StockBatch.objects.get(id=batch.id)
    assert (done.n_lines, done.n_added, done.n_repeated, done.n_known, done.n_invalid) == (12_003, 12_000, 2, 0, 1)
    assert [code.decode() for code in stored_codes(sku.id)] == codes
    assert StockCode.objects.count() == UnsoldCode.objects.count() == 12_000
    assert broken_rules(committed) == {}
