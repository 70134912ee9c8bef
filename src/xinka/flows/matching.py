"""Money that belongs to no order meets the order that people find for it, or goes back: one proposes, another agrees.

Agreeing takes the receipt over by one conditional update and books the money out of suspense. From there the order goes
the way of any order: ``flows.settle`` delivers, waits for the rest, or gives back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.disputes.deciding import is_buyer_of
from xinka.flows.refunds.unmatched import refund_key, refuse_if_cleared, take_up
from xinka.flows.settle import MatchedMoney, settle_matched
from xinka.kernel import ids
from xinka.merchants.models import Membership
from xinka.orders.contacts import is_forgotten
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OPEN, OrderState
from xinka.payments.errors import (
    BuyerForgotten,
    NotUnmatched,
    OrderTakesNone,
    OtherCurrency,
    PartInMoney,
    ProposalDecided,
    ProposalKeyTaken,
    ProposalSameEyes,
    ProposalWaits,
)
from xinka.payments.models import Receipt, Refund, SuspenseProposal
from xinka.payments.states import ProposalState, ReceiptOutcome
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody proposes for money in suspense, and why: an order it belongs to or, without one, that it goes back.

    ``key`` makes a form that is sent twice one proposal.
    """

    channel_id: int
    trade_no: str
    order_id: UUID | None
    reason: str
    key: UUID


def propose(wanted: Wanted, *, by: User) -> SuspenseProposal:
    """Write down what somebody proposes; no money moves before another person agrees.

    Raises:
        NotUnmatched, NotInSuspense: if there is no such money, or not any more.
        BankWantsIt: if a bank takes it back.
        ProposalWaits: if something else is proposed for it.
        ProposalKeyTaken: if the key was used for something else.
        OrderNotFound, PartInMoney, BuyerForgotten, OtherCurrency, OrderTakesNone: if the order cannot have it.
    """
    known = SuspenseProposal.objects.filter(id=wanted.key).first()
    if known is not None:
        return _the_same(known, wanted)
    try:
        with transaction.atomic():
            order = _locked_order(wanted.order_id)
            receipt = _locked_receipt(wanted.channel_id, wanted.trade_no)
            # Once more under the lock: the same form may have come twice in one moment.
            known = SuspenseProposal.objects.filter(id=wanted.key).first()
            if known is not None:
                return _the_same(known, wanted)
            if order is not None:
                check(order, receipt.currency, by=by)
            proposed = SuspenseProposal.objects.create(
                id=wanted.key,
                channel_id=receipt.channel_id,
                trade_no=receipt.trade_no,
                journal_id=receipt.journal_id,
                order_id=wanted.order_id,
                amount=receipt.amount,
                currency=receipt.currency,
                reason=wanted.reason,
                state=ProposalState.ASKED,
                asked_by=by,
                asked_at=timezone.now(),
            )
            record(
                by,
                "suspense.propose_match" if order else "suspense.propose_return",
                subject_of(proposed),
                **_facts(proposed),
                reason=proposed.reason,
            )
    except IntegrityError:
        raise ProposalWaits from None
    return proposed


def decide(proposal_id: UUID, *, grant: bool, by: User) -> SuspenseProposal:
    """Agree to what somebody else proposed, which then happens in the same transaction, or refuse it.

    Who proposed it may take it back.

    Raises:
        ProposalDecided: if it does not wait any more.
        ProposalSameEyes: if who proposed it would agree.
        NotUnmatched, NotInSuspense, BankWantsIt: if the money is not there any more, or a bank takes it back.
        OrderNotFound, PartInMoney, BuyerForgotten, OtherCurrency, OrderTakesNone: as above, as things are now.
    """
    with transaction.atomic():
        asked = SuspenseProposal.objects.filter(id=proposal_id).first()
        if asked is None:
            raise ProposalDecided
        # First the order, as every flow does; a proposal's order never changes.
        order = _locked_order(asked.order_id) if grant else None
        asked = SuspenseProposal.objects.select_for_update().get(id=proposal_id)
        if asked.state != ProposalState.ASKED:
            raise ProposalDecided
        if not grant:
            _move(asked, ProposalState.REFUSED, by)
            record(by, "suspense.refuse", subject_of(asked), **_facts(asked), asked_by=asked.asked_by_id)
            return asked
        if asked.asked_by_id == by.pk:
            raise ProposalSameEyes
        if order is None:
            _send_back(asked, by)
        else:
            check(order, asked.currency, by=by)
            _match(asked, order, by)
    return asked


