"""Staff decide a case, either side may appeal once, another person decides that; then, and only then, money moves.

A decision is not carried out while it can be appealed, so no money ever has to be fetched back from anybody. Who has
nothing to appeal against, or says so, does not keep the others waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from xinka.accounts.models import User
from xinka.disputes import terms
from xinka.disputes.actions import move, say
from xinka.disputes.errors import BadAmount, CannotAppeal, CaseMoved, NotImpartial
from xinka.disputes.models import Case
from xinka.disputes.states import CaseEvent, CaseState, Decision, Outcome
from xinka.flows.disputes import money
from xinka.flows.disputes.cases import locked
from xinka.flows.disputes.mailing import mail_move_later
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadInput
from xinka.merchants.models import Membership
from xinka.orders.contact import normalise_contact
from xinka.orders.models import Order
from xinka.platform.audit.actions import record
from xinka.platform.files.actions import Handed, make_harmless
from xinka.platform.look.templatetags.look import amount as in_words
from xinka.platform.vault.keys import blind_index

LEAST_REASONS = 20
_OUTCOMES = MappingProxyType(
    {
        Decision.REFUND: Outcome.REFUNDED,
        Decision.PART: Outcome.PART_REFUNDED,
        Decision.RELEASE: Outcome.RELEASED,
    }
)


@dataclass(frozen=True)
class Verdict:
    """What an arbiter decides and why; ``amount`` counts for a part only."""

    decision: Decision
    reasons: str
    amount: int = 0


def is_impartial(case: Case, user: User) -> bool:
    """Whether somebody has no part in the trade and has not decided about this order before."""
    if Membership.objects.filter(merchant_id=case.merchant_id, user=user).exists() or is_buyer_of(case.order_id, user):
        return False
    decided = Q(decided_by_id=user.pk) | Q(appeal_decided_by_id=user.pk)
    return not Case.objects.filter(order_id=case.order_id).filter(decided).exists()


def is_buyer_of(order_id: UUID, user: User) -> bool:
    """Whether an order was sent to the address of somebody's account."""
    key = Order.objects.filter(id=order_id).values_list("contact_key", flat=True).first()
    try:
        return key == blind_index("contact").uuid(normalise_contact(user.email).encode())
    except BadInput:
        return False


def decide(case_id: UUID, verdict: Verdict, *, by: User, now: datetime) -> Case:
    """Decide a case for the first time; it is carried out when nobody appeals.

    Raises:
        NotImpartial: if the person has a part in it.
        BadAmount, BadInput: if the verdict is not whole.
    """
    with transaction.atomic():
        case = locked(case_id)
        fields = _judged(case, verdict, by)
        fields |= {"decided_by_id": by.pk, "is_late": False}
        fields |= {"due_at": terms.appeal_by(now), "due_event": CaseEvent.CARRY_OUT.value}
        # Who gets everything has nothing to appeal against.
        fields |= {
            "buyer_waived": verdict.decision is Decision.REFUND,
            "seller_waived": verdict.decision is Decision.RELEASE,
        }
        actor = Actor(Role.ARBITER, by.pk)
        move(case, CaseEvent.DECIDE, actor, now=now, fields=fields, details=_details(case, fields))
        _explain(case, verdict, by, now)
    return case


def decide_appeal(case_id: UUID, verdict: Verdict, *, by: User, now: datetime) -> Case:
    """Decide the appeal, for good, and carry it out in the same transaction.

    Raises:
        NotImpartial: if the person decided before, or has a part in it.
        BadAmount, BadInput: if the verdict is not whole.
    """
    with transaction.atomic():
        case = locked(case_id)
        fields = _judged(case, verdict, by) | {"appeal_decided_by_id": by.pk, "is_late": False}
        actor = Actor(Role.ARBITER, by.pk)
        fields["outcome"] = _ending(case, verdict.decision)
        move(case, CaseEvent.DECIDE_APPEAL, actor, now=now, fields=fields, details=_details(case, fields))
        _move_money(case, by=actor)
        _explain(case, verdict, by, now)
    return case


