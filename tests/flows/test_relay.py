"""From the settling commit to the mailbox: fast, by several workers at once, and through kills at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.mailbox import Mailbox, wait_until
from xinka.escrow.models import Hold
from xinka.flows import relay
from xinka.flows.relay import JOBS, relay_batch
from xinka.kernel.ids import new_uuid
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.models import JobProblem
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.timeout(900)  # workers are started again and again, on a machine that may be busy
Hire = Callable[..., subprocess.Popen[bytes]]
_SCHEDULES = int(os.environ.get("XINKA_TEST_CRASH_SCHEDULES", "20")) // 5


def _event(kind: str) -> None:
    OutboxEvent.objects.create(kind=kind, subject=new_uuid(), at=timezone.now())


def _jobs() -> Counter[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status FROM procrastinate_jobs WHERE task_name LIKE 'mail.%%'")
        return Counter((task, status) for task, status in cursor.fetchall())


def _n_sent() -> int:
    return SentLetter.objects.filter(state=LetterState.SENT).count()


def _is_idle() -> bool:
    return not OutboxEvent.objects.exists() and not {s for _, s in _jobs()} & {"todo", "doing"}


@pytest.mark.django_db
def test_every_event_becomes_its_job_once_and_is_gone() -> None:
    for kind in JOBS:
        _event(kind)
    assert run(relay_batch()) == len(JOBS)
    assert run(relay_batch()) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name FROM procrastinate_jobs")
        assert sorted(cursor.fetchall()) == sorted((job.task, job.queue) for job in JOBS.values())


@pytest.mark.django_db
def test_a_batch_takes_no_more_than_its_limit_and_the_oldest_first() -> None:
    for _ in range(3):
        _event("order.delivered")
    newest = OutboxEvent.objects.latest("id")
    assert run(relay_batch(2)) == 2
    assert OutboxEvent.objects.get() == newest


@pytest.mark.django_db
def test_an_event_nobody_knows_becomes_a_job_that_names_it() -> None:
    _event("order.teleported")
    run(relay_batch())
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args ->> 'kind' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("event.unknown", "order.teleported")]


@pytest.mark.django_db
def test_an_event_that_is_set_aside_is_the_oldest_alone_and_makes_no_hold() -> None:
    first, second = _sell(2)
    assert run(relay.set_aside()) == 1
    assert OutboxEvent.objects.get().subject == second.order_id
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args ->> 'kind', args ->> 'subject' FROM procrastinate_jobs WHERE task_name LIKE 'event.%'"
        )
        assert cursor.fetchall() == [("order.delivered", str(first.order_id))]
    assert not Hold.objects.exists()
    assert run(relay_batch()) == 1
    assert Hold.objects.get().order_id == second.order_id
    assert run(relay.set_aside()) == 0


class _Scripted:
    """What the database answers to each batch: a number of events, or a fault."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: int | Exception) -> None:
        self.answers, self.asked = list(answers), list[int]()
        monkeypatch.setattr(relay, "relay_batch", lambda limit=4: limit)
        monkeypatch.setattr(relay, "set_aside", lambda: 0)
        monkeypatch.setattr(relay, "drive_async", self._answer)

    async def _answer(self, _connection: object, limit: int) -> int:
        self.asked.append(limit)
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, Exception):
            raise answer
        return answer

    def relay_some(self) -> int:
        return asyncio.run(relay._relay_some(None))  # type: ignore[arg-type]  # nobody looks at it


def test_a_batch_that_fails_is_relayed_one_by_one_and_the_one_at_fault_set_aside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "BATCH", 4)
    fault = psycopg.errors.CheckViolation()
    database = _Scripted(monkeypatch, fault, 1, fault, 1, 1)
    assert database.relay_some() == 3
    assert database.asked == [4, 1, 1, 0, 1, 1], "a batch, then singles; 0 is the setting aside"
    assert [(one.levelname, one.message, one.__dict__["why"]) for one in caplog.records] == [
        ("WARNING", "relay.batch_failed", "CheckViolation"),
        ("ERROR", "relay.set_aside", "CheckViolation"),
    ]


@pytest.mark.parametrize("before", [(), (psycopg.errors.CheckViolation(), 1)])
def test_a_database_that_is_away_is_no_events_fault(
    monkeypatch: pytest.MonkeyPatch, before: tuple[int | Exception, ...]
) -> None:
    database = _Scripted(monkeypatch, *before, psycopg.OperationalError("gone"))
    with pytest.raises(psycopg.OperationalError, match="gone"):
        database.relay_some()
    assert 0 not in database.asked, "nothing is set aside for it"


