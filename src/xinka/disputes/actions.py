"""The only writers of cases. Every move is one conditional update and one row of the log, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from xinka.disputes.errors import CaseIsOpen, CaseMoved, NotYourTurn, TooManyMessages
from xinka.disputes.models import Case, CaseMove, Evidence, Message
from xinka.disputes.states import MOVES, CaseEvent, CaseState
from xinka.kernel.actors import Actor
from xinka.kernel.ids import new_uuid
from xinka.platform.files.actions import Harmless, keep
from xinka.platform.vault.keys import CONTACTS, open_envelope, sealing_key

#: What one part may write in one case.
MOST_MESSAGES = 40
LONGEST_TEXT = 4000

Details = Mapping[str, str | int]


def begin(case: Case, event: CaseEvent, by: Actor, *, details: Details | None = None) -> Case:
    """Write a new case and the first line of its log.

    Raises:
        CaseIsOpen: if its order has an open one.
    """
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as error:
        if "case_one_open_per_order" in str(error) or "case_chargeback_once" in str(error):
            raise CaseIsOpen from None
        raise
    _log(case, event, by, case.opened_at, details)
    return case


def move(
    case: Case,
    event: CaseEvent,
    by: Actor,
    *,
    now: datetime,
    fields: Mapping[str, object] | None = None,
    details: Details | None = None,
) -> Case:
    """Move a case and return it as it is then. A timer that is not named in ``fields`` is taken off.

    Raises:
        CaseMoved: if the table has no such move, or somebody was quicker.
        NotYourTurn: if the move is another part's.
    """
    step = MOVES.get((CaseState(case.state), event))
    if step is None:
        raise CaseMoved
    if by.role not in step.actors:
        raise NotYourTurn
    changes = {"due_at": None, "due_event": "", **(fields or {})}
    changes |= {"state": step.next.value, "version": case.version + 1, "moved_at": now}
    if step.next is CaseState.CLOSED:
        changes["closed_at"] = now
    if Case.objects.filter(id=case.id, version=case.version).update(**changes) != 1:
        raise CaseMoved
    for name, value in changes.items():
        setattr(case, name, value)
    _log(case, event, by, now, details)
    return case


def _log(case: Case, event: CaseEvent, by: Actor, now: datetime, details: Details | None) -> None:
    until = {"until": case.due_at.isoformat()} if case.due_at else {}
    CaseMove.objects.create(
        case_id=case.id,
        version=case.version,
        event=event.value,
        state=case.state,
        role=by.role.value,
        author_id=by.user_id,
        at=now,
        details={**until, **(details or {})},
    )


def put_off(case: Case, until: datetime) -> bool:
    """Let a timer that could not be fired wait; false when the case has moved meanwhile."""
    return Case.objects.filter(id=case.id, version=case.version).update(due_at=until) == 1


def say(case: Case, by: Actor, text: str, files: Sequence[Harmless], *, now: datetime) -> Message:
    """Write down what somebody said and showed.

    Raises:
        TooManyMessages: if this part has said too much.
    """
    if case.messages.filter(role=by.role.value).count() >= MOST_MESSAGES:
        raise TooManyMessages
    identifier = new_uuid()
    message = Message.objects.create(
        id=identifier,
        case=case,
        role=by.role.value,
        author_id=by.user_id,
        body=sealing_key(CONTACTS).seal(text[:LONGEST_TEXT].encode(), message_place(identifier)),
        at=now,
    )
    for file in files:
        Evidence.objects.create(id=new_uuid(), message=message, file_id=keep(file, now=now).id)
    return message


def message_place(message_id: UUID) -> bytes:
    """Return the associated data of what somebody said."""
    return b"disputes_message.body:" + message_id.bytes


def text_of(message: Message) -> str:
    """Return what somebody said."""
    return open_envelope(message.body, message_place(message.id)).decode()
