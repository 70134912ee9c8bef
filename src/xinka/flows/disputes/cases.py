"""A case between buyer and seller: opened, talked about, settled between them or handed to an arbiter.

Each verb owns one move and says what else it does. The order of locks is always the case, then the hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from xinka.disputes import terms
from xinka.disputes.actions import begin, move, say
from xinka.disputes.errors import (
    BadAmount,
    BankDecides,
    CaseIsOpen,
    CaseMoved,
    CaseNotFound,
    DecidedBefore,
    NothingOffered,
    NothingToReplace,
    NotYourTurn,
    TooLateToComplain,
    TooManyCases,
)
from xinka.disputes.models import Case, Message
from xinka.disputes.queries import is_at_the_bank
from xinka.disputes.reasons import Reason
from xinka.disputes.states import BEGINS, CaseEvent, CaseKind, CaseState, Offer, Outcome
from xinka.escrow.hold import Hold
from xinka.escrow.models import Hold as HoldRow
from xinka.escrow.states import FINAL
from xinka.flows.disputes import money
from xinka.flows.disputes.mailing import mail_message_later, mail_move_later
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadInput, Refusal
from xinka.kernel.ids import new_uuid
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.states import RefundReason
from xinka.platform.files.actions import Handed, make_harmless
from xinka.platform.look.templatetags.look import amount as in_words

#: Cases one order may have, one after another.
MOST_CASES = 5


@dataclass(frozen=True)
class Complaint:
    """What a buyer says is wrong. ``positions`` are the pieces; none means the whole order.

    ``to_balance`` is where the buyer wants money back that goes back.
    """

    reason: Reason
    text: str
    positions: tuple[int, ...] = ()
    is_question: bool = False
    files: tuple[Handed, ...] = field(default=(), repr=False)
    to_balance: bool = False


def open_case(order: Order, complaint: Complaint, *, by: Actor, now: datetime) -> Case:
    """Open a case: the hold stops in the same transaction, and the seller's time begins.

    Raises:
        CaseIsOpen, TooLateToComplain, DecidedBefore, TooManyCases, BankDecides: if the order cannot have one now.
        BadInput: if a piece is not of this order.
        Refusal: if a file is not taken.
    """
    if by.role is not Role.BUYER:
        raise NotYourTurn
    files = make_harmless(complaint.files)
    with transaction.atomic():
        hold = _hold_to_argue_about(order)
        _refuse_repeated(order.id)
        case = begin(_case_about(order, complaint, hold, now), CaseEvent.OPEN, by)
        say(case, by, complaint.text, files, now=now)
        money.stop_hold(case)
        mail_move_later(case)
    return case


def _hold_to_argue_about(order: Order) -> Hold:
    if order.state != OrderState.DELIVERED:
        raise TooLateToComplain
    hold = money.hold_of(order.id)
    if not money.left_of(hold):
        raise TooLateToComplain
    return hold


def _refuse_repeated(order_id: UUID) -> None:
    if is_at_the_bank(order_id) or money.is_given_back_by_bank(order_id):
        raise BankDecides
    earlier = list(Case.objects.filter(order_id=order_id).exclude(kind=CaseKind.CHARGEBACK))
    if any(case.is_open for case in earlier):
        raise CaseIsOpen
    if any(case.decision for case in earlier):
        raise DecidedBefore
    if len(earlier) >= MOST_CASES:
        raise TooManyCases


def _case_about(order: Order, complaint: Complaint, hold: Hold, now: datetime) -> Case:
    pieces = money.positions_in_use(order.id)
    positions = sorted(set(complaint.positions))
    if not set(positions) <= set(pieces):
        raise BadInput(field="pieces", why_zh="这个订单没有这一件", why_en="this order has no such piece")
    if len(positions) == len(pieces):
        positions = []
    kind = CaseKind.QUESTION if complaint.is_question else _kind_for(hold)
    share = order.amount * len(positions) // order.quantity if positions else order.amount
    return Case(
        id=new_uuid(),
        order_id=order.id,
        merchant_id=order.merchant_id,
        kind=kind,
        reason=complaint.reason,
        positions=positions,
        amount=max(1, min(share, money.left_of(hold))),
        currency=order.currency,
        to_balance=complaint.to_balance,
        state=BEGINS[kind],
        due_at=terms.seller_by(hold.kind, now),
        due_event=CaseEvent.QUESTION_UNANSWERED if complaint.is_question else CaseEvent.SELLER_SILENT,
        opened_at=now,
        moved_at=now,
    )


def _kind_for(hold: Hold) -> CaseKind:
    return CaseKind.DISPUTE if money.is_held(hold) else CaseKind.CLAIM


def locked(case_id: UUID) -> Case:
    """Return a case that nobody else moves until the transaction ends.

    Raises:
        CaseNotFound: if there is none.
    """
    case = Case.objects.select_for_update().filter(id=case_id).first()
    if case is None:
        raise CaseNotFound
    return case


def write(case_id: UUID, text: str, *, by: Actor, now: datetime, files: tuple[Handed, ...] = ()) -> Message:
    """Say something. From whoever's turn it is, it is the answer that passes the turn on.

    Raises:
        CaseMoved: if the case is closed.
        TooManyMessages: if this part has said too much.
    """
    harmless = make_harmless(files)
    with transaction.atomic():
        case = locked(case_id)
        if not case.is_open:
            raise CaseMoved
        if case.state == CaseState.AWAITS_SELLER and by.role is Role.SELLER:
            move(case, CaseEvent.ANSWER, by, now=now, fields=_buyers_turn(case, now))
        elif case.state == CaseState.AWAITS_BUYER and by.role is Role.BUYER:
            move(case, CaseEvent.REPLY, by, now=now, fields=_sellers_turn(case, now))
        else:
            message = say(case, by, text, harmless, now=now)
            mail_message_later(message)
            return message
        message = say(case, by, text, harmless, now=now)
        mail_move_later(case)
    return message


def say_beside(case_id: UUID, text: str, *, by: Actor, now: datetime, files: tuple[Handed, ...] = ()) -> None:
    """Say what was typed beside the button of a move, before it is made: no answer by itself, the move is.

    Raises:
        CaseMoved: if the case is closed.
        TooManyMessages: if this part has said too much.
    """
    if not text and not files:
        return
    harmless = make_harmless(files)
    with transaction.atomic():
        case = locked(case_id)
        if not case.is_open:
            raise CaseMoved
        say(case, by, text, harmless, now=now)


def _buyers_turn(case: Case, now: datetime) -> dict[str, object]:
    return {
        "due_at": terms.buyer_by(now),
        "due_event": CaseEvent.BUYER_SILENT.value,
        "answered_at": case.answered_at or now,
    }


def _sellers_turn(case: Case, now: datetime) -> dict[str, object]:
    silent = CaseEvent.QUESTION_UNANSWERED if case.kind == CaseKind.QUESTION else CaseEvent.SELLER_SILENT
    kind = money.hold_of(case.order_id).kind
    return {"due_at": terms.seller_by(kind, now), "due_event": silent.value}


def offer(case_id: UUID, what: Offer, *, by: Actor, now: datetime, amount: int = 0, text: str = "") -> Case:
    """Offer fresh codes or part of the money; the buyer's time begins. A later offer takes the place of an earlier.

    Raises:
        BadAmount: if a part is not a part.
        NothingToReplace: if the goods are not replaced from stock, or too few are left.
    """
    with transaction.atomic():
        case = locked(case_id)
        if what is Offer.PART and not 0 < amount < case.amount:
            raise BadAmount(most=in_words(case.amount, case.currency))
        if what is Offer.REPLACE and not can_replace(case):
            raise NothingToReplace
        part = amount if what is Offer.PART else 0
        fields = {"offer": what.value, "offer_amount": part, **_buyers_turn(case, now)}
        move(case, CaseEvent.OFFER, by, now=now, fields=fields, details={"offer": what.value, "amount": part})
        if text:
            say(case, by, text, (), now=now)
        mail_move_later(case)
    return case


def can_replace(case: Case) -> bool:
    """Whether enough fresh codes are there now; accepting the offer decides."""
    from xinka.catalog.models import Sku, StockMode  # here, because only the offer asks
    from xinka.stock.queries import unsold_counts

    order = Order.objects.get(id=case.order_id)
    sku = Sku.objects.get(id=order.sku_id)
    wanted = len(case.positions) or order.quantity
    return sku.mode == StockMode.UNIQUE and unsold_counts([sku.id]).get(sku.id, 0) >= wanted


def accept(case_id: UUID, what: Offer, *, by: Actor, now: datetime, amount: int = 0) -> Case:
    """Take the seller's offer, exactly the one that was seen; it is carried out at once and the hold goes on.

    Raises:
        NothingOffered: if the offer is not the one that was seen.
        NothingToReplace: if the fresh codes were sold meanwhile; the offer then still stands.
    """
    with transaction.atomic():
        case = locked(case_id)
        if case.offer != what.value or case.offer_amount != amount:
            raise NothingOffered
        outcome = Outcome.REPLACED.value if what is Offer.REPLACE else money.ends_as(case, Outcome.PART_REFUNDED)
        details = {"offer": what.value, "amount": amount}
        move(case, CaseEvent.ACCEPT, by, now=now, fields={"outcome": outcome}, details=details)
        if what is Offer.REPLACE:
            money.replace_codes(case)
        else:
            # Both have agreed: it is the seller who gives, on the buyer's word.
            money.give_back(case, amount, by=Actor(Role.SELLER))
        money.resume_hold(case)
        mail_move_later(case)
    return case


def decline(case_id: UUID, *, by: Actor, now: datetime, text: str = "") -> Case:
    """Turn the offer down; it is the seller's turn again."""
    with transaction.atomic():
        case = locked(case_id)
        if not case.offer:
            raise NothingOffered
        fields = {"offer": "", "offer_amount": 0, **_sellers_turn(case, now)}
        move(case, CaseEvent.DECLINE, by, now=now, fields=fields)
        if text:
            say(case, by, text, (), now=now)
        mail_move_later(case)
    return case


