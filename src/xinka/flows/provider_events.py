"""What gateways told by themselves of refunds and disputes: a worker looks into each once.

A notice about a refund moves nothing by itself: it only has the gateway asked now instead of later.
"""

from __future__ import annotations

import logging
from functools import partial

from django.utils import timezone

from xinka.flows.disputes.chargebacks import take_in_event
from xinka.flows.refunds.sending import execute_refund, finish_if_done, reopen_if_bounced
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError
from xinka.payments.models import ProviderEvent, Receipt, Refund
from xinka.payments.providers.protocol import NoticeAbout
from xinka.payments.states import RefundState
from xinka.platform.jobs.each_alone import each_alone

log = logging.getLogger(__name__)


def handle_event(event_id: int) -> bool:
    """Look into one event; return whether there was anything to do. A second call does nothing."""
    event = ProviderEvent.objects.filter(id=event_id, handled_at=None).first()
    if event is None:
        return False
    if event.about == NoticeAbout.DISPUTE:
        return take_in_event(event_id, timezone.now())
    found = _look_into_refunds(event)
    ProviderEvent.objects.filter(id=event.id, handled_at=None).update(handled_at=timezone.now())
    return found


def handle_forgotten(limit: int = 100) -> int:
    """Look into events whose jobs were lost; return how many there were."""
    waiting = ProviderEvent.objects.filter(handled_at=None, about=NoticeAbout.REFUND.value).order_by("received_at")
    found = list(waiting.values_list("id", flat=True)[:limit])
    return sum(each_alone((f"event {event_id}", partial(handle_event, event_id)) for event_id in found).values())


def _look_into_refunds(event: ProviderEvent) -> bool:
    """Have every refund of the payment looked into; the event does not say for certain which it is about.

    Raises:
        ProviderError: after all others, if the gateway was away for one that was done: nobody else asks about it again.
    """
    numbers = {event.trade_no} - {""} or _trade_nos(event)
    refunds = Refund.objects.filter(channel_id=event.channel_id, trade_no__in=numbers)
    looks = {
        RefundState.SENDING.value: execute_refund,
        RefundState.NEEDS_STAFF.value: finish_if_done,
        RefundState.DONE.value: reopen_if_bounced,
    }
    away: ProviderError | None = None
    for refund in refunds.filter(state__in=looks):
        try:
            looks[refund.state](refund.id)
        except ProviderError as error:
            log.info("refund.not_yet", extra={"refund": ids.show("ref", refund.id), "why": str(error)})
            if refund.state == RefundState.DONE and not error.permanent:
                away = error
    if away is not None:
        raise away
    if not refunds.exists():
        # Somebody gave money back at the gateway by hand; the day's reconciliation puts it before finance.
        log.warning("refund.unknown", extra={"event": event.id, "subject": event.subject_no})
        return False
    return True


def _trade_nos(event: ProviderEvent) -> set[str]:
    """Return the gateway's numbers of the payment that our own number in the event names."""
    try:
        payment_id = ids.parse("pay", event.out_trade_no)
    except BadIdentifier:
        return set()
    receipts = Receipt.objects.filter(channel_id=event.channel_id, payment_id=payment_id)
    return set(receipts.values_list("trade_no", flat=True))
