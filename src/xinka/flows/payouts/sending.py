"""How payouts end: they are sent in a file for a bank or through a gateway, and then paid or not.

Being paid, and failing, each happen once: the state moves by a conditional update, in the transaction of the books.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.payouts.asking import give_back, locked, move, shown
from xinka.flows.payouts.mailing import MAIL_PAYOUT, News
from xinka.flows.payouts.payees import books_of
from xinka.flows.payouts.returning import Returned, enter_line, lock_payees_of
from xinka.flows.payouts.review import refuse_own
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.kernel.cells import safe_cell
from xinka.kernel.errors import BadIdentifier
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.payouts.details import AccountKind, open_details, payout_place
from xinka.payouts.errors import BadResultFile, NothingToSend, PayoutMoved, ReturnNumberMissing
from xinka.payouts.models import Payout, PayoutBatch
from xinka.payouts.queries import not_own
from xinka.payouts.states import MOVES, PayoutEvent, PayoutState
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

log = logging.getLogger(__name__)

MOST_IN_A_FILE = 500
HEADING = ("payout", "name", "bank", "account", "network", "amount", "currency")
_RESULTS = {"paid": True, "ok": True, "成功": True, "已付": True, "failed": False, "失败": False}
#: Words for what the bank sent back after it had paid; while it is being sent, that is a failure.
_RETURNED = frozenset({"returned", "退票"})
_LONGEST = 200
_LONGEST_NUMBER = 64
ASK_ABOUT_PAID_AFTER = timedelta(days=1)
#: How much is quoted of a value that is wrong.
_SHOWN = 40
_NEWS = {PayoutEvent.PAY: News.PAID, PayoutEvent.FAIL: News.FAILED, PayoutEvent.CANCEL: News.CALLED_BACK}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bank or a person says became of one payout; ``reference`` is its number there.

    ``is_called_back`` is a gateway's word for what is not paid because somebody asked to have it back, ``is_returned``
    a bank's for what it sent back: after it was paid, or else it has failed.
    """

    payout_id: UUID
    is_paid: bool
    reference: str = ""
    why: str = ""
    is_called_back: bool = False
    is_returned: bool = False

    @property
    def event(self) -> PayoutEvent:
        """What happens to the payout."""
        if self.is_paid:
            return PayoutEvent.PAY
        return PayoutEvent.CANCEL if self.is_called_back else PayoutEvent.FAIL


def make_batch(kind: AccountKind, currency: str, *, by: User) -> PayoutBatch:
    """Put approved payouts to one kind of account into a new file; from here on they are being sent.

    Money of ``by``, or of shops they belong to, is left to somebody else.

    Raises:
        NothingToSend: if there are none.
    """
    with transaction.atomic():
        ready = Payout.objects.select_for_update(skip_locked=True).filter(
            state=PayoutState.APPROVED, account_kind=kind, currency=currency
        )
        chosen = list(not_own(ready, by.pk).order_by("id")[:MOST_IN_A_FILE])
        if not chosen:
            raise NothingToSend
        now = timezone.now()
        total = sum(payout.amount for payout in chosen)
        batch = PayoutBatch.objects.create(
            made_by=by, made_at=now, kind=kind, currency=currency, n_payouts=len(chosen), total=total
        )
        for payout in chosen:
            move(payout, PayoutEvent.SEND, Role.FINANCE, batch=batch, sent_at=now)
        record(by, "payout.batch", f"batch {batch.id}", payouts=len(chosen), total=total, currency=currency)
    return batch


def file_of(batch: PayoutBatch, *, by: User) -> str:
    """Return the file of a batch, with the accounts in clear; that it was taken is written down."""
    record(by, "payout.batch_file", f"batch {batch.id}", payouts=batch.n_payouts)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADING)
    for payout in batch.payouts.order_by("id"):
        writer.writerow([safe_cell(cell) for cell in _cells(payout)])
    return "\ufeff" + text.getvalue()


def _cells(payout: Payout) -> tuple[str, ...]:
    to = open_details(payout.account_sealed, payout_place(payout.id))
    amount = plain_amount(payout.amount, payout.currency)
    return (shown(payout), to.holder, to.bank, to.number, to.network, amount, payout.currency)


