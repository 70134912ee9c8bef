"""Staff gives an order's money back though no buyer asked: with a reason, and above a limit by two people.

A case of the buyer's, or of a bank, goes before it: there both sides are heard. What one order was given back in this
way is added up, so that several small refunds are no way around the second person.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from xinka.accounts.models import User
from xinka.escrow.errors import KeyTaken, PartInOrder, RefundDecided, SecondPersonNeeded, TooMuchBack
from xinka.escrow.models import StaffRefund
from xinka.escrow.states import StaffRefundState
from xinka.flows import escrow
from xinka.flows.disputes.deciding import is_buyer_of
from xinka.flows.disputes.money import left_of, undisputed_hold_of
from xinka.flows.refunds.mailing import MAIL_STAFF_REFUND
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.merchants.models import Membership
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.payments.states import RefundReason
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody of staff wants to give back, and why; ``key`` makes a form that is sent twice one refund."""

    order_id: UUID
    amount: int
    reason: str
    key: UUID


def ask(wanted: Wanted, *, by: User) -> StaffRefund:
    """Give money of an order back at once or, from the limit on, ask a second person to agree.

    Raises:
        OrderNotFound, PartInOrder, CaseIsOpen, BankDecides.
        KeyTaken: if the key was used for another refund.
        TooMuchBack: if there is not so much left.
        NoHold, HoldMoved, NotYourMove: see :func:`xinka.flows.escrow.give_back`.
    """
    with transaction.atomic():
        order = _locked_order(wanted.order_id)
        known = StaffRefund.objects.filter(id=wanted.key).first()
        if known is not None:
            return _the_same(known, wanted)
        _check(order, wanted.amount, by)
        asked = StaffRefund.objects.create(
            id=wanted.key,
            order_id=order.id,
            merchant_id=order.merchant_id,
            amount=wanted.amount,
            currency=order.currency,
            reason=wanted.reason,
            needs_two=needs_two(order.id, wanted.amount, order.currency),
            state=StaffRefundState.ASKED,
            asked_by_id=by.pk,
            asked_at=timezone.now(),
        )
        record(
            by,
            "refund.ask",
            ids.show("ord", order.id),
            amount=asked.amount,
            currency=asked.currency,
            reason=asked.reason,
        )
        if not asked.needs_two:
            _carry_out(asked, by=by)
    return asked


def _the_same(known: StaffRefund, wanted: Wanted) -> StaffRefund:
    if (known.order_id, known.amount, known.reason) != (wanted.order_id, wanted.amount, wanted.reason):
        raise KeyTaken
    return known


def needs_two(order_id: UUID, amount: int, currency: str) -> bool:
    """Whether a second person has to agree to ``amount`` (minor units), with what was given back so before."""
    done = StaffRefund.objects.filter(order_id=order_id).exclude(state=StaffRefundState.REFUSED)
    before = done.aggregate(sum=Sum("amount"))["sum"] or 0
    limit: int = settings.REFUND_FOUR_EYES_FROM.of(currency)
    return before + amount >= limit


def decide(refund_id: UUID, *, grant: bool, by: User) -> StaffRefund:
    """Agree to what somebody else asked for, which then happens in the same transaction, or refuse it.

    Who asked may take it back.

    Raises:
        RefundDecided: if it does not wait any more.
        SecondPersonNeeded: if who asked would agree.
        PartInOrder, CaseIsOpen, BankDecides, TooMuchBack, NoHold, HoldMoved: as above, as things are now.
    """
    with transaction.atomic():
        asked = StaffRefund.objects.filter(id=refund_id).first()
        if asked is None:
            raise RefundDecided
        order = _locked_order(asked.order_id)
        asked = StaffRefund.objects.select_for_update().get(id=refund_id)
        if asked.state != StaffRefundState.ASKED:
            raise RefundDecided
        if not grant:
            _move(asked, StaffRefundState.REFUSED, by)
            record(
                by,
                "refund.refuse",
                ids.show("ord", order.id),
                amount=asked.amount,
                currency=asked.currency,
                asked_by=asked.asked_by_id,
            )
            return asked
        if asked.asked_by_id == by.pk:
            raise SecondPersonNeeded
        _check(order, asked.amount, by)
        _carry_out(asked, by=by)
    return asked


def _locked_order(order_id: UUID) -> Order:
    order = Order.objects.select_for_update(no_key=True).filter(id=order_id).first()
    if order is None:
        raise OrderNotFound
    return order


def _check(order: Order, amount: int, by: User) -> None:
    """See to it that this person may give so much of this order back now."""
    if Membership.objects.filter(merchant_id=order.merchant_id, user=by).exists() or is_buyer_of(order.id, by):
        raise PartInOrder
    left = left_of(undisputed_hold_of(order.id, amount))
    if not 0 < amount <= left:
        raise TooMuchBack(left=left)


def _carry_out(asked: StaffRefund, *, by: User) -> None:
    actor, key = Actor(Role.ARBITER, by.pk), f"staff:{asked.id}"
    run(escrow.give_back(asked.order_id, asked.amount, reason=RefundReason.STAFF, key=key, by=actor))
    _move(asked, StaffRefundState.DONE, by)
    run(defer(MAIL_STAFF_REFUND, [{"subject": asked.id}]))
    shown = ids.show("ord", asked.order_id)
    record(
        by,
        "refund.by_staff",
        shown,
        amount=asked.amount,
        currency=asked.currency,
        reason=asked.reason,
        asked_by=asked.asked_by_id,
    )
    log.info("refund.by_staff", extra={"order": shown, "amount": asked.amount})


def _move(asked: StaffRefund, target: StaffRefundState, by: User) -> None:
    """Decide it, if it still waits."""
    now = timezone.now()
    waiting = StaffRefund.objects.filter(id=asked.id, state=StaffRefundState.ASKED)
    if waiting.update(state=target.value, decided_by_id=by.pk, decided_at=now) != 1:
        raise RefundDecided
    asked.state, asked.decided_by_id, asked.decided_at = target.value, by.pk, now
