"""Transfers by hand: one person records what came into the bank account, another confirms, and the order is settled."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.payments.models import BankLine, Channel, Payment
from xinka.payments.states import BankLineState
from xinka.platform.audit.actions import record

log = logging.getLogger(__name__)

#: The kind of channel that is paid by hand.
MANUAL = "manual"
_REFERENCE = 10


class LineKnown(Refusal):
    """A transfer of this number has been recorded for this channel."""

    code = "bank_line_known"
    status = HTTPStatus.CONFLICT
    zh = "这个银行流水号已经登记过。"
    en = "A transfer with this number was recorded before."


class LineDecided(Refusal):
    """Somebody else was quicker."""

    code = "bank_line_decided"
    status = HTTPStatus.CONFLICT
    zh = "这笔转账已经有人处理过。"
    en = "Somebody has decided about this transfer already."


class SameEyes(Refusal):
    """Whoever recorded a transfer does not confirm it."""

    code = "same_eyes"
    status = HTTPStatus.FORBIDDEN
    zh = "登记的人不能自己确认，请另一位同事核对。"
    en = "You recorded this transfer, so somebody else has to confirm it."


@dataclass(frozen=True, slots=True)
class Seen:
    """A transfer as it stands in the bank account."""

    channel: Channel
    bank_no: str
    amount: int
    reference: str = ""


def reference_of(payment: Payment) -> str:
    """Return what the buyer writes into the transfer: the end of our number, in capitals."""
    return ids.show("pay", payment.id)[-_REFERENCE:].upper()


def payment_named(channel: Channel, reference: str) -> Payment | None:
    """Return the attempt of a channel with this reference; newer ones first, since references may wear out."""
    wanted = "".join(reference.split()).upper()
    if not wanted:
        return None
    found = Payment.objects.filter(channel=channel).order_by("-created_at")[:5_000]
    return next((payment for payment in found.iterator() if reference_of(payment) == wanted), None)


def record_line(seen: Seen, *, by: User) -> BankLine:
    """Write down a transfer; nothing is settled yet.

    Raises:
        LineKnown: if its number was recorded before.
    """
    payment = payment_named(seen.channel, seen.reference)
    try:
        with transaction.atomic():
            line = BankLine.objects.create(
                channel=seen.channel,
                bank_no=seen.bank_no,
                reference=seen.reference,
                payment_id=payment.id if payment else None,
                amount=seen.amount,
                currency=seen.channel.currency,
                state=BankLineState.RECORDED,
                recorded_by=by,
                recorded_at=timezone.now(),
            )
            record(
                by,
                "transfer.record",
                f"line {line.id}",
                amount=seen.amount,
                currency=line.currency,
                number=seen.bank_no,
            )
    except IntegrityError:
        raise LineKnown from None
    return line


def confirm_line(line_id: int, *, by: User) -> Settlement:
    """Confirm a transfer: the money is settled like any other, also when it is late, too much, too little or unknown.

    Raises:
        LineDecided: if it was confirmed or discarded before.
        SameEyes: if ``by`` recorded it.
    """
    with transaction.atomic():
        line = _decide(line_id, BankLineState.CONFIRMED, by)
        money = VerifiedMoney(line.channel_id, line.payment_id, line.bank_no, line.amount, line.currency)
        settlement = settle_now(money)
        record(
            by,
            "transfer.confirm",
            f"line {line.id}",
            amount=line.amount,
            currency=line.currency,
            outcome=settlement.outcome.value,
        )
    log.info("transfer.confirmed", extra={"line": line.id, "outcome": settlement.outcome.value})
    return settlement


def discard_line(line_id: int, *, by: User) -> None:
    """Discard a transfer that was recorded by mistake; its number can be recorded again.

    Raises:
        LineDecided: if it was confirmed or discarded before.
    """
    with transaction.atomic():
        line = _decide(line_id, BankLineState.DISCARDED, by)
        record(by, "transfer.discard", f"line {line.id}", amount=line.amount, currency=line.currency)


def _decide(line_id: int, to: BankLineState, by: User) -> BankLine:
    line = BankLine.objects.select_for_update().filter(id=line_id, state=BankLineState.RECORDED).first()
    if line is None:
        raise LineDecided
    if to is BankLineState.CONFIRMED and line.recorded_by_id == by.pk:
        raise SameEyes
    line.state, line.decided_by, line.decided_at = to.value, by, timezone.now()
    line.save(update_fields=["state", "decided_by", "decided_at"])
    return line