def read_outcomes(text: str) -> list[Outcome]:
    """Return the outcomes in a file with the columns ``payout``, ``result`` and, if wanted, ``reference``, ``why``.

    Raises:
        BadResultFile: at the first line that cannot be read.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        missing = [name for name in ("payout", "result") if name not in (reader.fieldnames or ())]
        if missing:
            zh = "没有这一列。第一行要写列名：payout,result,reference,why"
            en = "it is missing. The first line names the columns: payout,result,reference,why"
            raise BadResultFile(line=1, column=", ".join(missing), why_zh=zh, why_en=en)
        return list(_outcomes(reader))
    except csv.Error as error:
        zh, en = f"这一行不是完整的 CSV（{error}）", f"this line is no whole CSV ({error})"
        raise BadResultFile(line=reader.line_num + 1, column="—", why_zh=zh, why_en=en) from None


def _outcomes(reader: csv.DictReader[str]) -> Iterator[Outcome]:
    seen: dict[UUID, int] = {}
    for row in reader:
        line, number = reader.line_num, (row["payout"] or "").strip()
        try:
            payout_id = ids.parse("out", number)
        except BadIdentifier:
            zh, en = f"“{number[:_SHOWN]}”不是提现号（out_…）", f"“{number[:_SHOWN]}” is no payout number (out_…)"
            raise BadResultFile(line=line, column="payout", why_zh=zh, why_en=en) from None
        if payout_id in seen:
            zh, en = f"第 {seen[payout_id]} 行已经写过这笔提现", f"line {seen[payout_id]} names this payout already"
            raise BadResultFile(line=line, column="payout", why_zh=zh, why_en=en)
        seen[payout_id] = line
        told = (row["result"] or "").strip()
        is_returned = told.lower() in _RETURNED
        result = False if is_returned else _RESULTS.get(told.lower())
        if result is None:
            zh = f"“{told[:_SHOWN]}”不对，只能是 paid、failed 或 returned（退票）"
            en = f"“{told[:_SHOWN]}” is neither paid nor failed nor returned"
            raise BadResultFile(line=line, column="result", why_zh=zh, why_en=en)
        reference, why = ((row.get(name) or "").strip()[:_LONGEST] for name in ("reference", "why"))
        yield Outcome(payout_id, result, reference, why, is_returned=is_returned)


def record_outcomes(batch: PayoutBatch, outcomes: Sequence[Outcome], *, by: User) -> int:
    """Enter what became of payouts of a batch, all or nothing; return how many were news.

    What was paid and came back is returned, or waits for another person where it takes two.

    Raises:
        PayoutMoved: if one is not of this batch, or had the other outcome before.
        NotYourOwn: if one is of ``by``, or of a shop that they belong to.
        ReturnNumberMissing, ReturnNumberTaken: if one was returned without a number, or with that of another.
    """
    n_new = 0
    with transaction.atomic():
        lock_payees_of(outcome.payout_id for outcome in outcomes if outcome.is_returned)
        for outcome in sorted(outcomes, key=lambda one: one.payout_id):
            payout = locked(outcome.payout_id)
            if payout.batch_id != batch.id:
                raise PayoutMoved
            refuse_own(payout, by)
            n_new += _enter(payout, outcome, by)
        record(by, "payout.outcomes", f"batch {batch.id}", told=len(outcomes), new=n_new)
    return n_new


def _enter(payout: Payout, outcome: Outcome, by: User) -> bool:
    if outcome.is_returned and payout.state in {PayoutState.PAID, PayoutState.RETURNED}:
        if not outcome.reference:
            raise ReturnNumberMissing(payout=shown(payout))
        reason = outcome.why or "银行退票 / returned by the bank"
        return enter_line(payout, Returned(payout.id, reason, outcome.reference[:_LONGEST_NUMBER]), by=by)
    return settle_outcome(payout, outcome, Role.FINANCE)


def settle_outcome(payout: Payout, outcome: Outcome, role: Role) -> bool:
    """End a payout whose row is locked, in the books too; false when it had ended just so before.

    Raises:
        PayoutMoved: if it is not being sent, or ended otherwise.
    """
    event = outcome.event
    if payout.state == MOVES[PayoutState.SENDING, event].next:
        return False
    if outcome.is_paid and payout.state == PayoutState.RETURNED:
        return False  # so it was, before it came back: the first file, read again
    told: dict[str, object] = {"reference": outcome.reference or payout.reference, "problem": outcome.why}
    told |= {"package": None, "confirm_by": None}  # what opened the payee's page opens nothing any more
    now = timezone.now()
    # What a gateway paid, a bank behind it may still send back: it is asked for some days (``looking_again``). Where
    # a person looked there instead, it is not asked again.
    due_at = now + ASK_ABOUT_PAID_AFTER if outcome.is_paid and role is Role.PSP else None
    move(payout, event, role, finished_at=now, due_at=due_at, **told)
    if outcome.is_paid:
        run(post([_paid(payout)]))
    else:
        give_back(payout)
    news = _NEWS[event]
    run(defer(MAIL_PAYOUT, [{"subject": payout.id, "news": news.value}]))
    log.info(f"payout.{news}", extra={"payout": shown(payout)})  # noqa: G004 - one of three fixed words
    return True


def _paid(payout: Payout) -> Journal:
    """P7, paid: by the bank out of the trust account, or by a gateway out of what it owes us; the fee is ours."""
    source = Account.CLEARING if payout.channel_id else Account.BANK_TRUST
    legs = (
        Leg(books_of(payout.payee).in_transit, payout.total, payout.payee.owner_id),
        Leg(source, -payout.amount),
        Leg(Account.PAYOUT_FEE, -payout.fee),
    )
    kind = JournalKind.PAYOUT_PAID
    return Journal(kind, f"payout/{payout.id}/payout_paid", payout.currency, legs, channel_id=payout.channel_id)
