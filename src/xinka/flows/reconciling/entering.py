"""Money that only a gateway's bill tells of, and that names no payment of ours, is entered by two people.

It comes into suspense as a notice without an order would have brought it, once: whatever tells of the same money later
finds its receipt. From there it meets its order, or goes back, by two people again (``flows.matching``).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.reconciling.bills import Day
from xinka.flows.reconciling.differences import DifferenceMoved, move, payment_behind, subject_of
from xinka.flows.settle import VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.payments.errors import ProposalDecided, ProposalKeyTaken, ProposalSameEyes, ProposalWaits, TradeMismatch
from xinka.payments.models import Channel, Receipt
from xinka.platform.audit.actions import record
from xinka.reconciling.models import Difference, LineEntry
from xinka.reconciling.states import About, DifferenceState, EntryState, What

log = logging.getLogger(__name__)

#: A line's own time is believed if it is so near to noon of the bill's day; calendars differ by less than a day.
_NEAR = timedelta(hours=36)


def may_be_entered(found: Difference) -> bool:
    """Whether a difference is money that no notice told of and no payment of ours can be asked about."""
    is_open = found.state != DifferenceState.RESOLVED
    is_money = found.what == What.MISSING_HERE and found.about == About.PAYMENT and (found.there_amount or 0) > 0
    return is_open and is_money and payment_behind(found) is None and receipt_of(found) is None


def receipt_of(found: Difference) -> Receipt | None:
    """Return the receipt of the money that a line tells of, whoever told of it since."""
    return Receipt.objects.filter(channel_id=found.bill.channel_id, trade_no=found.trade_no).first()


def propose_entry(difference_id: int, *, reason: str, key: UUID, by: User) -> LineEntry:
    """Ask that the money of a line be entered; nothing is before another person agrees.

    Raises:
        DifferenceMoved: if it is over, is no such money, or its money is known by now.
        ProposalWaits: if somebody asked before.
        ProposalKeyTaken: if the key was used for something else.
    """
    try:
        with transaction.atomic():
            found = _locked(difference_id)
            known = LineEntry.objects.filter(id=key).first()
            if known is not None:
                return _the_same(known, difference_id, reason)
            if not may_be_entered(found):
                raise DifferenceMoved
            amount, currency = _facts(found)
            entry = LineEntry.objects.create(
                id=key,
                difference=found,
                amount=amount,
                currency=currency,
                reason=reason,
                state=EntryState.ASKED,
                asked_by=by,
                asked_at=timezone.now(),
            )
            record(by, "difference.propose_entry", subject_of(found), amount=amount, currency=currency, reason=reason)
    except IntegrityError:
        raise ProposalWaits from None
    return entry


def _the_same(known: LineEntry, difference_id: int, reason: str) -> LineEntry:
    if (known.difference_id, known.reason) != (difference_id, reason):
        raise ProposalKeyTaken
    return known


def decide_entry(entry_id: UUID, *, grant: bool, by: User) -> LineEntry:
    """Agree, which enters the money in the same transaction, or refuse; who asked may take it back.

    Raises:
        ProposalDecided: if it does not wait any more.
        ProposalSameEyes: if who asked would agree.
        DifferenceMoved: if the bill says something else by now, or somebody said that nothing is left to do.
        TradeMismatch: if the gateway itself told of this money meanwhile, with another amount.
    """
    with transaction.atomic():
        asked = LineEntry.objects.filter(id=entry_id).first()
        if asked is None:
            raise ProposalDecided
        found = _locked(asked.difference_id)
        asked = LineEntry.objects.select_for_update().get(id=entry_id)
        if asked.state != EntryState.ASKED:
            raise ProposalDecided
        if not grant:
            _move(asked, EntryState.REFUSED, by)
            record(by, "difference.refuse_entry", subject_of(found), **_told(asked))
            return asked
        if asked.asked_by_id == by.pk:
            raise ProposalSameEyes
        if found.state == DifferenceState.RESOLVED or _facts(found) != (asked.amount, asked.currency):
            raise DifferenceMoved
        _enter(asked, found, by)
    return asked


def _enter(asked: LineEntry, found: Difference, by: User) -> None:
    if (receipt := receipt_of(found)) is None:
        receipt = _received(found)
    if (receipt.amount, receipt.currency) != _facts(found):
        raise TradeMismatch
    _move(asked, EntryState.DONE, by, journal_id=receipt.journal_id)
    move(found, DifferenceState.RESOLVED, by=by, note=f"entered: {receipt.outcome}")
    record(by, "difference.enter", subject_of(found), **_told(asked), outcome=receipt.outcome)
    log.info("difference.entered", extra={"difference": found.id, "outcome": receipt.outcome})


def _received(found: Difference) -> Receipt:
    """Enter the money as one that names no payment, and return its receipt; one that came in this moment is found."""
    amount, currency = _facts(found)
    try:
        settlement = settle_now(VerifiedMoney(found.bill.channel_id, None, found.trade_no, amount, currency))
    except TradeMismatch:  # its notice was recorded between our look and our insert, and tells the whole story
        settlement = None
    ours = Receipt.objects.filter(channel_id=found.bill.channel_id, trade_no=found.trade_no)
    if settlement and settlement.is_new:
        # Orders it may be for are looked for about the day on which it came, which is not today.
        ours.update(received_at=_moment(found))
    return ours.get()


def _moment(found: Difference) -> datetime:
    """Return when the money came, by its line; where the line does not say, noon of the bill's day."""
    channel = Channel.objects.defer("config").get(id=found.bill.channel_id)
    noon = Day(channel, found.bill.day).start + timedelta(hours=12)
    told = found.there_at if found.there_at and abs(found.there_at - noon) <= _NEAR else noon
    return min(told, timezone.now())


def _facts(found: Difference) -> tuple[int, str]:
    return found.there_amount or 0, found.there_currency


def _told(asked: LineEntry) -> dict[str, str | int]:
    return {"amount": asked.amount, "currency": asked.currency, "asked_by": int(asked.asked_by_id)}


def _locked(difference_id: int) -> Difference:
    found = Difference.objects.select_for_update(of=["self"]).select_related("bill").filter(id=difference_id).first()
    if found is None:
        raise DifferenceMoved
    return found


def _move(asked: LineEntry, target: EntryState, by: User, **more: object) -> None:
    """Decide it, if it still waits."""
    fields = {"state": target.value, "decided_by_id": by.pk, "decided_at": timezone.now()} | more
    if LineEntry.objects.filter(id=asked.id, state=EntryState.ASKED).update(**fields) != 1:
        raise ProposalDecided
    for name, value in fields.items():
        setattr(asked, name, value)
