"""What happens when somebody's time is over. Each timer fires once, whoever fires it and however late.

A timer is a moment and an event on the row of its case. Whoever locks the row and still finds it due fires it; every
move takes the timer off or sets another, so a late worker finds nothing to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from uuid import UUID

from django.db import transaction

from xinka.disputes.actions import move, put_off
from xinka.disputes.models import Case
from xinka.disputes.queries import due_cases
from xinka.disputes.states import CaseEvent, CaseState, Outcome
from xinka.flows.disputes import money
from xinka.flows.disputes.cases import hand_to_staff
from xinka.flows.disputes.deciding import carry_out
from xinka.flows.disputes.mailing import mail_move_later
from xinka.kernel.actors import TIMER
from xinka.kernel.errors import Refusal
from xinka.platform.jobs.each_alone import each_alone

log = logging.getLogger(__name__)

#: A timer that cannot be carried out now (the hold is frozen by a case of the authorities) is tried again after this.
_PUT_OFF = timedelta(hours=1)


def fire_due(now: datetime, limit: int = 200) -> int:
    """Fire what is due and return how many timers that were; each is a transaction of its own."""
    due = due_cases(now, limit)
    return sum(each_alone((f"case {case_id.hex}", partial(_fire, case_id, now)) for case_id in due).values())


def _fire(case_id: UUID, now: datetime) -> bool:
    try:
        with transaction.atomic():
            case = Case.objects.select_for_update(skip_locked=True).filter(id=case_id, due_at__lte=now).first()
            if case is None or case.state == CaseState.CLOSED:
                return False  # another worker, or the person who was waited for, was quicker
            _EVENTS[CaseEvent(case.due_event)](case, now)
    except Refusal as refusal:
        log.warning("case.timer_put_off", extra={"case": case_id.hex, "code": refusal.code})
        _try_later(case_id, now)
        return False
    except Exception:
        _try_later(case_id, now)
        raise
    return True


def _try_later(case_id: UUID, now: datetime) -> None:
    case = Case.objects.filter(id=case_id, due_at__lte=now).first()
    if case is not None:
        put_off(case, now + _PUT_OFF)


def _refund(case: Case, now: datetime) -> None:
    """The seller said nothing: the buyer gets the money back."""
    fields = {"outcome": money.ends_as(case, Outcome.REFUNDED)}
    move(case, CaseEvent.SELLER_SILENT, TIMER, now=now, fields=fields, details={"amount": case.amount})
    money.give_back(case, case.amount, by=TIMER)
    money.resume_hold(case)
    mail_move_later(case)


def _hand_over(case: Case, now: datetime) -> None:
    """Nobody answered a question: staff look at it as a dispute."""
    move(case, CaseEvent.QUESTION_UNANSWERED, TIMER, now=now, fields=hand_to_staff(case, now))
    mail_move_later(case)


def _lapse(case: Case, now: datetime) -> None:
    """The buyer said nothing more: the case is closed and the hold's time goes on."""
    move(case, CaseEvent.BUYER_SILENT, TIMER, now=now, fields={"outcome": Outcome.LAPSED.value})
    money.resume_hold(case)
    mail_move_later(case)


def _is_late(case: Case, now: datetime) -> None:
    """Staff are late: it is shown first, and nothing else changes."""
    move(case, CaseEvent.REVIEW_LATE, TIMER, now=now, fields={"is_late": True})


def _evidence_is_late(case: Case, now: datetime) -> None:
    """No evidence was sent in time: the gateway decides without."""
    move(case, CaseEvent.EVIDENCE_LATE, TIMER, now=now, fields={"is_late": True})


def _carry_out(case: Case, now: datetime) -> None:
    carry_out(case, by=TIMER, now=now)


_EVENTS: Mapping[CaseEvent, Callable[[Case, datetime], None]] = MappingProxyType(
    {
        CaseEvent.SELLER_SILENT: _refund,
        CaseEvent.QUESTION_UNANSWERED: _hand_over,
        CaseEvent.BUYER_SILENT: _lapse,
        CaseEvent.REVIEW_LATE: _is_late,
        CaseEvent.EVIDENCE_LATE: _evidence_is_late,
        CaseEvent.CARRY_OUT: _carry_out,
    }
)
