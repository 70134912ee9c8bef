"""What happened to one order, in one line of time: bought, paid, delivered, mailed, complained of, given back, held.

Every line comes from the record of its own room; what codes say is in none of them. Cases are told to those who work on
their kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext

from xinka.accounts.models import User
from xinka.delivery.queries import delivered_codes
from xinka.disputes.models import Case, CaseMove
from xinka.disputes.words import KINDS, line_of
from xinka.escrow.models import Hold, StaffRefund
from xinka.escrow.queries import history_of, staff_refunds
from xinka.escrow.states import StaffRefundState
from xinka.escrow.words import EVENTS, ROLES
from xinka.flows.hindrances import hindrance_in_words
from xinka.flows.order_letters import letters_to_buyer
from xinka.kernel import ids
from xinka.office import letters
from xinka.office.finding import note_for_people
from xinka.office.money_words import OUTCOMES, REASONS
from xinka.office.names import named
from xinka.office.policies import Room, may_enter
from xinka.office.queue_filters import kinds_open_to
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import BankLine, Payment, Receipt, Refund, SuspenseProposal
from xinka.payments.states import BankLineState, PaymentState, ProposalState, ReceiptOutcome, RefundState, RefundTo
from xinka.platform.look.templatetags.look import amount
from xinka.platform.mail.models import LetterState

#: What came otherwise than it should.
_UNUSUAL = frozenset(ReceiptOutcome) - {ReceiptOutcome.SETTLED}


#: No act takes longer.
_ONE_ACT = timedelta(minutes=1)


@dataclass(frozen=True)
class Moment:
    """One line: when, what, and more about it. ``is_trouble`` marks what did not go as it should."""

    at: datetime
    words: str
    sum: str = ""
    more: str = ""
    number: str = ""
    link: str = ""
    is_trouble: bool = False


@dataclass(frozen=True)
class Told:
    """Of which order, its hold if there is one, and to whom."""

    order: Order
    hold: Hold | None
    reader: User

    def may(self, room: Room) -> bool:
        """Whether the reader may follow a link into a room."""
        return may_enter(self.reader, room)


def moments_of(told: Told) -> list[Moment]:
    """Return everything that happened to an order, the oldest first."""
    found = [moment for gather in _GATHER for moment in gather(told)]
    return sorted(found, key=lambda moment: moment.at.replace(microsecond=0))


def _order(told: Told) -> Iterator[Moment]:
    order = told.order
    pieces = ngettext("%(n)d piece", "%(n)d pieces", order.quantity) % {"n": order.quantity}
    yield Moment(order.placed_at, gettext("Ordered"), amount(order.amount, order.currency), pieces)


def _over(told: Told) -> Iterator[Moment]:
    """Tell that it came to nothing; late money may have revived it since."""
    order = told.order
    if order.closed_at and order.state != OrderState.REFUNDED:
        cancelled = order.state == OrderState.CANCELLED
        words = gettext("Cancelled") if cancelled else gettext("Expired without being paid in full")
        yield Moment(order.closed_at, words)


def _delivered(told: Told) -> Iterator[Moment]:
    order = told.order
    if order.delivered_at:
        yield Moment(order.delivered_at, gettext("Delivered"))
    if order.closed_at and order.state == OrderState.REFUNDED:
        yield Moment(order.closed_at, gettext("All of its money goes back"))


def _attempts(told: Told) -> Iterator[Moment]:
    for payment in Payment.objects.filter(order_id=told.order.id).select_related("channel").defer("channel__config"):
        closed = gettext("closed, it can no longer be paid") if payment.state == PaymentState.CLOSED else ""
        more = ", ".join(filter(None, [named(payment.channel), closed]))
        yield Moment(payment.created_at, gettext("Was asked to pay"), "", more, ids.show("pay", payment.id))


def _receipts(told: Told) -> Iterator[Moment]:
    order = told.order
    found = list(Receipt.objects.filter(order_id=order.id).exclude(outcome=ReceiptOutcome.SETTLED))
    if order.paid_at:  # by its moment, which is indexed; by its order alone only what is unusual is
        plain = Receipt.objects.filter(received_at=order.paid_at, order_id=order.id, outcome=ReceiptOutcome.SETTLED)
        found.extend(plain)
    for one in found:
        yield Moment(
            one.received_at,
            str(OUTCOMES[one.outcome]),
            amount(one.amount, one.currency),
            number=one.trade_no,
            is_trouble=one.outcome in _UNUSUAL,
        )


def _transfers(told: Told) -> Iterator[Moment]:
    payments = list(Payment.objects.filter(order_id=told.order.id).values_list("id", flat=True))
    link = reverse("office:transfers") if told.may(Room.TRANSFERS) else ""
    for line in BankLine.objects.filter(payment_id__in=payments).select_related("recorded_by", "decided_by"):
        came = amount(line.amount, line.currency)
        waits = line.state == BankLineState.RECORDED
        words = gettext("A transfer was written down")
        yield Moment(line.recorded_at, words, came, str(line.recorded_by), line.bank_no, link if waits else "")
        if line.decided_at:
            confirmed = line.state == BankLineState.CONFIRMED
            words = gettext("The transfer was confirmed") if confirmed else gettext("The transfer was discarded")
            yield Moment(line.decided_at, words, came, str(line.decided_by or ""), line.bank_no)


def _opened(told: Told) -> Iterator[Moment]:
    """Tell when codes were opened, the first and the last: an order may have thousands."""
    codes = delivered_codes(told.order.id)
    opened = sorted(code.revealed_at for code in codes if code.revealed_at)
    if not opened:
        return
    of = {"n": len(opened), "all": len(codes)}
    yield Moment(opened[0], gettext("The buyer opened a code"), more=gettext("%(n)d of %(all)d are open by now") % of)
    if opened[-1] != opened[0]:
        yield Moment(opened[-1], gettext("The buyer opened the last of these"))


def _letters(told: Told) -> Iterator[Moment]:
    for letter in letters_to_buyer(told.order, told.hold):
        words = pgettext("order", "Mail: %(what)s") % {"what": letters.letter_in_words(letter.kind)}
        trouble = letter.state != LetterState.SENT
        more = ", ".join(filter(None, [str(letters.STATES[letter.state]), letter.problem]))
        yield Moment(letter.sent_at or letter.tried_at, words, more=more, is_trouble=trouble)


def _steps(told: Told) -> Iterator[Moment]:
    steps = history_of(told.order.id)
    people = User.objects.in_bulk({step.by_id for step in steps if step.by_id})
    for step in steps:
        by = " ".join(filter(None, [str(ROLES.get(step.role, step.role)), str(people.get(step.by_id or 0, ""))]))
        words = pgettext("order", "Escrow: %(what)s") % {"what": EVENTS.get(step.event, step.event)}
        came = amount(step.amount, told.order.currency) if step.amount else ""
        yield Moment(step.at, words, came, by, note_for_people(step.note), reverse("office:hold", args=[_shown(told)]))


def _shown(told: Told) -> str:
    return ids.show("ord", told.order.id)


def _cases(told: Told) -> Iterator[Moment]:
    kinds = kinds_open_to(told.reader)
    for case in Case.objects.filter(order_id=told.order.id, kind__in=kinds):
        link = reverse("office:case", args=[case.shown_id])
        for move in CaseMove.objects.filter(case=case).order_by("version"):
            if words := line_of(move, case):
                yield Moment(move.at, f"{KINDS[case.kind]}: {words}", number=case.shown_id, link=link)  # type: ignore[index]  # the column holds the enum's values


def _asked(told: Told) -> Iterator[Moment]:
    """Tell what staff gave back of their own accord, asked for and decided."""
    found = list(staff_refunds("").filter(order_id=told.order.id))
    people = User.objects.in_bulk({one.asked_by_id for one in found} | {one.decided_by_id for one in found})
    link = f"{reverse('office:own_refunds')}?q={_shown(told)}" if told.may(Room.REFUNDS) else ""
    for one in found:
        sum_ = amount(one.amount, one.currency)
        by = str(people.get(one.asked_by_id, ""))
        at = _begun(told, one.asked_at)
        yield Moment(at, gettext("Staff asked to give money back"), sum_, f"{by}: {one.reason}", link=link)
        if one.decided_at and _was_decided_apart(one):
            done = one.state == StaffRefundState.DONE
            words = gettext("A second person agreed") if done else gettext("It was refused or taken back")
            yield Moment(one.decided_at, words, sum_, str(people.get(one.decided_by_id or 0, "")))


def _matched(told: Told) -> Iterator[Moment]:
    """Tell who said that money without an order is this one's, and who agreed."""
    found = SuspenseProposal.objects.filter(order_id=told.order.id).select_related("asked_by", "decided_by")
    for one in found:
        came, number = amount(one.amount, one.currency), ids.show("jrn", one.journal_id)
        link = reverse("office:money_unmatched", args=[number]) if told.may(Room.REFUNDS) else ""
        words = gettext("Staff proposed that money without an order is for this one")
        yield Moment(one.asked_at, words, came, f"{one.asked_by}: {one.reason}", one.trade_no, link)
        if one.decided_at:
            done = one.state == ProposalState.DONE
            words = gettext("A second person agreed") if done else gettext("It was refused or taken back")
            yield Moment(one.decided_at, words, came, str(one.decided_by or ""), link=link)


