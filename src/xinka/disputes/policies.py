"""Which moves somebody can make in a case now: the table of moves, and what each move needs besides."""

from __future__ import annotations

from xinka.disputes.models import Case
from xinka.disputes.states import MOVES, CaseEvent, CaseKind, CaseState
from xinka.kernel.actors import Role


def can(case: Case, event: CaseEvent, role: Role) -> bool:
    """Whether this part may bring this event about now."""
    move = MOVES.get((CaseState(case.state), event))
    if move is None or role not in move.actors:
        return False
    match event:
        case CaseEvent.ACCEPT | CaseEvent.DECLINE:
            return bool(case.offer)
        case CaseEvent.RAISE:
            return case.kind == CaseKind.QUESTION
        case CaseEvent.APPEAL | CaseEvent.WAIVE:
            return not (case.buyer_waived if role is Role.BUYER else case.seller_waived)
        case _:
            return True


def moves_for(case: Case, role: Role) -> dict[str, bool]:
    """Return what a page offers: the name of every event, and whether it can be brought about now."""
    return {event.value: can(case, event, role) for event in CaseEvent}
