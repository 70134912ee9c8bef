"""Freezes and hand-overs as the office does them: one person asks, another decides, and both are written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from xinka.escrow.errors import HoldMoved, SamePerson, TooMuchToHandOver
from xinka.escrow.models import FreezeCase, Hold
from xinka.escrow.states import LIVE, HoldState
from xinka.flows.escrow.freezing import ensure_with_us, freeze, hand_over, unfreeze
from xinka.flows.escrow.holding import ensure_hold
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run


def ask_to_freeze(order_id: UUID, case: str, *, by: AbstractBaseUser) -> FreezeCase:
    """Ask for a freeze of what is held for an order or, if it is frozen, for the end of that.

    Raises:
        HoldMoved: if there is nothing to freeze, or the same was asked before and waits.
    """
    with transaction.atomic():
        hold = Hold.objects.select_for_update().filter(order_id=order_id).first()
        if hold is None or hold.state not in {*LIVE, HoldState.FROZEN}:
            raise HoldMoved
        is_unfreeze = hold.state == HoldState.FROZEN
        asked = _ask(FreezeCase(order_id=order_id, is_unfreeze=is_unfreeze, case=case, asked_by_id=by.pk))
        what = "escrow.ask_unfreeze" if asked.is_unfreeze else "escrow.ask_freeze"
        record(by, what, ids.show("ord", order_id), case=case)
    return asked


@dataclass(frozen=True, slots=True)
class CourtOrder:
    """What a court ordered: how much, on which ground, in which document."""

    amount: int
    basis: str
    reference: str


def ask_to_hand_over(order_id: UUID, order: CourtOrder, *, by: AbstractBaseUser) -> FreezeCase:
    """Ask that a part, or all, of what is frozen for an order is handed over as a court ordered.

    Raises:
        HoldMoved: if nothing is frozen, or something was asked before and waits.
        SharedOutAtProvider: if a provider has given it to the seller.
        TooMuchToHandOver: if not so much is frozen.
    """
    with transaction.atomic():
        hold = run(ensure_hold(order_id))
        if hold.state is not HoldState.FROZEN:
            raise HoldMoved
        run(ensure_with_us(hold))
        if not 0 < order.amount <= hold.freezable:
            raise TooMuchToHandOver(left=plain_amount(hold.freezable, hold.currency))
        frozen_by = FreezeCase.objects.filter(order_id=order_id, granted=True, is_hand_over=False)
        case = frozen_by.order_by("-decided_at").values_list("case", flat=True).first() or ""
        facts: dict[str, str | int] = {"amount": order.amount, "basis": order.basis, "reference": order.reference}
        asked = _ask(FreezeCase(order_id=order_id, is_hand_over=True, case=case, asked_by_id=by.pk, **asdict(order)))
        record(by, "escrow.ask_hand_over", ids.show("ord", order_id), currency=hold.currency, **facts)
    return asked


def _ask(asked: FreezeCase) -> FreezeCase:
    """Write down what was asked, unless something about the order waits already; the caller has locked its hold."""
    if FreezeCase.objects.filter(order_id=asked.order_id, decided_at=None).exists():
        raise HoldMoved
    asked.asked_at = timezone.now()
    asked.save()
    return asked


def decide_freeze(case_id: int, *, grant: bool, by: AbstractBaseUser) -> FreezeCase:
    """Decide what somebody else asked for; granted, it is done in the same transaction, and never a second time.

    Raises:
        SamePerson: if who asked is to decide.
        HoldMoved: if it was decided before, or the money has moved on.
        SharedOutAtProvider: if a court is to have what a provider has given to the seller.
        TooMuchToHandOver: if less is frozen than a court is to have.
    """
    with transaction.atomic():
        asked = FreezeCase.objects.select_for_update().get(id=case_id)
        if asked.decided_at is not None:
            raise HoldMoved
        if grant and asked.asked_by_id == by.pk:
            raise SamePerson
        if grant:
            _carry_out(asked, by=(asked.asked_by_id, by.pk))
            asked.decided_by_id = by.pk
        asked.decided_at, asked.granted = timezone.now(), grant
        asked.save()
        details: dict[str, str | int] = {"case": asked.case, "asked_by": asked.asked_by_id}
        if asked.is_hand_over:
            currency = Hold.objects.values_list("currency", flat=True).get(order_id=asked.order_id)
            details |= {"amount": asked.amount, "currency": currency}
            details |= {"basis": asked.basis, "reference": asked.reference}
        record(by, _name_of(asked), ids.show("ord", asked.order_id), **details)
    return asked


def _carry_out(asked: FreezeCase, *, by: tuple[int, int]) -> None:
    if asked.is_hand_over:
        run(hand_over(asked.order_id, f"{asked.reference} {asked.basis}", asked.amount, by=by))
        return
    act = unfreeze if asked.is_unfreeze else freeze
    run(act(asked.order_id, asked.case, by=by))


def _name_of(asked: FreezeCase) -> str:
    """Return what a decision is called in the audit."""
    if not asked.granted:
        return "escrow.refuse_hand_over" if asked.is_hand_over else "escrow.refuse_freeze"
    if asked.is_hand_over:
        return "escrow.hand_over"
    return "escrow.unfreeze" if asked.is_unfreeze else "escrow.freeze"
