"""Freezes as the office does them: one person asks, another decides, and both are written down."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from xinka.escrow.errors import HoldMoved, SamePerson
from xinka.escrow.models import FreezeCase, Hold
from xinka.escrow.states import LIVE, HoldState
from xinka.flows.escrow.freezing import freeze, unfreeze
from xinka.kernel import ids
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
        asked = FreezeCase(
            order_id=order_id,
            is_unfreeze=hold.state == HoldState.FROZEN,
            case=case,
            asked_by_id=by.pk,
            asked_at=timezone.now(),
        )
        try:
            with transaction.atomic():
                asked.save()
        except IntegrityError:
            raise HoldMoved from None
        what = "escrow.ask_unfreeze" if asked.is_unfreeze else "escrow.ask_freeze"
        record(by, what, ids.show("ord", order_id), case=case)
    return asked


def decide_freeze(case_id: int, *, grant: bool, by: AbstractBaseUser) -> FreezeCase:
    """Decide what somebody else asked for; granted, it is done in the same transaction.

    Raises:
        SamePerson: if who asked is to decide.
        HoldMoved: if it was decided before, or the money has moved on.
    """
    with transaction.atomic():
        asked = FreezeCase.objects.select_for_update().get(id=case_id)
        if asked.decided_at is not None:
            raise HoldMoved
        if grant and asked.asked_by_id == by.pk:
            raise SamePerson
        if grant:
            act = unfreeze if asked.is_unfreeze else freeze
            run(act(asked.order_id, asked.case, by=(asked.asked_by_id, by.pk)))
            asked.decided_by_id = by.pk
        asked.decided_at, asked.granted = timezone.now(), grant
        asked.save()
        what = ("escrow.unfreeze" if asked.is_unfreeze else "escrow.freeze") if grant else "escrow.refuse_freeze"
        record(by, what, ids.show("ord", asked.order_id), case=asked.case, asked_by=asked.asked_by_id)
    return asked
