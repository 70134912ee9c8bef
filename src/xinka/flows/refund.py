"""Refunds: money that a settlement promised back is sent, and never sent twice.

The gateways we speak to have no idempotency key. So the gateway is asked before anything is sent, also the first time;
an answer that never came is looked up before the next attempt; and what stays uncertain is left to a person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from xinka.flows.relay import EXECUTE_REFUND, REFUND_DONE
from xinka.kernel import ids
from xinka.kernel.errors import IllegalMove, ProviderError, Refusal
from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.ledger import sql as ledger_sql
from xinka.ledger.accounts import Account, JournalKind
from xinka.payments.channels import provider_of
from xinka.payments.models import Receipt, Refund
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Provider, RefundRequest, TradeStatus
from xinka.payments.states import RefundState
from xinka.platform.audit.actions import record
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import MAX_ATTEMPTS, in_words
from xinka.platform.outbox import sql as outbox_sql

log = logging.getLogger(__name__)

#: The first half of the advisory lock's key; the second is taken from the refund's number.
_LOCK_SPACE = 0x52454644


class RefundMoved(Refusal):
    """Somebody else, or the gateway, was quicker."""

    code = "refund_moved"
    status = 409
    zh = "这笔退款刚刚变了状态，什么都没改。刷新看看。"
    en = "This refund has just moved on; nothing was changed. Reload the page."


def execute_refund(refund_id: UUID, *, sure: bool = False) -> RefundState:
    """Send one refund and return its state; ``sure`` says that staff looked and it is not at the gateway yet.

    Raises:
        ProviderError: if it must be tried again later.
    """
    with _alone_with(refund_id) as alone:
        refund = Refund.objects.select_related("channel").get(id=refund_id)
        state = RefundState(refund.state)
        if not alone or state in {RefundState.DONE, RefundState.NEEDS_STAFF}:
            return state
        was_in_flight = state is RefundState.SENDING and not sure
        if state is RefundState.DUE:
            _move(refund, RefundState.DUE, RefundState.SENDING)
        try:
            provider = provider_of(refund.channel)
        except Refusal as refusal:
            return _leave_to_staff(refund, str(refusal))
        return _look_and_send(refund, provider, was_in_flight=was_in_flight)


def _look_and_send(refund: Refund, provider: Provider, *, was_in_flight: bool) -> RefundState:
    receipt = Receipt.objects.get(channel_id=refund.channel_id, trade_no=refund.trade_no)
    if receipt.payment_id is None:
        return _leave_to_staff(refund, "the receipt names no payment")
    number = ids.show("pay", receipt.payment_id)
    try:
        status = provider.query(number, refund.trade_no).status
    except ProviderError as error:
        return _try_later(refund, error, sent=was_in_flight)
    if status is TradeStatus.REFUNDED:
        return _finish(refund, RefundState.SENDING, "the gateway shows it as refunded")
    if doubt := _doubt(status, was_in_flight=was_in_flight, is_whole=receipt.amount == refund.amount):
        return _leave_to_staff(refund, doubt)
    return _send(refund, provider, RefundRequest(number, refund.amount, refund.currency, refund.trade_no))


def _doubt(status: TradeStatus, *, was_in_flight: bool, is_whole: bool) -> str:
    """Return why nothing may be sent without a person, or nothing."""
    if status is not TradeStatus.PAID:
        return f"the gateway shows the payment as {status.value}"
    if was_in_flight and not is_whole:
        return "an attempt had no answer, and the gateway does not tell parts of a payment"
    return ""


def _send(refund: Refund, provider: Provider, request: RefundRequest) -> RefundState:
    try:
        provider.refund(request)
    except OutcomeUnknown as error:
        # Whole payments are looked up and tried again: the gateway cannot give back more than it got.
        return _try_later(refund, error, sent=True)
    except ProviderError as error:
        return _leave_to_staff(refund, in_words(error))
    return _finish(refund, RefundState.SENDING)


@contextmanager
def _alone_with(refund_id: UUID) -> Iterator[bool]:
    """Hold the refund's lock, which ends with this process however it ends; false when another process has it."""
    key = [_LOCK_SPACE, int.from_bytes(refund_id.bytes[-4:], "big", signed=True)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (alone,) = cursor.fetchone() or (False,)
    try:
        yield bool(alone)
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _move(refund: Refund, source: RefundState, target: RefundState, **fields: object) -> None:
    moved = Refund.objects.filter(id=refund.id, state=source.value).update(state=target.value, **fields)
    if moved != 1:
        raise IllegalMove(f"refund {refund.id}: {source} → {target}")


def _try_later(refund: Refund, error: ProviderError, *, sent: bool) -> RefundState:
    """Note a failed attempt and have the job tried again, or leave it to staff when that was the last one."""
    if refund.attempts + 1 >= MAX_ATTEMPTS:
        return _leave_to_staff(refund, in_words(error))
    # Nothing can have reached the gateway unless it was sent: then it is due as before.
    target = RefundState.SENDING if sent else RefundState.DUE
    _move(refund, RefundState.SENDING, target, attempts=F("attempts") + 1, problem=in_words(error))
    raise ProviderError(in_words(error), permanent=False) from None


def _leave_to_staff(refund: Refund, why: str) -> RefundState:
    _move(refund, RefundState.SENDING, RefundState.NEEDS_STAFF, attempts=F("attempts") + 1, problem=why[:300])
    log.error("refund.needs_staff", extra={"refund": ids.show("ref", refund.id), "why": why})
    return RefundState.NEEDS_STAFF


def _finish(refund: Refund, source: RefundState, note: str = "") -> RefundState:
    """Mark it done and enter it into the books in the same transaction; the mail follows from the event."""
    with transaction.atomic():
        _move(refund, source, RefundState.DONE, done_at=timezone.now(), problem=note, attempts=F("attempts") + 1)
        run(_enter(refund))
    log.info("refund.done", extra={"refund": ids.show("ref", refund.id)})
    return RefundState.DONE


def _enter(refund: Refund) -> Flow[None]:
    accounts = plain_array([int(Account.REFUND_IN_TRANSIT), int(Account.CLEARING)])
    amounts = plain_array([refund.amount, -refund.amount])
    kind = int(JournalKind.REFUND_SENT)
    yield Query(
        ledger_sql.POST,
        (new_uuid(), kind, refund.order_id, refund.channel_id, refund.currency, accounts, amounts),
    )
    yield Query(outbox_sql.APPEND, (REFUND_DONE, plain_array([refund.id])))


def mark_done_by_hand(refund_id: UUID, *, by: AbstractBaseUser, note: str) -> None:
    """Record that staff sent the money another way.

    Raises:
        RefundMoved: if the refund does not wait for staff any more.
    """
    with transaction.atomic():
        refund = _locked(refund_id)
        _finish(refund, RefundState.NEEDS_STAFF, note)
        record(by, "refund.mark_done", ids.show("ref", refund_id), amount=refund.amount, note=note)


def send_again(refund_id: UUID, *, by: AbstractBaseUser) -> None:
    """Have a refund sent again, because staff looked at the gateway and it is not there.

    Raises:
        RefundMoved: if the refund does not wait for staff any more.
    """
    with transaction.atomic():
        refund = _locked(refund_id)
        _move(refund, RefundState.NEEDS_STAFF, RefundState.SENDING, attempts=0)
        run(defer(EXECUTE_REFUND, [{"subject": refund.id, "sure": True}]))
        record(by, "refund.send_again", ids.show("ref", refund_id), amount=refund.amount)


def _locked(refund_id: UUID) -> Refund:
    refund = Refund.objects.select_for_update().get(id=refund_id)
    if refund.state != RefundState.NEEDS_STAFF:
        raise RefundMoved
    return refund
