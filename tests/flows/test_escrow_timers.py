"""The worker's rounds: reminders before releases, each letter once, and what was forgotten is made up for."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests import cast
from tests.flows.holding import end_of, held, hold_of, now
from tests.flows.mailbox import Mailbox
from tests.flows.poison import poison
from xinka.escrow.models import Hold
from xinka.escrow.states import StopCause
from xinka.flows import escrow, sweep
from xinka.flows.escrow.mailing import mail_ends_soon
from xinka.flows.escrow.timers import fire_timers, mend
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.platform.audit.models import Report
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed
from xinka.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


def test_one_round_after_another_brings_a_trade_to_its_end() -> None:
    bought = held()
    nothing = {"reminded": 0, "released": 0, "matured": 0, "reserves": 0}
    due = end_of(bought)
    assert fire_timers(due - timedelta(hours=7)) == nothing
    assert fire_timers(due - timedelta(hours=5)) == nothing | {"reminded": 1}
    assert fire_timers(due - timedelta(seconds=1)) == nothing
    assert fire_timers(due) == nothing | {"released": 1}
    assert fire_timers(due + timedelta(days=3)) == nothing | {"matured": 1}
    assert fire_timers(due + timedelta(days=900)) == nothing


def test_the_letter_says_when_and_is_sent_once(mailbox: Mailbox) -> None:
    bought = held()
    with time_machine.travel(end_of(bought) - timedelta(hours=5), tick=False):
        assert mail_ends_soon(bought.order_id)
        mail_ends_soon(bought.order_id)
    (letter,) = mailbox.mails
    assert letter["To"] == cast.CY
    assert f"{timezone.localtime(end_of(bought)):%Y-%m-%d %H:%M}" in letter.get_body(("plain",)).get_content()


def test_no_letter_once_the_time_is_over_or_stands_still(mailbox: Mailbox) -> None:
    bought = held()
    with time_machine.travel(end_of(bought) + timedelta(seconds=1)):
        assert not mail_ends_soon(bought.order_id)
    run(escrow.stop(bought.order_id, StopCause.QUESTION, "q"))
    assert not mail_ends_soon(bought.order_id)
    assert mailbox.mails == []


def test_a_hold_that_cannot_be_made_keeps_no_other_from_being_made() -> None:
    ware, channel = cast.ware(cast.adas_shop(), 2), cast.channel()
    bad, good = cast.buy(ware.sku, channel), cast.buy(ware.sku, channel, contact="bea@example.com")
    cast.pay(bad), cast.pay(good)
    OutboxEvent.objects.all().delete()
    Order.objects.update(delivered_at=now() - timedelta(minutes=11))
    poison(Hold, f"order_id <> '{bad.order_id}'")
    for _again in range(2):
        with pytest.raises(SomeFailed, match=ids.show("ord", bad.order_id)):
            mend(now())
        assert list(Hold.objects.values_list("order_id", flat=True)) == [good.order_id]


def test_a_hold_the_relay_never_made_is_made() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    cast.pay(bought)
    OutboxEvent.objects.all().delete()
    assert mend(now())["holds"] == 0
    Order.objects.update(delivered_at=now() - timedelta(minutes=11))
    assert [mend(now())["holds"] for _ in range(2)] == [1, 0]
    assert hold_of(bought).due_at == hold_of(bought).delivered_at + timedelta(days=1)
    assert Hold.objects.count() == 1


def test_a_hold_that_cannot_be_released_keeps_no_other_waiting_and_is_told_of() -> None:
    ware, channel = cast.ware(cast.adas_shop(), 3), cast.channel()
    first, bad, last = sold = [cast.buy(ware.sku, channel) for _ in range(3)]
    for bought in sold:
        cast.pay(bought)
    run(relay_batch())
    shown = ids.show("ord", bad.order_id)
    poison(Hold, f"order_id <> '{bad.order_id}' OR state = 'held'")
    due = end_of(last)
    with pytest.raises(SomeFailed, match=shown):
        fire_timers(due)
    assert [hold_of(bought).state for bought in (first, bad, last)] == ["aftersale", "held", "aftersale"]
    assert sweep.sweep(due + timedelta(minutes=9))["overdue_timers"] == 0
    assert sweep.sweep(due + timedelta(minutes=11))["overdue_timers"] == 1
    assert Report.objects.get(name="sweep").details["alarms"] == [shown]
