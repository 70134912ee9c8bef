"""Money that came for no order of ours goes back by hand: once taken up it is a refund that waits for a person."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.accounts.models import User
from xinka.flows.reconciling.suspense import NotInSuspense, lock_suspense
from xinka.flows.reconciling.suspense import key_of as suspense_key
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.ledger import models as books
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.payments.errors import NotUnmatched
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import ReceiptOutcome, RefundReason, RefundState
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run

log = logging.getLogger(__name__)


def refund_key(receipt: Receipt) -> str:
    """Return what the refund of such money is filed under, so that it is taken up once."""
    return f"unmatched/{receipt.channel_id}/{receipt.trade_no}"


def take_up(channel_id: int, trade_no: str, *, by: User) -> Refund:
    """Have money that belongs to no order go back, and return its refund; taken up before, nothing changes.

    No gateway is asked: it knows of no payment of ours that this money was for. A person sends it and says so.

    Raises:
        NotUnmatched: if there is no such money.
        NotInSuspense: if the books were told already what became of it.
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
    """Hold the lock of the channel's suspense and see that this money still waits there.

    Raises:
        NotInSuspense: if the books were told already what became of it.
    """
    left = lock_suspense(receipt.channel_id, receipt.currency).strange
    if books.Journal.objects.filter(key=suspense_key(receipt.channel_id, receipt.trade_no)).exists():
        left = 0
    if left < receipt.amount:
        raise NotInSuspense(left=f"{plain_amount(left, receipt.currency)} {receipt.currency}")


def _promise(receipt: Receipt, by: User) -> Refund:
    """Write the refund down and enter that the money is on its way back; the caller has locked the receipt."""
    refund = Refund.objects.create(
        id=ids.new_uuid(),
        channel_id=receipt.channel_id,
        trade_no=receipt.trade_no,
        amount=receipt.amount,
        currency=receipt.currency,
        reason=RefundReason.STAFF,
        key=refund_key(receipt),
        state=RefundState.NEEDS_STAFF,
        problem=_("the receipt names no payment"),
        created_at=timezone.now(),
    )
    legs = (Leg(Account.SUSPENSE, receipt.amount), Leg(Account.REFUND_IN_TRANSIT, -receipt.amount))
    journal = Journal(
        *(JournalKind.REFUND_DECIDED, f"refund/{refund.id}/unmatched", receipt.currency, legs),
        channel_id=receipt.channel_id,
        by_id=by.pk,
    )
    run(post([journal]))
    shown = ids.show("ref", refund.id)
    record(by, "refund.take_up", shown, amount=refund.amount, currency=refund.currency)
    log.info("refund.taken_up", extra={"refund": shown})
    return refund
