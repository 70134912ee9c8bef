"""A payout that was paid and came back: its bank returned it days later, and the balance has the money again.

One person of finance enters it with the bank's number; from a limit on another one agrees, for this is money that
appears. What a gateway itself says of a payout through it needs nobody. Locks as in ``asking``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.accounts.models import User
from xinka.flows.payouts.asking import locked, move, shown
from xinka.flows.payouts.mailing import MAIL_PAYOUT, News
from xinka.flows.payouts.payees import books_of, lock_payee
from xinka.flows.payouts.review import refuse_own
from xinka.kernel.actors import Role
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.payments.errors import ProposalDecided, ProposalKeyTaken, ProposalSameEyes, ProposalWaits
from xinka.payouts.errors import KeptTooMuch, PayoutMoved, PayoutNotFound, ReturnNumberTaken
from xinka.payouts.models import Payout, PayoutAccount, PayoutReturn
from xinka.payouts.states import PayoutEvent, PayoutState, ReturnState
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

log = logging.getLogger(__name__)

_LONGEST = 200
_LONGEST_NUMBER = 64

#: What one person alone entered for the same payee within this time counts together, or many small ones would do what
#: one large one may not.
_TOGETHER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a bank says of a payout that it sent back: why, under which number, and what it kept for that."""

    payout_id: UUID
    reason: str
    reference: str
    kept: int = 0


def eyes_needed(payout: Payout) -> int:
    """Return how many people have to say that a payout came back."""
    same = Payout.objects.filter(**payout.payee.columns, currency=payout.currency)
    alone = PayoutReturn.objects.filter(payout__in=same, eyes=1, asked_at__gt=timezone.now() - _TOGETHER)
    before: int = alone.aggregate(sum=Sum("payout__amount"))["sum"] or 0
    return 2 if before + payout.amount >= settings.PAYOUT_FOUR_EYES_FROM.of(payout.currency) else 1


def enter_return(told: Returned, *, key: UUID, by: User) -> PayoutReturn:
    """Enter that a bank returned a payout; from the limit on it waits for another person. The same key is one return.

    Raises:
        PayoutNotFound, NotYourOwn.
        PayoutMoved: if it is not paid, or was returned before.
        ProposalWaits: if somebody said so already, and another has to agree.
        ProposalKeyTaken: if the key was used for something else.
        ReturnNumberTaken: if another payout was returned under this number.
        KeptTooMuch: if more was kept than was paid, or a gateway kept something: its bill tells of that.
    """
    try:
        with transaction.atomic():
            payout = _locked_with_payee(told.payout_id)
            refuse_own(payout, by)
            known = PayoutReturn.objects.filter(id=key).first()
            if known is not None:
                return _the_same(known, told)
            _refuse_untrue(payout, told)
            entry = _written(payout, told, key, by)
            _decide_alone(payout, entry, by)
    except IntegrityError:  # the number was taken at this very moment, by another payout's return
        raise ReturnNumberTaken from None
    return entry


def enter_line(payout: Payout, told: Returned, *, by: User) -> bool:
    """Enter a line of a bank's file, whose payee and payout are locked; false where it said so before.

    Raises:
        PayoutMoved: if the bank had told of this return under another number.
        See :func:`enter_return`.
    """
    standing = _standing(payout)
    if standing is not None and (standing.reference == told.reference or not told.reference):
        return False
    if standing is not None:
        raise PayoutMoved
    _refuse_untrue(payout, told)
    _decide_alone(payout, _written(payout, told, new_uuid(), by), by)
    return True


def decide_return(return_id: UUID, *, grant: bool, by: User) -> PayoutReturn:
    """Agree that a payout came back, which enters it in the same transaction, or refuse; who said so may take it back.

    Raises:
        ProposalDecided: if it does not wait any more.
        ProposalSameEyes: if who said so would agree.
        NotYourOwn: if it is their money, or that of their shop.
    """
    with transaction.atomic():
        found = PayoutReturn.objects.filter(id=return_id).first()
        if found is None:
            raise ProposalDecided
        payout = _locked_with_payee(found.payout_id)
        refuse_own(payout, by)
        entry = PayoutReturn.objects.select_for_update().get(id=return_id)
        if entry.state != ReturnState.ASKED:
            raise ProposalDecided
        if not grant:
            _decide(entry, ReturnState.REFUSED, by)
            _note(by, "payout.refuse_return", payout, entry)
            return entry
        if entry.asked_by_id == by.pk:
            raise ProposalSameEyes
        _carry_out(payout, entry, Role.FINANCE, by)
    return entry


def returned_by_gateway(payout_id: UUID, *, reason: str, reference: str) -> bool:
    """Enter that a gateway says by itself that a payout which it had paid came back; false if it is known.

    What somebody proposed meanwhile is refused with it: the gateway's own word stands in its place.

    Raises:
        PayoutNotFound: if there is none.
        PayoutMoved: if it was not paid, or not through a gateway.
    """
    with transaction.atomic():
        payout = _locked_with_payee(payout_id)
        if payout.state == PayoutState.RETURNED:
            return False
        if not payout.channel_id:
            raise PayoutMoved
        if (waits := _standing(payout)) is not None:
            _decide(waits, ReturnState.REFUSED, None)
        told = Returned(
            payout_id,
            (reason or _("returned by the gateway"))[:_LONGEST],
            (reference or shown(payout))[:_LONGEST_NUMBER],
        )
        entry = _written(payout, told, new_uuid(), None)
        _carry_out(payout, entry, Role.PSP, None)
    return True


