"""Events: what a gateway tells of refunds and disputes is kept once, and has the gateway asked, nothing more."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.flows import mailing, provider_events
from xinka.flows.events import HANDLE_EVENT, KEPT, keep_event
from xinka.flows.provider_events import handle_event, handle_forgotten
from xinka.flows.refunds import sending
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.income import moved_in
from xinka.ledger.models import Entry
from xinka.orders.models import Order
from xinka.payments.models import Channel, ProviderEvent, Refund
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import (
    Can,
    NoticeAbout,
    RefundRequest,
    RefundResult,
    RefundStatus,
    VerifiedNotice,
)
from xinka.payments.states import RefundState
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


class Gateway:
    """A gateway that takes its time with refunds."""

    can = frozenset({Can.REFUND, Can.REFUND_QUERY})

    def __init__(self) -> None:
        self.status = RefundStatus.PENDING
        self.amount: int | None = None
        self.sent: list[RefundRequest] = []
        self.asked = 0

    def refund(self, request: RefundRequest) -> None:
        """Take it in."""
        self.sent.append(request)
        raise OutcomeUnknown("in progress")

    def refund_query(self, request: RefundRequest) -> RefundResult:
        """Say where it is."""
        self.asked += 1
        return RefundResult(self.status, request.amount_minor if self.amount is None else self.amount, "5020020")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway behind every channel."""
    found = Gateway()
    monkeypatch.setattr(sending, "provider_of", lambda _channel: found)
    return found


@pytest.fixture
def in_flight(gateway: Gateway) -> Refund:
    """Cy paid twice; the second payment is on its way back."""
    bought = cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel(provider="wechat"))
    cast.pay(bought)
    cast.settle(cast.money_for(bought, trade_no="T2"))
    found = Refund.objects.get()
    with pytest.raises(Exception, match="in progress"):
        sending.execute_refund(found.id)
    return found


def told(about: NoticeAbout = NoticeAbout.REFUND, **more: str) -> VerifiedNotice:
    """What the gateway tells."""
    facts = {"out_trade_no": "", "trade_no": "T2", "event_id": "EV-1", "subject_no": "5020020", **more}
    return VerifiedNotice(
        amount_minor=4900, currency="CNY", status="REFUND.SUCCESS", is_paid=False, about=about, **facts
    )


def keep(channel: Channel, said: VerifiedNotice) -> bool:
    """Keep an event as the till does."""
    return run(keep_event(channel.id, said))