def check(order: Order, currency: str, *, by: User) -> None:
    """See to it that this person may put money of a currency to this order now.

    Raises:
        PartInMoney, BuyerForgotten, OtherCurrency, OrderTakesNone: the first thing that stands against it.
    """
    if Membership.objects.filter(merchant_id=order.merchant_id, user=by).exists() or is_buyer_of(order.id, by):
        raise PartInMoney
    if order.currency != currency:
        raise OtherCurrency(came=currency, asked=order.currency)
    if OrderState(order.state) not in OPEN | CLOSED_UNPAID:
        raise OrderTakesNone
    if is_forgotten(order):
        raise BuyerForgotten


def missing_of(order: Order) -> int:
    """Return what an order still waits for, in minor units: its price less what came short for it before."""
    held = Receipt.objects.filter(order_id=order.id, outcome=ReceiptOutcome.SHORT).values_list("amount", flat=True)
    return order.amount - sum(held)


def subject_of(proposal: SuspenseProposal) -> str:
    """Return what the audit files a proposal under: the order it is about or, without one, the money itself."""
    return ids.show("ord", proposal.order_id) if proposal.order_id else ids.show("jrn", proposal.journal_id)


def _the_same(known: SuspenseProposal, wanted: Wanted) -> SuspenseProposal:
    facts = (known.channel_id, known.trade_no, known.order_id, known.reason)
    if facts != (wanted.channel_id, wanted.trade_no, wanted.order_id, wanted.reason):
        raise ProposalKeyTaken
    return known


def _locked_order(order_id: UUID | None) -> Order | None:
    if order_id is None:
        return None
    order = Order.objects.select_for_update().filter(id=order_id).first()
    if order is None:
        raise OrderNotFound
    return order


def _locked_receipt(channel_id: int, trade_no: str) -> Receipt:
    """Lock money that belongs to no order, that nobody sends back, and that is still in suspense."""
    found = Receipt.objects.select_for_update().filter(channel_id=channel_id, trade_no=trade_no)
    receipt = found.filter(outcome=ReceiptOutcome.UNMATCHED).first()
    if receipt is None or Refund.objects.filter(key=refund_key(receipt)).exists():
        raise NotUnmatched
    refuse_if_cleared(receipt)
    return receipt


def _match(asked: SuspenseProposal, order: Order, by: User) -> None:
    receipt = _locked_receipt(asked.channel_id, asked.trade_no)
    money = MatchedMoney(
        receipt.channel_id,
        None,
        receipt.trade_no,
        asked.amount,
        asked.currency,
        match_id=asked.id,
        by_id=by.pk,
    )
    settlement = run(settle_matched(money, order.id))
    _move(asked, ProposalState.DONE, by, outcome=settlement.outcome.value)
    facts = _facts(asked) | {"outcome": asked.outcome, "asked_by": asked.asked_by_id}
    record(by, "suspense.match", subject_of(asked), **facts, reason=asked.reason)
    shown = {"order": ids.show("ord", order.id), "amount": asked.amount, "outcome": asked.outcome}
    log.info("suspense.matched", extra=shown)


def _send_back(asked: SuspenseProposal, by: User) -> None:
    refund = take_up(asked.channel_id, asked.trade_no, by=by)
    _move(asked, ProposalState.DONE, by, refund_id=refund.id)


def _facts(proposal: SuspenseProposal) -> dict[str, str | int]:
    return {
        "amount": proposal.amount,
        "currency": proposal.currency,
        "channel": proposal.channel.slug,
        "number": proposal.trade_no,
    }


def _move(asked: SuspenseProposal, target: ProposalState, by: User, **more: object) -> None:
    """Decide it, if it still waits."""
    fields = {"state": target.value, "decided_by_id": by.pk, "decided_at": timezone.now()} | more
    if SuspenseProposal.objects.filter(id=asked.id, state=ProposalState.ASKED).update(**fields) != 1:
        raise ProposalDecided
    for name, value in fields.items():
        setattr(asked, name, value)