def lock_payees_of(payout_ids: Iterable[UUID]) -> None:
    """Hold the rows of the payees of these payouts, each once and always in the same order."""
    found = Payout.objects.filter(id__in=list(payout_ids)).defer("account_sealed")
    for payee in sorted({payout.payee for payout in found}, key=lambda one: (one.is_buyer, one.owner_id)):
        lock_payee(payee)


def _locked_with_payee(payout_id: UUID) -> Payout:
    """Return a payout whose payee's row this transaction holds, and then its own: whoever asks for one comes after."""
    known = Payout.objects.filter(id=payout_id).only("merchant_id", "buyer_id").first()
    if known is None:
        raise PayoutNotFound
    lock_payee(known.payee)
    return locked(payout_id)


def _standing(payout: Payout) -> PayoutReturn | None:
    return PayoutReturn.objects.filter(payout=payout).exclude(state=ReturnState.REFUSED).first()


def _the_same(known: PayoutReturn, told: Returned) -> PayoutReturn:
    if (known.payout_id, known.reason, known.reference, known.kept) != (
        told.payout_id,
        told.reason,
        told.reference,
        told.kept,
    ):
        raise ProposalKeyTaken
    return known


def _refuse_untrue(payout: Payout, told: Returned) -> None:
    if payout.state != PayoutState.PAID:
        raise PayoutMoved
    if _standing(payout) is not None:
        raise ProposalWaits
    if told.kept < 0 or told.kept > (0 if payout.channel_id else payout.amount):
        raise KeptTooMuch
    same = PayoutReturn.objects.filter(channel_id=payout.channel_id, reference=told.reference)
    if same.exclude(state=ReturnState.REFUSED).exists():
        raise ReturnNumberTaken


def _written(payout: Payout, told: Returned, key: UUID, by: User | None) -> PayoutReturn:
    return PayoutReturn.objects.create(
        id=key,
        payout=payout,
        reason=told.reason,
        reference=told.reference,
        channel_id=payout.channel_id,
        kept=told.kept,
        eyes=eyes_needed(payout) if by else 0,
        state=ReturnState.ASKED,
        asked_by=by,
        asked_at=timezone.now(),
    )


def _decide_alone(payout: Payout, entry: PayoutReturn, by: User) -> None:
    """Carry out what one person may say; what takes two waits for the other."""
    if entry.eyes > 1:
        _note(by, "payout.propose_return", payout, entry)
        return
    _carry_out(payout, entry, Role.FINANCE, by)


def _carry_out(payout: Payout, entry: PayoutReturn, role: Role, by: User | None) -> None:
    now = timezone.now()
    move(payout, PayoutEvent.RETURN, role, problem=entry.reason, due_at=None)
    run(post([_came_back(payout, entry.kept, by)]))
    _decide(entry, ReturnState.DONE, by, now)
    PayoutAccount.objects.filter(id=payout.account_id).update(
        returned_at=now,
        returned_why=entry.reason if by else "",  # a gateway's words are for staff
    )
    run(defer(MAIL_PAYOUT, [{"subject": payout.id, "news": News.RETURNED.value}]))
    _note(by, "payout.return", payout, entry)
    log.warning(f"payout.{News.RETURNED}", extra={"payout": shown(payout), "role": role.value})  # noqa: G004 - one word


def _came_back(payout: Payout, kept: int, by: User | None) -> Journal:
    """P7, returned: to where it left from, less what the bank kept, which the shop bears; the payee has all of it.

    The fee of the payout is not in it: the transfer was made.
    """
    books, source = books_of(payout.payee), Account.CLEARING if payout.channel_id else Account.BANK_TRUST
    legs = (
        Leg(source, payout.amount - kept),
        Leg(Account.PSP_FEE, kept),
        Leg(books.available, -payout.amount, payout.payee.owner_id),
    )
    kind, key = JournalKind.PAYOUT_RETURNED, f"payout/{payout.id}/payout_returned"
    by_id = by.pk if by else None
    return Journal(kind, key, payout.currency, legs, channel_id=payout.channel_id, by_id=by_id)


def _decide(entry: PayoutReturn, target: ReturnState, by: User | None, now: datetime | None = None) -> None:
    """Decide it, if it still waits."""
    fields = {"state": target.value, "decided_by_id": by.pk if by else None, "decided_at": now or timezone.now()}
    if PayoutReturn.objects.filter(id=entry.id, state=ReturnState.ASKED).update(**fields) != 1:
        raise ProposalDecided
    for name, value in fields.items():
        setattr(entry, name, value)


def _note(by: User | None, act: str, payout: Payout, entry: PayoutReturn) -> None:
    told: dict[str, str | int] = {"amount": payout.amount, "currency": payout.currency}
    told |= {"reason": entry.reason, "reference": entry.reference}
    if entry.asked_by_id is not None:
        told["asked_by"] = int(entry.asked_by_id)
    record(by, act, shown(payout), **told)
