"""What staff can do about one order now: where each thing is done, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.models import Case
from xinka.disputes.policies import moves_for
from xinka.disputes.states import CaseKind, CaseState
from xinka.escrow.models import FreezeCase, Split, StaffRefund
from xinka.escrow.states import LIVE, HoldState, SplitState, StaffRefundState
from xinka.flows.disputes.deciding import is_impartial
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.office.giving_back import left_to_give, why_not_to_give
from xinka.office.order_moments import Told
from xinka.office.policies import OPEN_TO, Room
from xinka.office.queue_filters import kinds_open_to
from xinka.orders.states import OrderState
from xinka.payments.models import BankLine, Payment, Refund, SuspenseProposal
from xinka.payments.states import BankLineState, ProposalState, RefundState

#: Why nothing can be done with the money of an order that has none in escrow.
_NO_MONEY: dict[OrderState, Promise] = {
    OrderState.AWAITING_PAYMENT: _("Nothing has been paid yet."),
    OrderState.PART_PAID: _("A part was paid. It goes back by itself if the rest does not come in time."),
    OrderState.PAID: _("It is paid, and its goods are awaited. Money goes into escrow when they are delivered."),
    OrderState.DELIVERED: _("It was delivered a moment ago. Reload the page."),
    OrderState.EXPIRED: _("It expired without being paid in full. What came goes back by itself."),
    OrderState.CANCELLED: _("It was cancelled. What came goes back by itself."),
    OrderState.REFUNDED: _("All of its money goes back, or is back already."),
}


@dataclass(frozen=True)
class Way:
    """One thing to do: ``link`` leads to where it is done, ``why_not`` says why it is not; a hint besides."""

    words: str
    link: str = ""
    why_not: str = ""
    hint: str = ""


def ways_of(told: Told) -> list[Way]:
    """Return what can be done about an order, what waits for somebody first."""
    return [*_waiting(told), _case(told), _give_back(told), _rest(told)]


def _open_to(told: Told, rooms: tuple[Room, ...], way: Way) -> Way:
    """Return a way as it is, or for somebody to whom its rooms are closed whom to ask."""
    if any(told.may(room) for room in rooms):
        return way
    able = frozenset[StaffRole]().union(*(OPEN_TO[room] for room in rooms))
    roles = " / ".join(str(role.label) for role in StaffRole if role in able)
    return Way(way.words, why_not=gettext("For this you need the role %(roles)s. Ask one of them.") % {"roles": roles})


def _shown(told: Told) -> str:
    return ids.show("ord", told.order.id)


def _hold_page(told: Told, part: str) -> str:
    return f"{reverse('office:hold', args=[_shown(told)])}#{part}"


def _no_money(told: Told) -> str:
    return str(_NO_MONEY[OrderState(told.order.state)])


def _waiting(told: Told) -> Iterator[Way]:
    """Tell what of this order waits for a person just now."""
    order_id = told.order.id
    for refund in Refund.objects.filter(order_id=order_id, state=RefundState.NEEDS_STAFF):
        link = reverse("office:refund", args=[ids.show("ref", refund.id)])
        yield _open_to(told, (Room.REFUNDS,), Way(gettext("Decide about the refund that got stuck"), link))
    for asked in StaffRefund.objects.filter(order_id=order_id, state=StaffRefundState.ASKED):
        yield _open_to(told, (Room.REFUNDS,), _agree(told, mine=asked.asked_by_id == told.reader.pk))
    payments = list(Payment.objects.filter(order_id=order_id).values_list("id", flat=True))
    for line in BankLine.objects.filter(payment_id__in=payments, state=BankLineState.RECORDED):
        yield _open_to(told, (Room.TRANSFERS,), _confirm(mine=line.recorded_by_id == told.reader.pk))
    for proposed in SuspenseProposal.objects.filter(order_id=order_id, state=ProposalState.ASKED):
        link = reverse("office:money_unmatched", args=[ids.show("jrn", proposed.journal_id)])
        words = gettext("Agree that money without an order is for this one, or refuse it")
        yield _open_to(told, (Room.REFUNDS,), Way(words, link))
    if FreezeCase.objects.filter(order_id=order_id, decided_at=None).exists():
        words = gettext("Decide about the freeze that was asked for")
        yield _open_to(told, (Room.FREEZES,), Way(words, _hold_page(told, "freeze")))
    if Split.objects.filter(order_id=order_id, state=SplitState.NEEDS_STAFF).exists():
        words = gettext("Look after what the payment provider did not do")
        yield _open_to(told, (Room.SPLITS,), Way(words, _hold_page(told, "splits")))


def _agree(told: Told, *, mine: bool) -> Way:
    words = gettext("Agree to the refund that staff asked for")
    if mine:
        return Way(words, why_not=gettext("You asked for it yourself: somebody else has to agree."))
    return Way(words, f"{reverse('office:own_refunds')}?q={_shown(told)}")


def _confirm(*, mine: bool) -> Way:
    words = gettext("Confirm the transfer that was written down")
    if mine:
        return Way(words, why_not=gettext("You wrote it down yourself: somebody else has to confirm it."))
    return Way(words, reverse("office:transfers"))


def _case(told: Told) -> Way:
    words = gettext("Decide a complaint")
    case = Case.objects.filter(order_id=told.order.id).exclude(state=CaseState.CLOSED).order_by("opened_at").last()
    if case is None:
        hint = gettext("Nobody complains about it now. Buyers do that on the order page, once it is delivered.")
        return Way(words, why_not=hint)
    kind = CaseKind(case.kind)
    if kind not in kinds_open_to(told.reader):
        room = Room.CHARGEBACKS if kind is CaseKind.CHARGEBACK else Room.CASES
        return _open_to(told, (room,), Way(words))
    return _of_case(told, case)


def _of_case(told: Told, case: Case) -> Way:
    """Return the way into an open case that the reader works on, with what the page will not let them do."""
    link, can = reverse("office:case", args=[case.shown_id]), moves_for(case, Role.ARBITER)
    if case.kind == CaseKind.CHARGEBACK:
        return Way(gettext("Open the chargeback"), link)
    if not (can["decide"] or can["decide_appeal"]):
        return Way(gettext("Open the complaint"), link, hint=gettext("It is not our turn to decide yet."))
    if not is_impartial(case, told.reader):
        hint = gettext("You have a part in this order, or decided about it before: somebody else must decide.")
        return Way(gettext("Open the complaint"), link, hint=hint)
    return Way(gettext("Decide the complaint"), link)


def _give_back(told: Told) -> Way:
    words, order, hold = gettext("Give money back"), told.order, told.hold
    left = left_to_give(order, hold)
    why_not = why_not_to_give(order.id, hold, left)
    if why_not and hold is None and not Case.objects.filter(order_id=order.id).exists():
        why_not = _no_money(told)
    way = Way(words, why_not=why_not) if why_not else Way(words, reverse("office:own_refund_new", args=[_shown(told)]))
    return _open_to(told, (Room.REFUNDS,), way)


def _rest(told: Told) -> Way:
    words = gettext("Let the money rest, or ask for a freeze")
    way = Way(words, _hold_page(told, "rest"))
    if told.hold is None:
        way = Way(words, why_not=_no_money(told))
    elif told.hold.state == HoldState.FROZEN:
        way = Way(gettext("Ask for the end of the freeze"), _hold_page(told, "freeze"))
    elif told.hold.state not in LIVE:
        way = Way(words, why_not=gettext("None of its money is in escrow any more."))
    return _open_to(told, (Room.STOPS, Room.FREEZES), way)
