"""A case as a line of steps: solid is done, dashed is under way, dotted may never happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from xinka.disputes.models import Case
from xinka.disputes.states import CaseEvent, CaseKind, CaseState, Outcome
from xinka.disputes.words import OUTCOMES


@dataclass(frozen=True)
class Step:
    """One node of the line; ``state`` is ``done``, ``now`` or ``next``."""

    state: str
    title: str
    text: str


def steps_of(case: Case, *, is_going_back: bool = False) -> list[Step]:
    """Return the steps of a case from its opening to its end.

    ``is_going_back`` says that money of its order is on its way to the buyer: the case has ended, its story has not.
    """
    if case.kind == CaseKind.CHARGEBACK:
        return _chargeback(case)
    return [*_turns(case), *_ends(case, is_going_back=is_going_back)]


def _turns(case: Case) -> list[Step]:
    state = CaseState(case.state)
    steps = [Step("done", _("Case opened"), _moment(case.opened_at))]
    if state is CaseState.AWAITS_SELLER:
        steps.append(Step("now", _("The merchant answers"), _until(case)))
    elif case.answered_at is not None:
        steps.append(Step("done", _("The merchant answered"), _moment(case.answered_at)))
    if state is CaseState.AWAITS_BUYER:
        steps.append(Step("now", _("The buyer chooses"), _until(case)))
    decided = case.moves.filter(event=CaseEvent.DECIDE).first()
    if decided is not None:
        steps.append(Step("done", _("Xinka decided"), _moment(decided.at)))
    elif state is CaseState.UNDER_REVIEW:
        steps.append(Step("now", _("Xinka decides"), _until(case)))
    elif case.is_open:
        steps.append(Step("next", _("Xinka decides"), _("only if you cannot agree")))
    if state is CaseState.DECIDED:
        steps.append(Step("now", _("Time to appeal"), _until(case)))
    elif state is CaseState.APPEALED:
        steps.append(Step("now", _("Another person decides"), _until(case)))
    return steps


def _ends(case: Case, *, is_going_back: bool) -> list[Step]:
    if is_going_back and not case.is_open and case.outcome in {Outcome.REFUNDED, Outcome.PART_REFUNDED}:
        return [_end(case), Step("now", _("The money is on its way back"), "")]
    return [_end(case)]


def _chargeback(case: Case) -> list[Step]:
    steps = [Step("done", _("The bank asked"), _moment(case.opened_at))]
    if case.state == CaseState.GATEWAY_ASKS:
        steps.append(Step("now", _("Evidence is sent"), _until(case)))
    elif sent := case.moves.filter(event__in=[CaseEvent.SEND_EVIDENCE, CaseEvent.EVIDENCE_LATE]).first():
        is_sent = sent.event == CaseEvent.SEND_EVIDENCE
        title = _("Evidence was sent to the bank") if is_sent else _("No evidence was sent in time")
        steps.append(Step("done", title, _moment(sent.at)))
    if case.is_open:
        waiting = "now" if case.state == CaseState.GATEWAY_DECIDES else "next"
        steps.append(Step(waiting, _("The bank decides"), _("weeks, sometimes months")))
    return [*steps, _end(case)]


def _end(case: Case) -> Step:
    if case.is_open and case.kind == CaseKind.CHARGEBACK:
        return Step("next", _("The end"), _("the merchant has the sum again, or the bank keeps it"))
    if case.is_open:
        return Step("next", _("The end"), _("refund, fresh code or release"))
    return Step("done", str(OUTCOMES[Outcome(case.outcome)]), _moment(case.closed_at))


def _until(case: Case) -> str:
    return _("until %(time)s") % {"time": _moment(case.due_at)} if case.due_at else _("overdue")


def _moment(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M") if at else ""
