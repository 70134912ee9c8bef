"""What happened to a payout, in the order in which it did: for whose money it is, and for staff with who did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import pgettext

from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState, ReturnState
from xinka.payouts.words import STATES


@dataclass(frozen=True, slots=True)
class Moment:
    """One step: what it was, when, who took it (for staff), and what was said with it."""

    words: str
    at: datetime
    by: str = ""
    note: str = ""


def story_of(payout: Payout) -> list[Moment]:
    """Return what happened to a payout so far, the first step first."""
    given = payout.approvals.filter(round=payout.round).select_related("by")
    found = [Moment(pgettext("payout", "Asked for"), payout.asked_at, str(payout.asked_by))]
    found += [Moment(pgettext("payout", "Approved"), one.at, str(one.by)) for one in given]
    if payout.sent_at is not None:
        found.append(Moment(pgettext("payout", "Sent"), payout.first_sent_at or payout.sent_at))
    if payout.called_back_at is not None:
        found.append(Moment(pgettext("payout", "Called back"), payout.called_back_at))
    if payout.finished_at is not None:
        found.append(Moment(_ended(payout), payout.finished_at, note=payout.reference))
    found += [_came_back(one) for one in payout.returns.filter(state=ReturnState.DONE).select_related("decided_by")]
    return sorted(found, key=lambda moment: moment.at)


def _ended(payout: Payout) -> str:
    """Return how it ended first: what came back had been paid."""
    state = PayoutState(payout.state)
    return str(STATES[PayoutState.PAID if state is PayoutState.RETURNED else state][0])


def _came_back(one: PayoutReturn) -> Moment:
    by = str(one.decided_by) if one.decided_by else ""
    return Moment(str(STATES[PayoutState.RETURNED][0]), one.decided_at or one.asked_at, by, one.reference)