def _judged(case: Case, verdict: Verdict, by: User) -> dict[str, object]:
    if not by.is_staff or not is_impartial(case, by):
        raise NotImpartial
    if len(verdict.reasons.strip()) < LEAST_REASONS:
        raise BadInput(
            field="reasons",
            why_zh=f"写清理由，至少 {LEAST_REASONS} 个字",
            why_en=f"give the reasons in {LEAST_REASONS} letters or more",
        )
    if verdict.decision is Decision.PART and not 0 < verdict.amount < case.amount:
        raise BadAmount(most=in_words(case.amount, case.currency))
    amounts = {Decision.REFUND: int(case.amount), Decision.PART: verdict.amount, Decision.RELEASE: 0}
    return {"decision": verdict.decision.value, "decision_amount": amounts[verdict.decision]}


def _details(case: Case, fields: dict[str, object]) -> dict[str, str | int]:
    return {"decision": str(fields["decision"]), "amount": int(str(fields["decision_amount"])), "of": int(case.amount)}


def _explain(case: Case, verdict: Verdict, by: User, now: datetime) -> None:
    say(case, Actor(Role.ARBITER, by.pk), verdict.reasons.strip(), (), now=now)
    record(
        by,
        "case.decide",
        case.shown_id,
        decision=verdict.decision.value,
        amount=int(case.decision_amount),
        currency=case.currency,
    )
    mail_move_later(case)


def _ending(case: Case, decision: Decision) -> str:
    outcome = _OUTCOMES[decision]
    return outcome.value if outcome is Outcome.RELEASED else money.ends_as(case, outcome)


def _move_money(case: Case, *, by: Actor) -> None:
    """Carry the decision out: what goes back goes back, the rest goes on its way."""
    arbiter = Actor(Role.ARBITER, by.user_id)
    if case.decision_amount:
        money.give_back(case, case.decision_amount, by=arbiter)
    money.resume_hold(case)
    if case.decision != Decision.REFUND:
        money.let_go(case, by=arbiter)


def may_appeal(case: Case, role: Role) -> bool:
    """Whether this side may still appeal."""
    if case.state != CaseState.DECIDED:
        return False
    waived = {Role.BUYER: case.buyer_waived, Role.SELLER: case.seller_waived}
    return not waived.get(role, True)


def appeal(case_id: UUID, text: str, *, by: Actor, now: datetime, files: tuple[Handed, ...] = ()) -> Case:
    """Ask for another person's decision, once.

    Raises:
        CannotAppeal: if this side got all it asked for, said it would not, or the time is over.
    """
    harmless = make_harmless(files)
    with transaction.atomic():
        case = locked(case_id)
        if not may_appeal(case, by.role) or (case.due_at is not None and case.due_at <= now):
            raise CannotAppeal
        fields = {"due_at": terms.arbiter_by(now), "due_event": CaseEvent.REVIEW_LATE.value}
        move(case, CaseEvent.APPEAL, by, now=now, fields={**fields, "appealed_by": by.role.value})
        say(case, by, text, harmless, now=now)
        mail_move_later(case)
    return case


def waive(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Say that one will not appeal; when both have, or need not, the decision is carried out at once.

    Raises:
        CannotAppeal: if there is nothing to waive.
    """
    with transaction.atomic():
        case = locked(case_id)
        if not may_appeal(case, by.role):
            raise CannotAppeal
        mine = "buyer_waived" if by.role is Role.BUYER else "seller_waived"
        setattr(case, mine, True)
        if case.buyer_waived and case.seller_waived:
            return carry_out(case, by=by, now=now)
        waiting = {"due_at": case.due_at, "due_event": case.due_event, mine: True}
        move(case, CaseEvent.WAIVE, by, now=now, fields=waiting)
        mail_move_later(case)
    return case


def carry_out(case: Case, *, by: Actor, now: datetime) -> Case:
    """Carry out a decision that nobody appealed against; the caller holds the case's lock.

    Raises:
        CaseMoved: if there is none.
    """
    if not case.decision:
        raise CaseMoved
    fields = {"buyer_waived": case.buyer_waived, "seller_waived": case.seller_waived}
    outcome = _ending(case, Decision(case.decision))
    details: dict[str, str | int] = {"decision": case.decision, "amount": int(case.decision_amount)}
    move(case, CaseEvent.CARRY_OUT, by, now=now, fields={**fields, "outcome": outcome}, details=details)
    _move_money(case, by=Actor(Role.ARBITER, case.decided_by_id))
    mail_move_later(case)
    return case