def concede(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Give the buyer back all that the case is about; nobody has to agree to that."""
    with transaction.atomic():
        case = locked(case_id)
        fields = {"outcome": money.ends_as(case, Outcome.REFUNDED)}
        move(case, CaseEvent.CONCEDE, by, now=now, fields=fields, details={"amount": case.amount})
        money.give_back(case, case.amount, by=by, reason=RefundReason.SELLER)
        money.resume_hold(case)
        mail_move_later(case)
    return case


def withdraw(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Take the complaint back: the hold's time goes on with its rest, a day at least."""
    with transaction.atomic():
        case = move(locked(case_id), CaseEvent.WITHDRAW, by, now=now, fields={"outcome": Outcome.WITHDRAWN.value})
        money.resume_hold(case)
        mail_move_later(case)
    return case


def raise_question(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Turn a question into a dispute about the money, and let the seller's time begin anew."""
    with transaction.atomic():
        case = locked(case_id)
        if case.kind != CaseKind.QUESTION:
            raise CaseMoved
        kind = become_dispute(case)
        fields = _sellers_turn(case, now) | {"kind": kind.value}
        move(case, CaseEvent.RAISE, by, now=now, details={"kind": kind.value}, fields=fields)
        mail_move_later(case)
    return case


def become_dispute(case: Case) -> CaseKind:
    """Stop the hold for a dispute and only then end the question's stop, so that it never runs in between."""
    kind = _kind_for(money.hold_of(case.order_id))
    case.kind = kind
    money.stop_hold(case)
    money.resume_hold(case, CaseKind.QUESTION)
    return kind


def escalate(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Ask staff to decide: the buyer after an answer that does not help, the seller in place of one."""
    with transaction.atomic():
        case = locked(case_id)
        move(case, CaseEvent.ESCALATE, by, now=now, fields=hand_to_staff(case, now))
        mail_move_later(case)
    return case


def hand_to_staff(case: Case, now: datetime) -> dict[str, object]:
    """Return the fields of a case that staff decide; a question becomes a dispute by that."""
    fields: dict[str, object] = {"due_at": terms.arbiter_by(now), "due_event": CaseEvent.REVIEW_LATE.value}
    if case.kind == CaseKind.QUESTION:
        fields["kind"] = become_dispute(case).value
    return fields


def obstacle_to(order: Order) -> Refusal | None:
    """Return why no case can be opened about an order now, or ``None``; a look only, the opening decides."""
    if order.state != OrderState.DELIVERED:
        return TooLateToComplain()
    hold = HoldRow.objects.filter(order_id=order.id).first()
    if hold is not None and hold.state in FINAL:
        return TooLateToComplain()
    try:
        _refuse_repeated(order.id)
    except Refusal as refusal:
        return refusal
    return None
