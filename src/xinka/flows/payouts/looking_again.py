"""What a gateway said is paid is asked about for some days more: a bank behind it may still send the money back.

A gateway that then says that it failed is believed, as it is while a payout is under way: its word alone ends payouts
there, too. That it does not know the number any more proves nothing, nor does another amount.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.alone import alone_with
from xinka.flows.payouts.asking import locked, shown
from xinka.flows.payouts.gateway import provider_for
from xinka.flows.payouts.returning import returned_by_gateway
from xinka.flows.payouts.review import refuse_own
from xinka.flows.payouts.sending import ASK_ABOUT_PAID_AFTER
from xinka.kernel.errors import ProviderError, Refusal
from xinka.payouts.errors import PayoutMoved
from xinka.payouts.models import Payout
from xinka.payouts.providers.protocol import TransferStatus
from xinka.payouts.states import PayoutState
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MONEY, Job, defer

log = logging.getLogger(__name__)

LOOK_AGAIN = Job("payout.look_again", MONEY)
#: For how long after it was paid it is asked about, once a day.
LOOKS_FOR = timedelta(days=14)
_LOCK_SPACE = 0x50415942
_MOST_AT_ONCE = 200


def look_again(payout_id: UUID, *, now: datetime | None = None) -> PayoutState:
    """Ask a gateway about a payout that it paid; what failed after all has come back. Return its state."""
    with alone_with(_LOCK_SPACE, payout_id) as alone:
        payout = Payout.objects.get(id=payout_id)
        if not alone or payout.state != PayoutState.PAID or not payout.channel_id:
            return PayoutState(payout.state)
        _plan(payout, now or timezone.now())
        try:
            found = provider_for(payout).query(shown(payout), payout.reference)
        except (ProviderError, Refusal) as error:  # no answer, or a channel that is not usable: tomorrow again
            log.info("payout.look_again_failed", extra={"payout": shown(payout), "why": str(error)})
            return PayoutState.PAID
        if found.status is not TransferStatus.FAILED or found.amount_minor not in {0, payout.amount}:
            return PayoutState.PAID
        returned_by_gateway(payout.id, reason=found.why, reference=found.reference or payout.reference)
    return PayoutState.RETURNED


def ask_gateway_again(payout_id: UUID, *, by: User) -> PayoutState:
    """Have a gateway asked at once about a payout that it paid, because somebody of finance wants to know.

    Raises:
        PayoutNotFound, NotYourOwn.
        PayoutMoved: if it is not paid, or not through a gateway.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        refuse_own(payout, by)
        if payout.state != PayoutState.PAID or not payout.channel_id:
            raise PayoutMoved
    return look_again(payout_id)


def look_after_paid(now: datetime) -> int:
    """Queue a look at every paid payout whose time has come; return how many."""
    with transaction.atomic():
        due = Payout.objects.select_for_update(skip_locked=True).filter(state=PayoutState.PAID, due_at__lte=now)
        found = list(due.order_by("due_at").values_list("id", flat=True)[:_MOST_AT_ONCE])
        Payout.objects.filter(id__in=found).update(due_at=now + ASK_ABOUT_PAID_AFTER)
        run(defer(LOOK_AGAIN, [{"subject": payout_id} for payout_id in found]))
    return len(found)


def _plan(payout: Payout, now: datetime) -> None:
    """Note when it is asked about next, if it is."""
    until = (payout.finished_at or now) + LOOKS_FOR
    then = now + ASK_ABOUT_PAID_AFTER
    Payout.objects.filter(id=payout.id, state=PayoutState.PAID).update(due_at=then if then <= until else None)
