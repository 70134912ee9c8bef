"""Reads of holds for pages: what waits for a person, what is where, and the terms in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from xinka.escrow.models import FreezeCase, Hold, HoldStep, Split, StaffRefund, Stop, Terms
from xinka.escrow.states import OPEN, HoldState, SplitState, StaffRefundState, Timer
from xinka.escrow.terms import COMMISSION_BPS, RESERVE_BPS, RESERVE_FOR, WINDOWS

#: A timer this late means that no worker fires them.
LATE = timedelta(minutes=30)

#: What of an order has gone neither back nor to a court.
_LEFT = F("amount") - F("refunded") - F("seized_held") - F("seized_net")


@dataclass(frozen=True)
class Heap:
    """How many holds of one state and currency there are, and how much of their money is still to go either way."""

    state: str
    currency: str
    n: int
    amount: int


def heaps() -> list[Heap]:
    """Return what is held, in after-sale and frozen."""
    live = Hold.objects.filter(state__in=OPEN)
    rows = live.values_list("state", "currency").annotate(n=Count("order_id"), left=Sum(_LEFT))
    return sorted((Heap(*row) for row in rows), key=lambda heap: (OPEN.index(HoldState(heap.state)), heap.currency))


#: What the office can list, by name.
_VIEWS = {
    "stopped": Q(n_stops__gt=0),
    "frozen": Q(state=HoldState.FROZEN),
    "provider": Q(due_event=Timer.SHARE),
    "held": Q(state=HoldState.HELD),
    "aftersale": Q(state=HoldState.AFTERSALE),
}


def holds_in(view: str) -> QuerySet[Hold]:
    """Return the holds of one view of the office, the oldest first where they wait for somebody."""
    return Hold.objects.filter(_VIEWS.get(view, _VIEWS["stopped"])).order_by("delivered_at", "order_id")


def late_timers() -> int:
    """Return how many holds should have moved by now."""
    return Hold.objects.filter(due_at__lt=timezone.now() - LATE).count()


def splits_for_staff() -> list[Split]:
    """Return what a provider did not do and a person must look at."""
    return list(Split.objects.filter(state=SplitState.NEEDS_STAFF).order_by("created_at")[:100])


def freezes_asked() -> list[FreezeCase]:
    """Return the freezes, and ends of freezes, that wait for a second person."""
    return list(FreezeCase.objects.filter(decided_at=None).order_by("asked_at"))


def n_freezes_waiting() -> int:
    """Return how many freezes, their ends and hand-overs wait for a second person."""
    return FreezeCase.objects.filter(decided_at=None).count()


def n_staff_refunds_waiting() -> int:
    """Return how many refunds of staff's own wait for a second person."""
    return StaffRefund.objects.filter(state=StaffRefundState.ASKED).count()


def staff_refunds(which: str) -> QuerySet[StaffRefund]:
    """Return staff's own refunds of one state, or all; what waits comes the oldest first, the rest the newest."""
    found = StaffRefund.objects.order_by("-asked_at", "-id")
    if which not in {state.value for state in StaffRefundState}:
        return found
    found = found.filter(state=which)
    return found.order_by("asked_at", "id") if which == StaffRefundState.ASKED else found


def n_splits_stuck() -> int:
    """Return how many things asked of a provider wait for a person."""
    return Split.objects.filter(state=SplitState.NEEDS_STAFF).count()


def stops_of(order_id: UUID) -> list[Stop]:
    """Return what stopped a hold, open ones first."""
    return list(Stop.objects.filter(order_id=order_id).order_by(F("ended_at").desc(nulls_first=True), "since"))


def history_of(order_id: UUID) -> list[HoldStep]:
    """Return every move of a hold, the oldest first."""
    return list(HoldStep.objects.filter(order_id=order_id).order_by("version"))


def terms_of(scope: str) -> Terms:
    """Return the terms set for a scope; empty where nothing is."""
    return Terms.objects.filter(scope=scope).first() or Terms(scope=scope)


def built_in(scope: str) -> dict[str, int | None]:
    """Return what holds for a scope where nothing is set; ``None`` where that depends on another scope."""
    kind = scope.removeprefix("kind:")
    window = WINDOWS.get(kind)
    is_shop = scope == "shop"
    return {
        "confirm_seconds": window.confirm_for if window else None,
        "after_sale_seconds": window.after_sale_for if window else None,
        "commission_bps": COMMISSION_BPS if is_shop else None,
        "reserve_bps": RESERVE_BPS if is_shop else None,
        "reserve_seconds": RESERVE_FOR if is_shop else None,
    }