def _begun(told: Told, at: datetime) -> datetime:
    """Return when the act began that wrote something at a moment of our clock.

    What it did to the hold has the time at which its transaction began, which may be a moment earlier.
    """
    same_act = (step.at for step in history_of(told.order.id) if timedelta(0) <= at - step.at < _ONE_ACT)
    return min(same_act, default=at)


def _was_decided_apart(one: StaffRefund) -> bool:
    return one.needs_two or one.state == StaffRefundState.REFUSED


def _refunds(told: Told) -> Iterator[Moment]:
    for one in Refund.objects.filter(order_id=told.order.id):
        number, back = ids.show("ref", one.id), amount(one.amount, one.currency)
        link = reverse("office:refund", args=[number]) if told.may(Room.REFUNDS) else ""
        goes = gettext("into the balance") if one.goes_to == RefundTo.WALLET else gettext("the way it was paid")
        more = f"{REASONS[one.reason]}, {goes}"
        yield Moment(one.created_at, gettext("Money is to go back"), back, more, number, link)
        if one.done_at:
            yield Moment(one.done_at, gettext("The money went back"), back, "", number, link)
        elif one.state == RefundState.NEEDS_STAFF:
            words, why = gettext("The refund got stuck: somebody has to decide"), hindrance_in_words(one.problem)
            yield Moment(one.created_at, words, back, why, number, link, is_trouble=True)


#: In the order in which they are told where several happened in one second: one act writes several rows.
_GATHER: tuple[Callable[[Told], Iterator[Moment]], ...] = (
    *(_order, _attempts, _over, _receipts, _transfers, _matched, _delivered, _opened, _cases, _asked, _steps, _refunds),
    _letters,
)
