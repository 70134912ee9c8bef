"""What was said, shown and done in a case, in one row, as its page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinka.disputes.actions import text_of
from xinka.disputes.models import Case, Evidence, Message
from xinka.disputes.words import line_of, who
from xinka.kernel.actors import Role
from xinka.platform.files.kinds import FileKind
from xinka.platform.files.models import StoredFile


@dataclass(frozen=True)
class ShownFile:
    """One piece of evidence: its number, and what the page says of it."""

    shown_id: str
    name: str
    size: int
    is_image: bool


@dataclass(frozen=True)
class Said:
    """One message, or with ``line`` one step of the record."""

    at: datetime
    line: str = ""
    role: str = ""
    who: str = ""
    text: str = ""
    is_mine: bool = False
    files: tuple[ShownFile, ...] = ()


def thread_of(case: Case, viewer: Role) -> list[Said]:
    """Return the thread, the oldest first; messages come before the step they made."""
    messages = list(case.messages.prefetch_related("evidence"))
    files = _files(messages)
    said = [_message(message, viewer, files) for message in messages]
    lines = [Said(step.at, line=line) for step in case.moves.order_by("version") if (line := line_of(step, case))]
    return sorted(said + lines, key=lambda one: (one.at, bool(one.line)))


def _files(messages: list[Message]) -> dict[object, StoredFile]:
    wanted = [one.file_id for message in messages for one in message.evidence.all()]
    return {file.id: file for file in StoredFile.objects.filter(id__in=wanted).defer("envelope")}


def _message(message: Message, viewer: Role, files: dict[object, StoredFile]) -> Said:
    mine = {viewer.value} | ({Role.ARBITER.value} if viewer is Role.STAFF else set())
    return Said(
        message.at,
        role=message.role,
        who=who(message.role),
        text=text_of(message),
        is_mine=message.role in mine,
        files=tuple(_file(one, files[one.file_id]) for one in message.evidence.all()),
    )


def _file(evidence: Evidence, file: StoredFile) -> ShownFile:
    return ShownFile(evidence.shown_id, file.name, file.size, FileKind(file.kind).is_image)
