"""Money that came for no order of ours goes back: by its gateway where that can, else by a person."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.accounts.models import User
from xinka.flows.reconciling.suspense import NotInSuspense, lock_suspense
from xinka.flows.reconciling.suspense import key_of as suspense_key
from xinka.flows.settle import REFUND_DUE
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query
from xinka.kernel.money import plain_amount
from xinka.ledger import models as books
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.payments.channels import provider_of
from xinka.payments.errors import BankWantsIt, NotUnmatched
from xinka.payments.models import Channel, ProviderEvent, Receipt, Refund
from xinka.payments.providers.protocol import Can, NoticeAbout
from xinka.payments.states import ReceiptOutcome, RefundReason, RefundState
from xinka.platform.audit.actions import record
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.platform.outbox import sql as outbox_sql
from xinka.platform.vault.envelope import EnvelopeError

log = logging.getLogger(__name__)


def refund_key(receipt: Receipt) -> str:
    """Return what the refund of such money is filed under, so that it is taken up once."""
    return f"unmatched/{receipt.channel_id}/{receipt.trade_no}"


def take_up(channel_id: int, trade_no: str, *, by: User) -> Refund:
    """Have money that belongs to no order go back, and return its refund; taken up before, nothing changes.

    The gateway is asked if it gives back by its own number alone; of a payment of ours it knows nothing here. Otherwise
    the refund waits for a person, who sends the money and says so.

    Raises:
        NotUnmatched: if there is no such money.
        NotInSuspense: if the books were told already what became of it.
        BankWantsIt: if a bank takes it back.
    """
    with transaction.atomic():
        found = Receipt.objects.select_for_update().filter(channel_id=channel_id, trade_no=trade_no)
        receipt = found.filter(outcome=ReceiptOutcome.UNMATCHED).first()
        if receipt is None:
            raise NotUnmatched
        known = Refund.objects.filter(key=refund_key(receipt)).first()
        if known is not None:
            return known
        refuse_if_cleared(receipt)
        return _promise(receipt, by)


def refuse_if_cleared(receipt: Receipt) -> None:
    """Hold the lock of the channel's suspense and see that this money still waits there, and that no bank wants it.

    Raises:
        BankWantsIt: if the gateway told of a dispute about it that is not decided for us.
        NotInSuspense: if the books were told already what became of it.
    """
    left = lock_suspense(receipt.channel_id, receipt.currency).strange
    if books.Journal.objects.filter(key=suspense_key(receipt.channel_id, receipt.trade_no)).exists():
        left = 0
    if left < receipt.amount:
        raise NotInSuspense(left=f"{plain_amount(left, receipt.currency)} {receipt.currency}")
    disputes = ProviderEvent.objects.filter(about=NoticeAbout.DISPUTE.value, handled_at=None)
    if dispute := disputes.filter(channel_id=receipt.channel_id, trade_no=receipt.trade_no).first():
        raise BankWantsIt(number=dispute.subject_no)


def _promise(receipt: Receipt, by: User) -> Refund:
    """Write the refund down and enter that the money is on its way back; the caller has locked the receipt."""
    by_gateway = _is_sent_by_gateway(receipt)
    refund = Refund.objects.create(
        id=ids.new_uuid(),
        channel_id=receipt.channel_id,
        trade_no=receipt.trade_no,
        amount=receipt.amount,
        currency=receipt.currency,
        reason=RefundReason.STAFF,
        key=refund_key(receipt),
        state=RefundState.DUE if by_gateway else RefundState.NEEDS_STAFF,
        problem="" if by_gateway else _("the receipt names no payment"),
        created_at=timezone.now(),
    )
    legs = (Leg(Account.SUSPENSE, receipt.amount), Leg(Account.REFUND_IN_TRANSIT, -receipt.amount))
    journal = Journal(
        *(JournalKind.REFUND_DECIDED, f"refund/{refund.id}/unmatched", receipt.currency, legs),
        channel_id=receipt.channel_id,
        by_id=by.pk,
    )
    run(post([journal]))
    if by_gateway:
        run(_ask_to_send(refund))
    shown = ids.show("ref", refund.id)
    record(by, "refund.take_up", shown, amount=refund.amount, currency=refund.currency)
    log.info("refund.taken_up", extra={"refund": shown})
    return refund


def _is_sent_by_gateway(receipt: Receipt) -> bool:
    channel = Channel.objects.filter(id=receipt.channel_id).first()
    try:
        return channel is not None and Can.REFUND_STRAY in provider_of(channel).can
    except (Refusal, EnvelopeError):  # its settings cannot be read: a person sends it
        return False


def _ask_to_send(refund: Refund) -> Flow[None]:
    yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array([refund.id])))
