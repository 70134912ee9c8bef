"""Has a licensed provider do what an order's money needs: share it out, take it back, let the rest go. Never twice.

A provider may answer late, twice or never. Each split has one number, so asking it again is the same split; one that
may have been sent is looked up first, and what fails for good is left to a person.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.escrow.errors import HoldMoved
from xinka.escrow.models import Hold, Receiver, Split
from xinka.escrow.states import SPLIT_MOVES, HoldState, SplitAction, SplitEvent, SplitState, Timer
from xinka.flows.alone import alone_with
from xinka.flows.escrow.releasing import shared
from xinka.flows.escrow.splits import EXECUTE_SPLIT
from xinka.flows.hindrances import kept_of
from xinka.flows.settle import REFUND_DUE
from xinka.kernel import ids
from xinka.kernel.errors import IllegalMove, ProviderError, Refusal
from xinka.kernel.flow import Flow, Query
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel, Receipt, Refund
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Can
from xinka.payments.providers.splitting import ProviderSplit, SplitRequest, SplitResult, SplitStatus
from xinka.payments.states import RefundState
from xinka.platform.audit.actions import record
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import MAX_ATTEMPTS, in_words
from xinka.platform.outbox import sql as outbox_sql

log = logging.getLogger(__name__)

#: The first half of the advisory lock's key; the second is taken from the split's number.
_LOCK_SPACE = 0x53504C54


def execute_split(split_id: UUID) -> SplitState:
    """Carry out one split and return its state.

    Raises:
        ProviderError: if it must be tried again later.
    """
    with alone_with(_LOCK_SPACE, split_id) as alone:
        split = Split.objects.get(id=split_id)
        state = SplitState(split.state)
        if not alone or state not in {SplitState.DUE, SplitState.SENDING}:
            return state
        if state is SplitState.DUE and not _begin(split):
            return SplitState.DROPPED
        try:
            provider = provider_of(Channel.objects.get(id=split.channel_id))
        except Refusal as refusal:
            return _leave_to_staff(split, kept_of(refusal))
        if Can.SPLIT not in provider.can or not isinstance(provider, ProviderSplit):
            return _leave_to_staff(split, _("this channel cannot share money out"))
        if split.action == SplitAction.SHARE and not split.receiver:
            return _leave_to_staff(split, _("the merchant has no account at this provider on record"))
        return _ask_and_send(split, provider, was_in_flight=state is SplitState.SENDING)


def _begin(split: Split) -> bool:
    """Mark it as sent before it is; false when the hold has taken it back meanwhile."""
    begun = SPLIT_MOVES[SplitState.DUE, SplitEvent.BEGIN].target
    return bool(Split.objects.filter(id=split.id, state=SplitState.DUE).update(state=begun))


def _ask_and_send(split: Split, provider: ProviderSplit, *, was_in_flight: bool) -> SplitState:
    request = _request(split)
    try:
        result = provider.split_query(request) if was_in_flight else SplitResult(SplitStatus.NOT_FOUND)
        if result.status is SplitStatus.NOT_FOUND:
            calls = {
                SplitAction.SHARE: provider.share,
                SplitAction.RETURN: provider.split_return,
                SplitAction.UNFREEZE: provider.unfreeze,
            }
            result = calls[SplitAction(split.action)](request)
    except OutcomeUnknown as error:
        return _try_later(split, error)
    except ProviderError as error:
        return _leave_to_staff(split, in_words(error)) if error.permanent else _try_later(split, error)
    if result.status is SplitStatus.FAILED:
        return _leave_to_staff(split, result.reason or _("the provider says that it failed"))
    if result.status is not SplitStatus.DONE:
        return _try_later(split, ProviderError(_("the gateway says") + f": {result.status.value}"))
    if split.amount and result.amount_minor not in {0, split.amount}:
        return _leave_to_staff(split, _("the provider moved another amount") + f": {result.amount_minor}")
    return _finish(split, SplitState.SENDING, gateway_no=result.gateway_no)


def _request(split: Split) -> SplitRequest:
    receipt = Receipt.objects.get(channel_id=split.channel_id, trade_no=split.trade_no)
    known = Receiver.objects.filter(account=split.receiver, channel_id=split.channel_id).first()
    return SplitRequest(
        out_trade_no=ids.show("pay", receipt.payment_id) if receipt.payment_id else "",
        trade_no=split.trade_no,
        split_no=ids.show("spl", split.id),
        amount_minor=split.amount,
        currency=split.currency,
        receiver=split.receiver,
        receiver_name=known.name if known else "",
        receiver_kind=known.kind if known else "",
        origin_no=ids.show("spl", split.origin_id) if split.origin_id else "",
        note=ids.show("ord", split.order_id),
    )


def _move(split: Split, source: SplitState, event: SplitEvent, **fields: object) -> None:
    target = SPLIT_MOVES[source, event].target
    moved = Split.objects.filter(id=split.id, state=source.value).update(state=target.value, **fields)
    if moved != 1:
        raise IllegalMove(f"split {split.id}: {source} → {target}")


def _try_later(split: Split, error: ProviderError) -> SplitState:
    """Have the job tried again, or leave it to staff when that was the last try; it may be on its way."""
    if split.attempts + 1 >= MAX_ATTEMPTS:
        return _leave_to_staff(split, in_words(error))
    _move(split, SplitState.SENDING, SplitEvent.RETRY, attempts=F("attempts") + 1, problem=in_words(error))
    raise ProviderError(in_words(error), permanent=False) from None


def _leave_to_staff(split: Split, why: str) -> SplitState:
    _move(split, SplitState.SENDING, SplitEvent.LEAVE, attempts=F("attempts") + 1, problem=why[:300])
    log.error("split.needs_staff", extra={"split": ids.show("spl", split.id), "why": why})
    return SplitState.NEEDS_STAFF


def _finish(split: Split, source: SplitState, note: str = "", gateway_no: str = "") -> SplitState:
    """Mark it done, and let what waited for it go on, in the same transaction."""
    event = SplitEvent.FINISH if source is SplitState.SENDING else SplitEvent.MARK_DONE
    with transaction.atomic():
        Hold.objects.select_for_update().get(order_id=split.order_id)
        _move(split, source, event, done_at=timezone.now(), problem=note, gateway_no=gateway_no)
        if split.action == SplitAction.SHARE:
            run(shared(split.order_id))
        if split.action == SplitAction.RETURN:
            run(_send_refunds_of(split.order_id))
    log.info("split.done", extra={"split": ids.show("spl", split.id), "action": split.action})
    return SplitState.DONE


def _send_refunds_of(order_id: UUID) -> Flow[None]:
    """Wake the refunds that waited for money to come back from the seller."""
    waiting = Refund.objects.filter(order_id=order_id, state=RefundState.DUE).values_list("id", flat=True)
    yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array(waiting)))


def mark_split_done(split_id: UUID, *, by: AbstractBaseUser, note: str) -> None:
    """Record that staff saw it done at the provider, or did it there by hand.

    Raises:
        HoldMoved: if it does not wait for staff any more.
    """
    with transaction.atomic():
        split = _locked(split_id)
        _finish(split, SplitState.NEEDS_STAFF, note)
        record(
            by, "split.mark_done", ids.show("spl", split_id), amount=split.amount, currency=split.currency, note=note
        )


def try_split_again(split_id: UUID, *, by: AbstractBaseUser) -> None:
    """Have it tried again, because staff mended what was missing; the provider is asked about it first.

    Raises:
        HoldMoved: if it does not wait for staff any more.
    """
    with transaction.atomic():
        split = _locked(split_id)
        receiver = _receiver_of(split)
        _move(split, SplitState.NEEDS_STAFF, SplitEvent.TRY_AGAIN, attempts=0, receiver=receiver)
        run(defer(EXECUTE_SPLIT, [{"split_id": split.id}]))
        record(by, "split.try_again", ids.show("spl", split_id), amount=split.amount, currency=split.currency)


def _receiver_of(split: Split) -> str:
    merchant_id = Hold.objects.values_list("merchant_id", flat=True).get(order_id=split.order_id)
    known = Receiver.objects.filter(merchant_id=merchant_id, channel_id=split.channel_id).first()
    return known.account if known else split.receiver


def _locked(split_id: UUID) -> Split:
    split = Split.objects.select_for_update().get(id=split_id)
    if split.state != SplitState.NEEDS_STAFF:
        raise HoldMoved
    return split


def waits_for_provider(hold: Hold) -> bool:
    """Whether a release was decided and the provider's word is still missing."""
    return hold.state == HoldState.HELD and hold.due_event == Timer.SHARE
