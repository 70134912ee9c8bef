"""What finance decides about payouts: yes by one or by two, no, and a hold on everything of one payee."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.payouts.asking import cancel, locked, move, shown
from xinka.flows.payouts.payees import lock_payee
from xinka.kernel.actors import Actor, Role
from xinka.payouts.errors import ApprovedAlready, NotYourOwn, PayoutMoved
from xinka.payouts.models import Payout, PayoutApproval, PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.queries import is_own
from xinka.payouts.states import PayoutEvent, PayoutState, sources_of
from xinka.platform.audit.actions import record

log = logging.getLogger(__name__)


#: What a payee asks for within this time counts together.
_TOGETHER = timedelta(days=1)
_CAME_BACK = [PayoutState.CANCELLED, PayoutState.FAILED, PayoutState.RETURNED]


def approvals_needed(payout: Payout) -> int:
    """Return how many people have to say yes.

    What the payee asked for in the day before counts too, or two payouts would do what one may not.
    """
    limit = settings.PAYOUT_FOUR_EYES_FROM.of(payout.currency)
    return 2 if asked_before(payout) + payout.total >= limit else 1


def asked_before(payout: Payout) -> int:
    """Return what the payee asked for in the day before (minor units), without what came back."""
    same = Payout.objects.filter(**payout.payee.columns, currency=payout.currency).exclude(id=payout.id)
    lately = same.filter(asked_at__gt=payout.asked_at - _TOGETHER, asked_at__lte=payout.asked_at)
    return lately.exclude(state__in=_CAME_BACK).aggregate(sum=Sum(F("amount") + F("fee")))["sum"] or 0


def refuse_own(payout: Payout, by: User) -> None:
    """See to it that nobody decides about their own money, or that of their own shop.

    Raises:
        NotYourOwn: if this is what somebody tries.
    """
    if payout.asked_by_id == by.pk or is_own(by.pk, payout.payee):
        raise NotYourOwn


def approve(payout_id: UUID, *, by: User) -> Payout:
    """Say yes to a payout; the last yes that is needed makes it ready to be sent.

    Raises:
        PayoutNotFound, NotYourOwn.
        PayoutMoved: if it does not wait for approval.
        ApprovedAlready: if this person has said yes in this round.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        refuse_own(payout, by)
        if payout.state != PayoutState.ASKED:
            raise PayoutMoved
        _, is_new = PayoutApproval.objects.get_or_create(
            payout=payout, round=payout.round, by=by, defaults={"at": timezone.now()}
        )
        if not is_new:
            raise ApprovedAlready
        given = PayoutApproval.objects.filter(payout=payout, round=payout.round).count()
        if given >= approvals_needed(payout):
            move(payout, PayoutEvent.APPROVE, Role.FINANCE)
        record(
            by,
            "payout.approve",
            shown(payout),
            amount=payout.amount,
            currency=payout.currency,
            yes=given,
            of=approvals_needed(payout),
        )
    return payout


def reject(payout_id: UUID, *, by: User, reason: str) -> Payout:
    """Say no to a payout; the money is available again, and the payee reads why.

    Raises:
        PayoutNotFound, NotYourOwn, PayoutMoved.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        refuse_own(payout, by)
        cancelled = cancel(payout_id, by=Actor(Role.FINANCE, by.pk))
        Payout.objects.filter(id=payout_id).update(problem=reason[:200])
        record(by, "payout.reject", shown(payout), amount=payout.amount, currency=payout.currency, reason=reason)
    return cancelled


def hold(payee: Payee, *, by: User, reason: str, role: Role = Role.FINANCE) -> PayoutHold:
    """Stop the payouts of one payee: no new ones, and those that have not been sent wait."""
    with transaction.atomic():
        lock_payee(payee)
        made = PayoutHold.objects.create(**payee.columns, reason=reason, by=by, at=timezone.now())
        waiting = Payout.objects.filter(**payee.columns, state__in=sources_of(PayoutEvent.HOLD, role))
        stopped = waiting.update(state=PayoutState.HELD.value)
        record(by, "payout.hold", payee.subject, reason=reason, stopped=stopped)
    log.warning("payout.hold", extra={"payee": payee.subject, "stopped": stopped})
    return made


def lift_hold(hold_id: int, *, by: User, role: Role = Role.FINANCE) -> PayoutHold:
    """End a hold. With the last one gone, payouts wait for approval again, all of it anew.

    Raises:
        PayoutMoved: if it was lifted already.
        NotYourOwn: if somebody would lift the hold on themselves or on their own shop.
    """
    with transaction.atomic():
        found = PayoutHold.objects.filter(id=hold_id, lifted_at=None).first()
        if found is None:
            raise PayoutMoved
        if is_own(by.pk, found.payee):
            raise NotYourOwn
        lock_payee(found.payee)
        now = timezone.now()
        if PayoutHold.objects.filter(id=hold_id, lifted_at=None).update(lifted_at=now, lifted_by=by) != 1:
            raise PayoutMoved
        resumed = 0
        if not PayoutHold.objects.filter(**found.payee.columns, lifted_at=None).exists():
            waiting = Payout.objects.filter(**found.payee.columns, state__in=sources_of(PayoutEvent.RESUME, role))
            resumed = waiting.update(state=PayoutState.ASKED.value, round=F("round") + 1)
        record(by, "payout.lift_hold", found.payee.subject, resumed=resumed)
    return found