def jobs() -> int:
    """Return how many events wait for a worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [HANDLE_EVENT.task])
        return int(cursor.fetchone()[0])


def state(found: Refund) -> RefundState:
    """Return where a refund is now."""
    found.refresh_from_db()
    return RefundState(found.state)


def test_an_event_is_kept_once_for_each_channel() -> None:
    one, other = cast.channel("one"), cast.channel("other")
    assert [keep(one, told()), keep(one, told()), keep(other, told())] == [True, False, True]
    assert keep(one, told(event_id="EV-2"))
    assert (ProviderEvent.objects.count(), jobs()) == (3, 3)


def test_an_event_without_a_number_is_told_apart_by_what_it_says() -> None:
    one = cast.channel("one")
    assert [keep(one, told(event_id="")), keep(one, told(event_id=""))] == [True, False]
    assert keep(one, told(event_id="", subject_no="5020021"))


def test_only_refunds_and_disputes_are_kept() -> None:
    assert {NoticeAbout.REFUND, NoticeAbout.DISPUTE} == KEPT


def test_a_refund_that_is_through_is_done_as_soon_as_the_gateway_tells(gateway: Gateway, in_flight: Refund) -> None:
    gateway.status = RefundStatus.DONE
    keep(in_flight.channel, told())
    event = ProviderEvent.objects.get()
    assert handle_event(event.id)
    assert state(in_flight) is RefundState.DONE
    assert in_flight.gateway_refund_no == "5020020"
    assert not handle_event(event.id)
    assert (gateway.asked, len(gateway.sent)) == (1, 1)


def test_a_forged_looking_success_moves_nothing_while_the_gateway_says_otherwise(
    gateway: Gateway, in_flight: Refund
) -> None:
    keep(in_flight.channel, told())
    handle_event(ProviderEvent.objects.get().id)
    assert state(in_flight) is RefundState.SENDING
    assert ProviderEvent.objects.get().handled_at is not None


def test_a_refund_that_failed_goes_to_staff(gateway: Gateway, in_flight: Refund) -> None:
    gateway.status = RefundStatus.FAILED
    keep(in_flight.channel, told())
    handle_event(ProviderEvent.objects.get().id)
    assert state(in_flight) is RefundState.NEEDS_STAFF
    gateway.status = RefundStatus.DONE
    keep(in_flight.channel, told(event_id="EV-2"))
    handle_event(ProviderEvent.objects.latest("id").id)
    assert state(in_flight) is RefundState.DONE


def done(gateway: Gateway, found: Refund) -> Refund:
    """Have the gateway carry a refund out, as it says."""
    gateway.status = RefundStatus.DONE
    assert sending.execute_refund(found.id) is RefundState.DONE
    return found


def test_a_refund_that_bounces_after_it_was_done_comes_back_to_staff_and_into_the_books(
    gateway: Gateway, in_flight: Refund
) -> None:
    done(gateway, in_flight)
    gateway.status = RefundStatus.FAILED  # the card was closed: Stripe says so up to thirty days later
    for n in range(2):
        keep(in_flight.channel, told(event_id=f"EV-{n}"))
        assert handle_event(ProviderEvent.objects.latest("id").id)
        assert (state(in_flight), in_flight.done_at) == (RefundState.NEEDS_STAFF, None)
        assert broken() == []
    sent = Entry.objects.filter(kind=JournalKind.REFUND_SENT, account=Account.CLEARING)
    assert sum(sent.values_list("amount", flat=True)) == 0
    year, month = day_of(timezone.now()).timetuple()[:2]
    assert moved_in(year, "CNY")[month].given_back == in_flight.amount  # once promised, however often it is tried


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "还没能退给你"), ("en", "could not be given back")])
def test_the_buyer_of_a_refund_that_bounced_is_told_and_told_again_when_it_went(
    gateway: Gateway, in_flight: Refund, mailoutbox: list[EmailMessage], language: str, title: str
) -> None:
    Order.objects.update(language=language)
    done(gateway, in_flight)
    assert mailing.mail_refund_done(in_flight.id)
    gateway.status = RefundStatus.FAILED
    keep(in_flight.channel, told())
    handle_event(ProviderEvent.objects.get().id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.refund_bounced'")
        assert cursor.fetchone() == (1,)
    assert mailing.mail_refund_bounced(in_flight.id)
    assert not mailing.mail_refund_bounced(in_flight.id)
    assert title in mailoutbox[-1].subject
    sending.mark_done_by_hand(in_flight.id, by=cast.person("fin@example.com"), note="bank transfer 17")
    assert not mailing.mail_refund_bounced(in_flight.id), "a letter that was slow does not say what is over"
    assert mailing.mail_refund_done(in_flight.id)
    assert len(mailoutbox) == 3


def test_what_staff_paid_another_way_stays_done_however_often_the_gateway_tells_that_it_failed(
    gateway: Gateway, in_flight: Refund
) -> None:
    gateway.status = RefundStatus.FAILED
    assert sending.execute_refund(in_flight.id) is RefundState.NEEDS_STAFF
    sending.mark_done_by_hand(in_flight.id, by=cast.person("fin@example.com"), note="bank transfer 17")
    keep(in_flight.channel, told())
    handle_event(ProviderEvent.objects.get().id)
    assert (state(in_flight), broken()) == (RefundState.DONE, [])


def test_a_gateway_that_is_away_is_asked_again_about_what_may_have_bounced(
    gateway: Gateway, in_flight: Refund, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(gateway, in_flight)
    with monkeypatch.context() as down:
        down.setattr(gateway, "refund_query", lambda _request: raise_away())
        keep(in_flight.channel, told())
        with pytest.raises(ProviderError):
            handle_event(ProviderEvent.objects.get().id)
        assert ProviderEvent.objects.get().handled_at is None
    gateway.status = RefundStatus.FAILED
    assert handle_forgotten() == 1
    assert state(in_flight) is RefundState.NEEDS_STAFF


def raise_away() -> RefundResult:
    """Be a gateway that does not answer."""
    raise ProviderError("502", permanent=False)


def test_a_refund_that_stays_done_is_let_be(gateway: Gateway, in_flight: Refund) -> None:
    done(gateway, in_flight)
    for n, status in enumerate((RefundStatus.DONE, RefundStatus.PENDING, RefundStatus.NOT_FOUND)):
        gateway.status = status
        keep(in_flight.channel, told(event_id=f"EV-{n}"))
        handle_event(ProviderEvent.objects.latest("id").id)
        assert state(in_flight) is RefundState.DONE
    assert Entry.objects.filter(kind=JournalKind.REFUND_SENT).count() == 2


def test_another_amount_than_ours_is_for_staff_however_often_the_gateway_tells_of_it(
    gateway: Gateway, in_flight: Refund
) -> None:
    gateway.status, gateway.amount = RefundStatus.DONE, in_flight.amount - 1
    for n in range(2):
        keep(in_flight.channel, told(event_id=f"EV-{n}"))
        handle_event(ProviderEvent.objects.latest("id").id)
        assert state(in_flight) is RefundState.NEEDS_STAFF
        assert gateway.asked == n + 1
    assert not Entry.objects.filter(kind=JournalKind.REFUND_SENT).exists()
    gateway.amount = 0  # it does not tell
    keep(in_flight.channel, told(event_id="EV-9"))
    handle_event(ProviderEvent.objects.latest("id").id)
    assert state(in_flight) is RefundState.DONE


def test_a_gateway_that_tells_nothing_of_refunds_is_not_asked_about_what_waits_for_staff(
    gateway: Gateway, in_flight: Refund, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.status = RefundStatus.FAILED
    assert sending.execute_refund(in_flight.id) is RefundState.NEEDS_STAFF
    monkeypatch.setattr(gateway, "can", frozenset({Can.REFUND}))
    gateway.status = RefundStatus.DONE
    assert sending.finish_if_done(in_flight.id) is RefundState.NEEDS_STAFF
    assert gateway.asked == 1


def test_an_event_that_names_only_our_number_finds_its_refund(gateway: Gateway, in_flight: Refund) -> None:
    from xinka.payments.models import Payment

    gateway.status = RefundStatus.DONE
    number = ids.show("pay", Payment.objects.get().id)
    keep(in_flight.channel, told(trade_no="", out_trade_no=number))
    handle_event(ProviderEvent.objects.get().id)
    assert state(in_flight) is RefundState.DONE


@pytest.mark.parametrize("number", ["", "nonsense", "pay_00000000000000000000000001"])
def test_a_refund_that_nobody_here_asked_for_is_only_noted(
    gateway: Gateway, in_flight: Refund, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    keep(in_flight.channel, told(trade_no="" if number else "T9", out_trade_no=number))
    assert not handle_event(ProviderEvent.objects.get().id)
    assert "refund.unknown" in caplog.text
    assert gateway.asked == 0


def test_another_channels_refund_is_not_touched(gateway: Gateway, in_flight: Refund) -> None:
    keep(cast.channel("other"), told())
    handle_event(ProviderEvent.objects.get().id)
    assert gateway.asked == 0


def test_events_whose_job_was_lost_are_found(gateway: Gateway, in_flight: Refund) -> None:
    gateway.status = RefundStatus.DONE
    keep(in_flight.channel, told())
    assert handle_forgotten() == 1
    assert handle_forgotten() == 0
    assert state(in_flight) is RefundState.DONE


def test_a_dispute_goes_to_those_who_handle_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(provider_events, "take_in_event", lambda event_id, now: asked.append((event_id, now)) or True)
    keep(cast.channel("one"), told(NoticeAbout.DISPUTE))
    assert handle_event(ProviderEvent.objects.get().id)
    assert len(asked) == 1