def _sell(n: int) -> list[cast.Bought]:
    ware, channel = cast.ware(cast.adas_shop(), n + 20), cast.channel()  # enough left that no alert is mailed
    sold = [cast.buy(ware.sku, channel, contact=f"cy{number}@example.com") for number in range(n)]
    for bought in sold:
        cast.pay(bought)
    return sold


@pytest.mark.crash
def test_a_paid_order_is_in_the_mailbox_within_a_second(hire: Hire, mailbox: Mailbox) -> None:
    ware, channel = cast.ware(cast.adas_shop(), 26), cast.channel()
    hire()
    delays = []
    for number in range(6):
        bought = cast.buy(ware.sku, channel, contact=f"cy{number}@example.com")
        cast.pay(bought)
        committed = time.time()
        wait_until(lambda: len(mailbox.raw) == number + 1)  # noqa: B023 - called before the loop goes on
        delays.append(mailbox.raw[-1][0] - committed)
    print("from settling commit to mail server, seconds:", [f"{delay:.3f}" for delay in delays])  # noqa: T201 - the measure
    assert sorted(delays[1:])[2] < 1.0  # the first waits for the worker to start


@pytest.mark.crash
def test_two_workers_share_the_letters_and_send_each_once(hire: Hire, mailbox: Mailbox) -> None:
    sold = _sell(20)
    hire()
    hire()
    wait_until(lambda: _n_sent() == len(sold) and _is_idle())
    assert len(mailbox.raw) == len(sold)
    assert len(set(mailbox.message_ids)) == len(sold)


@pytest.mark.crash
@pytest.mark.parametrize("schedule", range(_SCHEDULES))
def test_killing_the_worker_while_it_sends_loses_no_mail(hire: Hire, mailbox: Mailbox, schedule: int) -> None:
    chance = random.Random(schedule)
    mailbox.delay = 0.05
    sold = _sell(12)
    for _ in range(3):
        worker, before = hire(), len(mailbox.raw)
        wait_until(lambda: len(mailbox.raw) > before or _is_idle())  # noqa: B023 - called before the loop goes on
        time.sleep(chance.uniform(0, 0.15))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    hire()
    wait_until(lambda: SentLetter.objects.filter(state=LetterState.SENT).count() == len(sold) and _is_idle())
    per_buyer: dict[str, set[str]] = {}
    for (_, to, _content), message_id in zip(mailbox.raw, mailbox.message_ids, strict=True):
        per_buyer.setdefault(to, set()).add(message_id)
    assert set(per_buyer) == {f"cy{number}@example.com" for number in range(12)}
    assert {to: len(known) for to, known in per_buyer.items() if len(known) != 1} == {}


@pytest.mark.crash
def test_a_final_no_is_a_dead_letter_at_once_with_its_reason_and_others_go_on(hire: Hire, mailbox: Mailbox) -> None:
    mailbox.mood = "550 5.1.1 <{address}> unknown"
    _sell(1)
    worker = hire()
    wait_until(lambda: _jobs()[("mail.goods", "failed")] == 1 and JobProblem.objects.exists())
    assert JobProblem.objects.get().problem.startswith("ProviderError: 550")
    assert "cy0@" not in JobProblem.objects.get().problem
    mailbox.mood = "ok"
    _event("order.teleported")
    wait_until(lambda: JobProblem.objects.filter(problem__contains="order.teleported").exists())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0


@pytest.mark.crash
def test_an_event_that_cannot_be_relayed_holds_up_no_other(hire: Hire, mailbox: Mailbox) -> None:
    bad = _sell(5)[2].order_id
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE escrow_hold ADD CONSTRAINT poison CHECK (order_id <> '{bad}')")
    try:
        worker = hire()
        wait_until(lambda: _n_sent() == 5 and not OutboxEvent.objects.exists())
        assert worker.poll() is None
        assert len(mailbox.raw) == 5
        assert Hold.objects.count() == 4
        assert not Hold.objects.filter(order_id=bad).exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE escrow_hold DROP CONSTRAINT poison")


@pytest.mark.crash
def test_sigterm_lets_the_letter_in_hand_go_out(hire: Hire, mailbox: Mailbox) -> None:
    mailbox.delay = 1.0
    _sell(1)
    worker = hire()
    wait_until(lambda: _jobs()[("mail.goods", "doing")] == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert len(mailbox.raw) == 1
    assert SentLetter.objects.get().state == LetterState.SENT
