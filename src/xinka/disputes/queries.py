"""Reads of cases: of one order, of one merchant, and what waits for staff."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet

from xinka.disputes.models import Case, Evidence
from xinka.disputes.states import CaseKind, CaseState, Outcome

#: What staff must see to.
FOR_STAFF = (CaseState.UNDER_REVIEW, CaseState.APPEALED, CaseState.GATEWAY_ASKS)


def cases_of_order(order_id: UUID) -> list[Case]:
    """Return the buyer's cases about an order, the newest first; chargebacks are between us and the bank."""
    found = Case.objects.filter(order_id=order_id).exclude(kind=CaseKind.CHARGEBACK)
    return list(found.order_by("-opened_at", "-id"))


def chargebacks_of_order(order_id: UUID) -> list[Case]:
    """Return what banks wanted back of an order, the newest first."""
    found = Case.objects.filter(order_id=order_id, kind=CaseKind.CHARGEBACK)
    return list(found.order_by("-opened_at", "-id"))


def open_case_of(order_id: UUID) -> Case | None:
    """Return the open case of an order, if there is one."""
    open_ones = Case.objects.filter(order_id=order_id).exclude(state=CaseState.CLOSED)
    return open_ones.exclude(kind=CaseKind.CHARGEBACK).first()


def orders_with_open_cases() -> QuerySet[Case, UUID]:
    """Return the orders that something is being decided about, by us or by a bank."""
    return Case.objects.exclude(state=CaseState.CLOSED).values_list("order_id", flat=True)


def cases_of_merchant(merchant_id: int, *, which: str = "") -> QuerySet[Case]:
    """Return a merchant's cases: ``mine`` wait for the merchant, ``open``, ``closed``, or all; the urgent first."""
    found = Case.objects.filter(merchant_id=merchant_id)
    match which:
        case "mine":
            found = found.filter(state=CaseState.AWAITS_SELLER)
        case "open":
            found = found.exclude(state=CaseState.CLOSED)
        case "closed":
            return found.filter(state=CaseState.CLOSED).order_by("-closed_at", "-id")
    return found.order_by(F("due_at").asc(nulls_last=True), "-moved_at", "-id")


def cases_for_staff(kinds: Collection[CaseKind] = tuple(CaseKind), *, which: str = "") -> QuerySet[Case]:
    """Return what waits for staff, or ``open``, ``closed``, ``chargebacks``; what is late or urgent comes first."""
    found = Case.objects.select_related("merchant").filter(kind__in=kinds)
    match which:
        case "open":
            found = found.exclude(state=CaseState.CLOSED)
        case "closed":
            return found.filter(state=CaseState.CLOSED).order_by("-closed_at", "-id")
        case "chargebacks":
            found = found.filter(kind=CaseKind.CHARGEBACK)
        case _:
            found = found.filter(state__in=FOR_STAFF)
    return found.order_by("-is_late", F("due_at").asc(nulls_last=True), "moved_at", "id")


def is_at_the_bank(order_id: UUID) -> bool:
    """Whether a bank is deciding about an order's money."""
    return Case.objects.filter(order_id=order_id, kind=CaseKind.CHARGEBACK).exclude(state=CaseState.CLOSED).exists()


def lost_to_the_bank(order_id: UUID) -> int:
    """Return what banks have given back to the buyer of an order."""
    found = Case.objects.filter(order_id=order_id, kind=CaseKind.CHARGEBACK, outcome=Outcome.LOST)
    return sum(found.values_list("amount", flat=True))


def due_cases(now: datetime, limit: int) -> list[UUID]:
    """Return the cases whose time has come, the longest due first."""
    found = Case.objects.filter(due_at__lte=now).exclude(state=CaseState.CLOSED)
    return list(found.order_by("due_at").values_list("id", flat=True)[:limit])


def n_for_seller(merchant_id: int) -> int:
    """Return how many cases wait for a merchant."""
    return Case.objects.filter(merchant_id=merchant_id, state=CaseState.AWAITS_SELLER).count()


def n_for_staff(kinds: Collection[CaseKind] = tuple(CaseKind)) -> int:
    """Return how many cases of these kinds wait for staff."""
    return Case.objects.filter(kind__in=kinds, state__in=FOR_STAFF).count()


def evidence_of(case: Case, evidence_id: UUID) -> Evidence | None:
    """Return one file of a case."""
    return Evidence.objects.filter(id=evidence_id, message__case=case).first()
