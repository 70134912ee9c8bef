"""What the office shows: the state of jobs, mail, money and machine, each read when asked for."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django
from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

import xinka
from xinka.disputes.queries import n_for_staff
from xinka.disputes.states import CaseKind
from xinka.escrow.queries import n_freezes_waiting, n_splits_stuck, n_staff_refunds_waiting
from xinka.flows.trying_mail import TRIAL
from xinka.kernel import ids
from xinka.ledger.models import Journal
from xinka.office.policies import Room
from xinka.payments.models import BankLine, Channel, ChannelChange, Receipt, Refund, SuspenseProposal
from xinka.payments.states import BankLineState, ProposalState, ReceiptOutcome, RefundState
from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState, ReturnState
from xinka.platform.audit.models import Report
from xinka.platform.jobs.queue import MAIL
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.vault.models import DataKey
from xinka.reconciling.models import Difference
from xinka.reconciling.states import DifferenceState

_MOST = 50
#: The report that ``xinka backup`` leaves, and how long until the next is missed.
BACKUP = "backup"
BACKUP_AT_LEAST_EVERY = timedelta(days=2)
_UNSENT = (PayoutState.ASKED, PayoutState.APPROVED)

_JOBS = """
SELECT queue_name, count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),
  count(*) FILTER (WHERE status IN ('failed', 'aborted')),
  min(coalesce(scheduled_at, now())) FILTER (WHERE status = 'todo')
FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed', 'aborted') GROUP BY 1 ORDER BY 1
"""
_DEAD = """
SELECT j.id, j.task_name, j.attempts, p.at, coalesce(p.problem, '')
FROM procrastinate_jobs j LEFT JOIN job_problem p ON p.job_id = j.id
WHERE j.status IN ('failed', 'aborted') ORDER BY j.id DESC LIMIT %s
"""
#: Kinds of trouble, with how many jobs meet each; a gateway or a mail server that is away is one line, not hundreds.
_TRIED_AGAIN = """
SELECT j.task_name, p.problem, count(*), max(p.at), min(j.scheduled_at)
FROM procrastinate_jobs j JOIN job_problem p ON p.job_id = j.id
WHERE j.status = 'todo' AND j.attempts > 0 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20
"""
_N_DEAD = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('failed', 'aborted')"
_CREWS = "SELECT id, last_heartbeat FROM procrastinate_workers ORDER BY last_heartbeat DESC LIMIT 20"
_OUTBOX = "SELECT count(*), min(at) FROM outbox_event"
_SERVER = """
SELECT current_setting('server_version'), pg_database_size(current_database()), pg_postmaster_start_time()
"""


@dataclass(frozen=True)
class Queue:
    """One queue of jobs."""

    name: str
    waiting: int
    running: int
    dead: int


@dataclass(frozen=True)
class DeadLetter:
    """A job that failed for good, and why."""

    id: int
    task: str
    attempts: int
    at: datetime | None
    problem: str


@dataclass(frozen=True)
class TriedAgain:
    """Jobs of one kind that failed for the same reason and are tried again by themselves."""

    task: str
    problem: str
    n: int
    at: datetime
    next_at: datetime | None


@dataclass(frozen=True)
class Crew:
    """One crew of a worker process."""

    id: int
    seen_at: datetime

    @property
    def is_alive(self) -> bool:
        """Whether its heartbeat is fresh."""
        return timezone.now() - self.seen_at < timedelta(seconds=settings.WORKER_STALLED_AFTER)


@dataclass(frozen=True)
class MailState:
    """How mail is doing."""

    #: Letters that a worker has to send yet, whether they were tried or not.
    n_waiting: int
    #: With those that were given up.
    n_open: int
    n_refused: int
    n_sent_today: int
    last_sent_at: datetime | None
    #: With the number of the order that it brings the goods of, if it does.
    troubled: list[tuple[SentLetter, str]]
    leaves_by: str
    #: The newest test letter that a server was asked to take.
    trial: SentLetter | None = None


@dataclass(frozen=True)
class Machine:
    """Versions and room."""

    versions: list[tuple[str, str]]
    database_bytes: int
    database_since: datetime
    disk_free: int
    disk_total: int

    @property
    def disk_is_low(self) -> bool:
        """Whether less than a tenth of the disk is free."""
        return self.disk_free * 10 < self.disk_total


@dataclass(frozen=True)
class SystemState:
    """Everything on the system page."""

    queues: list[Queue]
    dead: list[DeadLetter]
    n_dead: int
    tried_again: list[TriedAgain]
    crews: list[Crew]
    n_events: int
    oldest_event_at: datetime | None
    mail: MailState
    reports: list[Report]
    machine: Machine
    #: What became of the last ``xinka backup``; None before the first.
    backup: Report | None
    #: When the master key was changed, while keys of before are still needed.
    keys_retired_at: datetime | None = None
    read_at: datetime = field(default_factory=timezone.now)

    @property
    def backup_whole_at(self) -> datetime | None:
        """When the last whole backup was made."""
        at = self.backup.details.get("whole_at") if self.backup else None
        return datetime.fromisoformat(at) if at else None

    @property
    def is_manned(self) -> bool:
        """Whether anybody works on the jobs."""
        return any(crew.is_alive for crew in self.crews)


@dataclass(frozen=True)
class Tasks:
    """What waits for a person."""

    n_dead: int = 0
    n_refunds: int = 0
    n_unmatched: int = 0
    n_broken: int = 0
    n_cases: int = 0
    n_chargebacks: int = 0
    n_differences: int = 0
    n_payouts: int = 0
    n_returns: int = 0
    n_transfers: int = 0
    n_freezes: int = 0
    n_splits: int = 0
    n_staff_refunds: int = 0
    n_channel_changes: int = 0
    #: One while not everything is sealed anew after the master key was changed.
    n_reseals: int = 0
    #: One while the last backup failed or is old; who makes none with ``xinka backup`` hears nothing.
    n_backups: int = 0

    @property
    def total(self) -> int:
        """How many things that is."""
        return sum(getattr(self, one.name) for one in fields(self))


def _unmatched() -> QuerySet[Receipt]:
    """Return money of no order that still waits: nobody sends it back, and the books do not say what became of it."""
    taken_up = Refund.objects.filter(channel_id=OuterRef("channel_id"), trade_no=OuterRef("trade_no"))
    key = Concat(Value("suspense:"), OuterRef("channel_id"), Value(":"), OuterRef("trade_no"), output_field=TextField())
    told = Journal.objects.filter(key=key)
    return Receipt.objects.filter(~Exists(taken_up), ~Exists(told), outcome=ReceiptOutcome.UNMATCHED)


def _rows(statement: str, *params: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())


#: What may wait in which room, and how many of it do.
_WAITING: dict[str, tuple[Room, Callable[[], int]]] = {
    "n_dead": (Room.SYSTEM, lambda: int(_rows(_N_DEAD)[0][0])),
    "n_reseals": (Room.SYSTEM, lambda: int(keys_retired_at() is not None)),
    "n_broken": (Room.SYSTEM, lambda: Report.objects.filter(holds=False).exclude(name=BACKUP).count()),
    "n_backups": (Room.SYSTEM, lambda: _backups_missed().count()),
    "n_refunds": (Room.REFUNDS, lambda: Refund.objects.filter(state=RefundState.NEEDS_STAFF).count()),
    "n_unmatched": (Room.REFUNDS, lambda: _unmatched().count()),
    "n_cases": (Room.CASES, lambda: n_for_staff(set(CaseKind) - {CaseKind.CHARGEBACK})),
    "n_chargebacks": (Room.CHARGEBACKS, lambda: n_for_staff({CaseKind.CHARGEBACK})),
    "n_freezes": (Room.FREEZES, n_freezes_waiting),
    "n_splits": (Room.SPLITS, n_splits_stuck),
    "n_staff_refunds": (Room.REFUNDS, n_staff_refunds_waiting),
    "n_payouts": (Room.PAYOUTS, lambda: Payout.objects.filter(state__in=_UNSENT).count()),
    "n_returns": (Room.PAYOUTS, lambda: PayoutReturn.objects.filter(state=ReturnState.ASKED).count()),
    "n_channel_changes": (Room.CHANNELS, lambda: ChannelChange.objects.filter(decided_at=None).count()),
    "n_transfers": (Room.TRANSFERS, lambda: BankLine.objects.filter(state=BankLineState.RECORDED).count()),
    "n_differences": (Room.BILLS, lambda: Difference.objects.filter(state=DifferenceState.OPEN).count()),
}


def _backups_missed() -> QuerySet[Report]:
    """Return the last backup, if it failed or the next one is overdue."""
    overdue = Q(holds=False) | Q(at__lt=timezone.now() - BACKUP_AT_LEAST_EVERY)
    return Report.objects.filter(overdue, name=BACKUP)


def keys_retired_at() -> datetime | None:
    """Return when the master key was changed last, if the data keys of before are not destroyed yet."""
    newest = DataKey.objects.filter(retired_at__isnull=False).order_by("-retired_at").first()
    return newest.retired_at if newest else None


def tasks(rooms: Collection[Room]) -> Tasks:
    """Return what waits for somebody to whom these rooms are open."""
    return Tasks(**{name: count() for name, (room, count) in _WAITING.items() if room in rooms})


def system_state() -> SystemState:
    """Read everything on the system page."""
    ((n_dead,),) = _rows(_N_DEAD)
    ((n_events, oldest),) = _rows(_OUTBOX)
    queues = [Queue(name, waiting, running, dead) for name, waiting, running, dead, _ in _rows(_JOBS)]
    return SystemState(
        queues=queues,
        dead=[DeadLetter(*row) for row in _rows(_DEAD, _MOST)],
        n_dead=n_dead,
        tried_again=[TriedAgain(*row) for row in _rows(_TRIED_AGAIN)],
        crews=[Crew(*row) for row in _rows(_CREWS)],
        n_events=n_events,
        oldest_event_at=oldest,
        mail=mail_state(queues),
        reports=list(Report.objects.filter(name__in=["books", "sweep"]).order_by("name")),
        machine=machine(),
        backup=Report.objects.filter(name=BACKUP).first(),
        keys_retired_at=keys_retired_at(),
    )


def mail_state(queues: Sequence[Queue]) -> MailState:
    """Read how mail is doing."""
    letters = SentLetter.objects
    today = timezone.now() - timedelta(days=1)
    last = letters.filter(state=LetterState.SENT).order_by("-tried_at").first()
    waiting = sum(queue.waiting + queue.running for queue in queues if queue.name == MAIL)
    return MailState(
        n_waiting=waiting,
        n_open=waiting + sum(queue.dead for queue in queues if queue.name == MAIL),
        n_refused=letters.filter(state=LetterState.REFUSED).count(),
        n_sent_today=letters.filter(state=LetterState.SENT, tried_at__gte=today).count(),
        last_sent_at=last.sent_at if last else None,
        troubled=[
            (letter, ids.show("ord", letter.subject) if letter.kind == "goods" else "")
            for letter in letters.exclude(state=LetterState.SENT).order_by("-tried_at")[:10]
        ],
        leaves_by=_leaves_by(),
        trial=letters.filter(kind=TRIAL).order_by("-tried_at").first(),
    )


def _leaves_by() -> str:
    """Return where mail goes, without user name or password."""
    if settings.EMAIL_BACKEND.endswith("folder.EmailBackend"):
        return f"file {settings.EMAIL_FILE_PATH}"  # type: ignore[misc]  # set from EMAIL_URL
    return f"smtp {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


def machine() -> Machine:
    """Read versions, sizes and times."""
    ((server, size, since),) = _rows(_SERVER)
    settings.ENVIRONMENT.data_dir.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(settings.ENVIRONMENT.data_dir)
    versions = [
        ("Xinka", xinka.__version__),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("PostgreSQL", str(server).partition(" ")[0]),
    ]
    return Machine(versions, size, since, disk.free, disk.total)


def refunds_open() -> QuerySet[Refund]:
    """Return refunds that are not done, those that wait for staff first."""
    found = Refund.objects.exclude(state=RefundState.DONE).select_related("channel").defer("channel__config")
    waits = Case(When(state=RefundState.NEEDS_STAFF, then=0), default=1)
    return found.order_by(waits, "created_at", "id")


def receipts_unmatched() -> QuerySet[Receipt]:
    """Return money that came for no order of ours and still waits, the newest first."""
    return _unmatched().order_by("-received_at", "channel_id", "trade_no")


def receipts_in_words(found: Sequence[Receipt]) -> list[tuple[Receipt, str, Channel | None, bool]]:
    """Return some of this money, each with our number of it, its channel, and whether something is proposed for it."""
    channels = Channel.objects.defer("config").in_bulk({receipt.channel_id for receipt in found})
    asked = SuspenseProposal.objects.filter(state=ProposalState.ASKED, journal_id__in=[one.journal_id for one in found])
    waiting = set(asked.values_list("journal_id", flat=True))
    return [
        (one, ids.show("jrn", one.journal_id), channels.get(one.channel_id), one.journal_id in waiting) for one in found
    ]


def receipt_unusual(journal_id: UUID) -> Receipt | None:
    """Return money that did not settle plainly by its journal; of such there are few."""
    return Receipt.objects.filter(~Q(outcome=ReceiptOutcome.SETTLED), journal_id=journal_id).first()
