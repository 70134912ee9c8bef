"""A case in words: what it is called, whose turn it is, and each line of its log as everybody may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.disputes.models import Case, CaseMove
from xinka.disputes.states import CaseEvent, CaseKind, CaseState, Decision, Offer, Outcome
from xinka.kernel.actors import Role
from xinka.platform.look.templatetags.look import amount

KINDS: Mapping[CaseKind, Promise] = MappingProxyType(
    {
        CaseKind.QUESTION: pgettext_lazy("case", "Question"),
        CaseKind.DISPUTE: pgettext_lazy("case", "Dispute"),
        CaseKind.CLAIM: pgettext_lazy("case", "After-sale claim"),
        CaseKind.CHARGEBACK: pgettext_lazy("case", "Chargeback"),
    }
)
OUTCOMES: Mapping[Outcome, Promise] = MappingProxyType(
    {
        Outcome.REFUNDED: pgettext_lazy("case", "Refund"),
        Outcome.PART_REFUNDED: pgettext_lazy("case", "Part refund"),
        Outcome.REPLACED: _("Replaced"),
        Outcome.RELEASED: _("Released to the merchant"),
        Outcome.WITHDRAWN: _("Taken back"),
        Outcome.LAPSED: _("Closed without an answer"),
        Outcome.WON: _("Won at the bank"),
        Outcome.LOST: _("Given back by the bank"),
    }
)


@dataclass(frozen=True)
class Badge:
    """A state in a few words, with the kind of badge and its icon."""

    words: str
    kind: str
    icon: str


def badge_for(case: Case, role: Role) -> Badge:
    """Return whose turn it is, as the one who looks would say it."""
    match CaseState(case.state):
        case CaseState.CLOSED:
            good = {Outcome.REFUNDED, Outcome.PART_REFUNDED, Outcome.REPLACED, Outcome.WON}
            return Badge(str(OUTCOMES[Outcome(case.outcome)]), "g" if case.outcome in good else "", "check")
        case CaseState.AWAITS_SELLER:
            return _turn(pgettext("case", "The merchant's turn"), mine=role is Role.SELLER)
        case CaseState.AWAITS_BUYER:
            return _turn(pgettext("case", "The buyer's turn"), mine=role is Role.BUYER)
        case CaseState.UNDER_REVIEW:
            return _turn(gettext("Xinka decides"), mine=role is Role.STAFF)
        case CaseState.APPEALED:
            return _turn(gettext("Appeal: Xinka decides"), mine=role is Role.STAFF)
        case CaseState.DECIDED:
            return Badge(gettext("Decided, may be appealed"), "held", "scale")
        case CaseState.GATEWAY_ASKS:
            return _turn(gettext("Evidence due"), mine=role is Role.STAFF)
        case CaseState.GATEWAY_DECIDES:
            return Badge(gettext("The bank decides"), "held", "clock")


def _turn(words: str, *, mine: bool) -> Badge:
    return Badge(gettext("Your turn"), "w", "clock") if mine else Badge(words, "held", "clock")


def decision_in_words(decision: str, minor: int, currency: str) -> str:
    """Return what was decided: the whole, a part or nothing goes back."""
    sums = {"amount": amount(minor, currency)}
    match Decision(decision):
        case Decision.REFUND:
            return gettext("%(amount)s go back to the buyer") % sums
        case Decision.PART:
            return gettext("%(amount)s go back to the buyer, the rest goes to the merchant") % sums
        case Decision.RELEASE:
            return gettext("the money goes to the merchant")


def offer_in_words(what: str, minor: int, currency: str) -> str:
    """Return what was offered."""
    if what == Offer.REPLACE:
        return gettext("Fresh codes from stock")
    return gettext("%(amount)s back") % {"amount": amount(minor, currency)}


def line_of(move: CaseMove, case: Case) -> str:
    """Return a line of the log; empty for moves that are told by their message."""
    event, details = CaseEvent(move.event), move.details
    sums = {"amount": amount(int(details.get("amount", case.amount)), case.currency)}
    decided = ""
    if "decision" in details:
        decided = decision_in_words(str(details["decision"]), int(details["amount"]), case.currency)
    lines = {
        CaseEvent.OPEN: gettext("%(amount)s stopped: the merchant cannot take it") % sums,
        CaseEvent.OFFER: gettext("The merchant offered: %(offer)s")
        % {"offer": offer_in_words(str(details.get("offer", "")), int(details.get("amount", 0)), case.currency)},
        CaseEvent.ACCEPT: gettext("The buyer took the offer"),
        CaseEvent.DECLINE: gettext("The buyer turned the offer down"),
        CaseEvent.CONCEDE: gettext("The merchant gave %(amount)s back") % sums,
        CaseEvent.WITHDRAW: gettext("The buyer took the complaint back"),
        CaseEvent.RAISE: gettext("The question became a dispute"),
        CaseEvent.ESCALATE: gettext("Handed to Xinka to decide"),
        CaseEvent.SELLER_SILENT: gettext("No answer in time: %(amount)s went back to the buyer") % sums,
        CaseEvent.QUESTION_UNANSWERED: gettext("No answer in time: Xinka looks at it"),
        CaseEvent.BUYER_SILENT: gettext("No answer from the buyer in time: closed"),
        CaseEvent.DECIDE: gettext("Xinka decided: %(decision)s") % {"decision": decided},
        CaseEvent.WAIVE: gettext("One side accepts the decision"),
        CaseEvent.CARRY_OUT: gettext("The decision was carried out"),
        CaseEvent.APPEAL: gettext("Appealed: another person decides"),
        CaseEvent.DECIDE_APPEAL: gettext("Decided for good: %(decision)s") % {"decision": decided},
        CaseEvent.GATEWAY_OPENED: gettext("The bank asks for %(amount)s back") % sums,
        CaseEvent.SEND_EVIDENCE: gettext("Evidence was sent to the bank"),
        CaseEvent.EVIDENCE_LATE: gettext("No evidence was sent in time"),
        CaseEvent.GATEWAY_WON: gettext("The bank decided for the merchant"),
        CaseEvent.GATEWAY_LOST: gettext("The bank decided for the buyer"),
    }
    return lines.get(event, "")


def who(role: str) -> str:
    """Return what a part is called in the thread."""
    return {
        Role.BUYER: pgettext("case", "Buyer"),
        Role.SELLER: pgettext("case", "Merchant"),
        Role.STAFF: pgettext("case", "Xinka staff"),
        Role.ARBITER: pgettext("case", "Xinka staff"),
    }.get(Role(role), gettext("Xinka record"))
