"""What the letters about a case say, to the buyer and to the merchant: what is, what it means for the money, what next.

Nothing that anybody wrote in the case goes into a mail: mailboxes are read by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from xinka.disputes.models import Case, CaseMove
from xinka.disputes.states import CaseEvent, CaseKind, Offer
from xinka.disputes.words import decision_in_words, offer_in_words
from xinka.kernel.actors import Role
from xinka.platform.look.templatetags.look import amount


@dataclass(frozen=True)
class Words:
    """A subject and what follows."""

    title: str
    paragraphs: tuple[str, ...]


def letter_words(case: Case, move: CaseMove, to: Role) -> Words | None:
    """Return the words of one move to one side, or ``None`` when that side needs no letter about it."""
    until = move.details.get("until")
    facts = {
        "amount": amount(int(move.details.get("amount", case.amount)), case.currency),
        "until": timezone.localtime(datetime.fromisoformat(until)).strftime("%Y-%m-%d %H:%M") if until else "",
    }
    event = CaseEvent(move.event)
    if to is Role.BUYER:
        return _to_buyer(event, case, move, facts) or _to_both(event, case, move, facts)
    return _must_answer(event, case, facts) or _to_seller(event, facts) or _to_both(event, case, move, facts)


def _to_buyer(event: CaseEvent, case: Case, move: CaseMove, facts: dict[str, str]) -> Words | None:
    match event:
        case CaseEvent.OPEN:
            return Words(
                _("We stopped %(amount)s for you") % facts,
                (
                    _("The merchant cannot take it while this is open, and must answer until %(until)s.") % facts,
                    _("Without an answer you get the money back, or Xinka looks at your question.")
                    if case.kind == CaseKind.QUESTION
                    else _("Without an answer in time you get the money back."),
                ),
            )
        case CaseEvent.ANSWER:
            return Words(_("The merchant answered"), (_stays_open(facts),))
        case CaseEvent.OFFER:
            what = offer_in_words(str(move.details["offer"]), int(move.details["amount"]), case.currency)
            return Words(_("The merchant offers: %(offer)s") % {"offer": what}, (_stays_open(facts),))
        case CaseEvent.ACCEPT if move.details.get("offer") == Offer.REPLACE:
            return Words(_("Your fresh codes are there"), (_("Open the order to see them; they are sealed."),))
        case CaseEvent.ACCEPT | CaseEvent.CONCEDE | CaseEvent.SELLER_SILENT:
            first = _("It goes back the way you paid; another mail tells when it was sent.")
            if event is CaseEvent.SELLER_SILENT:
                return Words(_("The merchant did not answer. %(amount)s went back to you") % facts, (first,))
            return Words(_("%(amount)s go back to you") % facts, (first,))
        case CaseEvent.BUYER_SILENT:
            return Words(
                _("We closed your case"),
                (_("You did not answer in time, so the money's time goes on. You can open a case again until then."),),
            )
        case _:
            return None


def _stays_open(facts: dict[str, str]) -> str:
    return _("Please answer until %(until)s. Without an answer the case is closed and the money goes on.") % facts


def _must_answer(event: CaseEvent, case: Case, facts: dict[str, str]) -> Words | None:
    must = _("Answer until %(until)s. Without an answer the buyer gets the money back.") % facts
    if case.kind == CaseKind.QUESTION:
        must = _("Answer until %(until)s. Without an answer Xinka looks at it.") % facts
    match event:
        case CaseEvent.OPEN if case.kind == CaseKind.QUESTION:
            return Words(_("A buyer has a question; %(amount)s are stopped") % facts, (must,))
        case CaseEvent.OPEN | CaseEvent.RAISE:
            return Words(_("A buyer opened a dispute; %(amount)s are stopped") % facts, (must,))
        case CaseEvent.REPLY:
            return Words(_("The buyer answered"), (must,))
        case CaseEvent.DECLINE:
            return Words(_("The buyer turned your offer down"), (must,))
        case _:
            return None


def _to_seller(event: CaseEvent, facts: dict[str, str]) -> Words | None:
    words = {
        CaseEvent.ACCEPT: (_("The buyer took your offer"), _("It has been carried out; there is nothing to do.")),
        CaseEvent.WITHDRAW: (_("The buyer took the complaint back"), _("The money's time goes on.")),
        CaseEvent.SELLER_SILENT: (
            _("You did not answer. %(amount)s went back to the buyer") % facts,
            _("The time for an answer was over. This cannot be undone."),
        ),
        CaseEvent.BUYER_SILENT: (_("The case is closed"), _("The buyer did not answer; the money's time goes on.")),
        CaseEvent.GATEWAY_OPENED: (
            _("The buyer's bank asks for %(amount)s back") % facts,
            _("We set the sum aside from your balance and send evidence from our records."),
        ),
        CaseEvent.GATEWAY_WON: (_("The bank decided for you"), _("%(amount)s are in your balance again.") % facts),
        CaseEvent.GATEWAY_LOST: (_("The bank decided for the buyer"), _("%(amount)s stay with the bank.") % facts),
    }.get(event)
    return Words(words[0], (words[1],)) if words else None


def _to_both(event: CaseEvent, case: Case, move: CaseMove, facts: dict[str, str]) -> Words | None:
    match event:
        case CaseEvent.ESCALATE | CaseEvent.QUESTION_UNANSWERED:
            return Words(
                _("Xinka decides the case"),
                (_("Somebody of ours reads everything and decides until %(until)s. You may still add to it.") % facts,),
            )
        case CaseEvent.DECIDE:
            return Words(
                _("Decided: %(decision)s") % {"decision": _decision(case, move)},
                (
                    _("The reasons are on the page of the case."),
                    _("Whoever does not agree can appeal once, until %(until)s; then it is carried out.") % facts,
                ),
            )
        case CaseEvent.APPEAL:
            return Words(
                _("The decision was appealed"),
                (_("Another person decides until %(until)s, for good. Until then no money moves.") % facts,),
            )
        case CaseEvent.CARRY_OUT | CaseEvent.DECIDE_APPEAL:
            return Words(
                _("Carried out: %(decision)s") % {"decision": _decision(case, move)},
                (_("The reasons are on the page of the case. It is closed."),),
            )
        case _:
            return None


def _decision(case: Case, move: CaseMove) -> str:
    return decision_in_words(str(move.details["decision"]), int(move.details["amount"]), case.currency)
