"""A payment whose notice never came is found by asking, at the right times, once, and settled like any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import Mock
from uuid import UUID

import psycopg
import pytest
import time_machine
from django.contrib.postgres.functions import TransactionNow
from django.db import OperationalError, connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from tests import cast
from tests.flows.gateway import Gateway, Trade
from xinka.flows.expire import expire_due
from xinka.flows.hints import take_hint
from xinka.flows.paying import confirm
from xinka.flows.paying.confirm import Answer, ExpiredRounds, ask_about_expired, ask_about_open, confirm_payment
from xinka.flows.tasks import payments as tasks
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Payment, Receipt
from xinka.payments.states import ReceiptOutcome
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(gateway: Gateway) -> Channel:
    """Cy's way of paying."""
    return cast.channel(config={"base_url": gateway.url})


@pytest.fixture
def bought(channel: Channel) -> cast.Bought:
    """An order that Cy has not paid as far as the shop knows."""
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, channel)


def _paid(gateway: Gateway, bought: cast.Bought, money: str = "49.00") -> None:
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade(trade_no="T20261121", money=money)


def _asked() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'payment_id' FROM procrastinate_jobs WHERE task_name = 'payment.confirm'")
        return [UUID(row[0]) for row in cursor.fetchall()]


def _ask_all() -> None:
    """Let the worker have put every question that is queued."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'payment.confirm'")


def _after(bought: cast.Bought, seconds: float) -> datetime:
    return Payment.objects.get(id=bought.payment_id).created_at + timedelta(seconds=seconds)


def test_a_payment_whose_notice_was_lost_is_delivered_by_asking(gateway: Gateway, bought: cast.Bought) -> None:
    _paid(gateway, bought)
    found = confirm_payment(bought.payment_id)
    assert found.answer is Answer.SETTLED
    assert bought.order.state == OrderState.DELIVERED
    assert Receipt.objects.get().trade_no == "T20261121"


def test_asking_twice_settles_once(gateway: Gateway, bought: cast.Bought) -> None:
    _paid(gateway, bought)
    confirm_payment(bought.payment_id)
    assert confirm_payment(bought.payment_id).answer is Answer.KNOWN
    assert Receipt.objects.count() == 1
    assert len(gateway.asked) == 1


@pytest.mark.parametrize("status", ["0", "2"])
def test_what_is_not_paid_changes_nothing(gateway: Gateway, bought: cast.Bought, status: str) -> None:
    _paid(gateway, bought)
    gateway.trades[ids.show("pay", bought.payment_id)].status = status
    assert confirm_payment(bought.payment_id).answer is Answer.UNPAID
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert Receipt.objects.count() == 0


def test_a_payment_the_gateway_never_heard_of_is_unpaid(gateway: Gateway, bought: cast.Bought) -> None:
    assert confirm_payment(bought.payment_id).answer is Answer.UNPAID
    assert gateway.asked == [ids.show("pay", bought.payment_id)]


@pytest.mark.parametrize(
    ("money", "outcome", "state"),
    [
        ("48.99", ReceiptOutcome.SHORT, OrderState.PART_PAID),
        ("50.00", ReceiptOutcome.OVER, OrderState.DELIVERED),
    ],
)
def test_the_amount_the_gateway_names_is_the_one_that_counts(
    gateway: Gateway, bought: cast.Bought, money: str, outcome: ReceiptOutcome, state: OrderState
) -> None:
    _paid(gateway, bought, money)
    settlement = confirm_payment(bought.payment_id).settlement
    assert settlement is not None
    assert settlement.outcome is outcome
    assert bought.order.state == state


def test_a_gateway_that_is_down_changes_nothing_and_is_asked_again(gateway: Gateway, bought: cast.Bought) -> None:
    gateway.is_down = True
    with pytest.raises(ProviderError) as caught:
        confirm_payment(bought.payment_id)
    assert not caught.value.permanent
    assert bought.order.state == OrderState.AWAITING_PAYMENT


def _job(tries_before: int) -> JobContext:
    job = Job(id=1, queue="money", lock=None, queueing_lock=None, task_name="payment.confirm", attempts=tries_before)
    return JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None)


def test_a_gateway_that_is_away_leaves_no_dead_letter_while_it_is_asked_again(
    gateway: Gateway, bought: cast.Bought, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.is_down = True
    for tries_before in (0, 1):
        with pytest.raises(ProviderError):
            tasks.confirm(_job(tries_before), str(bought.payment_id))
    tasks.confirm(_job(2), str(bought.payment_id))
    (line,) = [record for record in caplog.records if record.message == "payment.not_confirmed_yet"]
    assert line.__dict__["payment"] == ids.show("pay", bought.payment_id)
    assert "could not be reached" in line.__dict__["why"]


def test_a_database_without_room_leaves_no_dead_letter_while_the_gateway_is_asked_again(
    gateway: Gateway, bought: cast.Bought, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_money: object) -> None:
        raise OperationalError from psycopg.errors.DiskFull("could not extend file")

    _paid(gateway, bought)
    monkeypatch.setattr(confirm, "settle_now", fails)
    for tries_before in (0, 1):
        with pytest.raises(OperationalError):
            tasks.confirm(_job(tries_before), str(bought.payment_id))
    tasks.confirm(_job(2), str(bought.payment_id))
    assert "payment.not_confirmed_yet" in caplog.messages
    monkeypatch.undo()
    assert confirm_payment(bought.payment_id).answer is Answer.SETTLED


def test_a_fault_of_ours_is_left_to_a_person(
    gateway: Gateway, bought: cast.Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paid(gateway, bought)
    monkeypatch.setattr(confirm, "settle_now", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        tasks.confirm(_job(2), str(bought.payment_id))


@pytest.mark.parametrize("hours", [0, 24.2, 24.3])
def test_the_last_question_without_an_answer_is_left_to_a_person(
    gateway: Gateway, bought: cast.Bought, hours: float
) -> None:
    gateway.is_down = True
    with time_machine.travel(_after(bought, hours * 3600), tick=False):
        if hours < 24.25:  # a quarter of an hour until the order expired, and a day
            tasks.confirm(_job(2), str(bought.payment_id))
        else:
            with pytest.raises(ProviderError):
                tasks.confirm(_job(2), str(bought.payment_id))


def test_what_a_gateway_refuses_for_good_is_left_to_a_person_at_once(
    bought: cast.Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Mock()
    provider.query.side_effect = ProviderError("unknown merchant", permanent=True)
    monkeypatch.setattr(confirm, "provider_of", lambda _channel: provider)
    with pytest.raises(ProviderError):
        tasks.confirm(_job(2), str(bought.payment_id))


def test_money_without_the_gateways_number_is_not_counted(gateway: Gateway, bought: cast.Bought) -> None:
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade(trade_no="", money="49.00")
    with pytest.raises(ProviderError):
        confirm_payment(bought.payment_id)
    assert Receipt.objects.count() == 0


def test_a_young_payment_is_left_alone(bought: cast.Bought) -> None:
    assert run(ask_about_open(_after(bought, 29))) == 0
    assert _asked() == []


def test_an_open_payment_is_asked_about_at_each_age_once_whoever_schedules(bought: cast.Bought) -> None:
    asked_at = []
    for second in range(0, 900, 5):
        asked_at += [second] * run(ask_about_open(_after(bought, second)))
        asked_at += [second] * run(ask_about_open(_after(bought, second)))
        _ask_all()
    assert len(asked_at) == len(confirm.AGES) + 1
    for age, second in zip((*confirm.AGES, 900 - confirm.BEFORE_EXPIRY), asked_at, strict=True):
        assert age <= second <= age + confirm.JITTER + 5


def test_a_payment_that_was_begun_under_a_clock_that_was_ahead_is_asked_about_meanwhile(bought: cast.Bought) -> None:
    now = _after(bought, 0)
    ahead = now + timedelta(hours=26)
    Payment.objects.filter(id=bought.payment_id).update(created_at=ahead)
    Reservation.objects.update(expires_at=ahead + timedelta(minutes=15))
    asked = []
    for second in range(0, 300, 10):
        asked += [second] * run(ask_about_open(now + timedelta(seconds=second)))
        _ask_all()
    assert asked == [0, 130, 260]
    Payment.objects.update(asked_at=ahead)
    assert run(ask_about_open(now + timedelta(seconds=270))) == 1, "it was asked under that clock"


def test_after_a_long_stop_it_is_asked_once_not_for_every_missed_time(bought: cast.Bought) -> None:
    assert run(ask_about_open(_after(bought, 800))) == 1
    assert run(ask_about_open(_after(bought, 801))) == 0


def test_questions_of_the_schedule_let_everything_else_about_money_go_first(bought: cast.Bought) -> None:
    assert run(ask_about_open(_after(bought, 40))) == 1
    run(take_hint(bought.payment_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT priority FROM procrastinate_jobs WHERE task_name = 'payment.confirm' ORDER BY id")
        assert cursor.fetchall() == [(-1,), (0,)]


def test_a_channel_has_a_budget_and_the_rest_waits(channel: Channel) -> None:
    ware = cast.ware(cast.adas_shop(), 3)
    all_bought = [cast.buy(ware.sku, channel, contact=f"cy{n}@example.com") for n in range(3)]
    late = _after(all_bought[-1], 45)
    assert run(ask_about_open(late, budget=2)) == 2
    assert run(ask_about_open(late, budget=2)) == 1
    assert run(ask_about_open(late, budget=2)) == 0
    assert sorted(_asked()) == sorted(bought.payment_id for bought in all_bought)


def test_a_question_that_waits_is_not_queued_again_and_takes_no_others_place(channel: Channel) -> None:
    """While a gateway hangs, a payment had a question in the queue for each of its ages, and all were put to it."""
    ware = cast.ware(cast.adas_shop(), 2)
    first, second = (cast.buy(ware.sku, channel, contact=f"cy{n}@example.com") for n in range(2))
    assert run(ask_about_open(_after(first, 45), budget=1)) == 1
    assert run(ask_about_open(_after(first, 130), budget=1)) == 1
    assert run(ask_about_open(_after(first, 320), budget=1)) == 0
    assert sorted(_asked()) == sorted([first.payment_id, second.payment_id])
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 2
    assert run(ask_about_expired(_after(first, 900 + 65))) == 0
    _ask_all()
    assert run(ask_about_expired(_after(first, 900 + 70))) == 2


def test_a_paid_payment_is_not_asked_about(bought: cast.Bought) -> None:
    cast.pay(bought)
    assert run(ask_about_open(_after(bought, 600))) == 0
    assert run(ask_about_expired(_after(bought, 900 + 65))) == 0


def test_an_expired_payment_is_asked_about_less_and_less_for_a_day(bought: cast.Bought) -> None:
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 1
    asked_at = []
    for minute in range(16, 26 * 60):
        asked_at += [minute] * run(ask_about_expired(_after(bought, minute * 60)))
        _ask_all()
    assert len(asked_at) == len(confirm.AGES_EXPIRED)
    for age, minute in zip(confirm.AGES_EXPIRED, asked_at, strict=True):
        assert 15 + age // 60 <= minute <= 16 + age // 60


def test_rounds_that_are_steady_ask_no_more_than_the_schedule_says(bought: cast.Bought) -> None:
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 1
    rounds = ExpiredRounds()
    n_asked = 0
    for minute in range(16, 26 * 60):
        n_asked += run(rounds.ask(_after(bought, minute * 60)))
        _ask_all()
    assert n_asked == len(confirm.AGES_EXPIRED)


@pytest.mark.parametrize("hours", [1, 6, 30, 100])
def test_what_was_to_be_asked_while_the_machine_stood_still_is_asked_when_it_is_back(
    bought: cast.Bought, hours: int
) -> None:
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 1
    back = _after(bought, hours * 3600)
    assert run(ask_about_expired(back)) == 0, "a round like any other passes it over"
    rounds = ExpiredRounds()
    assert run(rounds.ask(back)) == 1
    _ask_all()
    assert run(rounds.ask(back + timedelta(minutes=1))) == 0
    assert run(ExpiredRounds().ask(back + timedelta(minutes=2))) == 0, "another process knows that it was asked"


def test_of_many_that_were_left_behind_each_is_asked_about_within_the_budget(channel: Channel) -> None:
    ware = cast.ware(cast.adas_shop(), 8)
    all_bought = [cast.buy(ware.sku, channel, contact=f"cy{n}@example.com") for n in range(8)]
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 8
    rounds, back = ExpiredRounds(), _after(all_bought[0], 6 * 3600)
    asked = [run(rounds.ask(back + timedelta(minutes=minute), budget=1)) for minute in range(4)]
    assert asked == [6, 2, 0, 0]
    assert sorted(_asked()) == sorted(bought.payment_id for bought in all_bought)


@pytest.mark.parametrize("seconds", [3600, -3600], ids=["ahead", "back"])
def test_a_clock_that_jumps_lets_no_payment_wait_for_its_ages(bought: cast.Bought, seconds: int) -> None:
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert run(expire_due()) == 1
    rounds = ExpiredRounds()
    before = max(0, -seconds)
    assert run(rounds.ask(_after(bought, 20 + before))) == (1 if before else 0)
    _ask_all()
    assert run(rounds.ask(_after(bought, 80 + before + seconds))) == 1, "also if it was asked at what is still to come"


def test_late_money_found_by_asking_still_brings_the_goods(gateway: Gateway, bought: cast.Bought) -> None:
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    run(expire_due())
    _paid(gateway, bought)
    settlement = confirm_payment(bought.payment_id).settlement
    assert settlement is not None
    assert settlement.outcome is ReceiptOutcome.LATE_SETTLED
    assert bought.order.state == OrderState.DELIVERED
