"""Payouts through a gateway: sent once, and whatever had no answer is asked about before it is sent again.

That an attempt begins is committed before the gateway hears of it. So after a crash at any point, the next look finds
an attempt on record and asks first; our number, which the gateway pays once, is the second guard.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.accounts.models import User
from xinka.flows.alone import alone_with
from xinka.flows.payouts.asking import locked, move, shown
from xinka.flows.payouts.confirming import keep_package
from xinka.flows.payouts.payees import role_of, title_for
from xinka.flows.payouts.payers import channels_that_pay, payer_of
from xinka.flows.payouts.review import refuse_own
from xinka.flows.payouts.sending import Outcome, settle_outcome
from xinka.kernel.actors import Role
from xinka.kernel.errors import ProviderError, Refusal
from xinka.payments.models import Channel
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payouts.details import AccountKind, open_details, payout_place
from xinka.payouts.errors import NothingToSend, NotToBeCalledBack, PayoutMoved, PayoutNotFound
from xinka.payouts.models import Payout
from xinka.payouts.payees import Payee
from xinka.payouts.providers.protocol import (
    PayoutProvider,
    TakesBack,
    TransferRequest,
    TransferResult,
    TransferStatus,
)
from xinka.payouts.queries import not_own
from xinka.payouts.states import PayoutEvent, PayoutState
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MONEY, Job, defer
from xinka.platform.jobs.retries import in_words

log = logging.getLogger(__name__)

SEND_PAYOUT = Job("payout.send", MONEY)
#: An attempt without an answer may still arrive; until this much later, "not found" proves nothing.
MAY_STILL_ARRIVE = timedelta(minutes=10)
#: How soon the gateway is asked again about what it has not finished.
ASK_AGAIN = timedelta(minutes=2)
#: Gateways forget numbers (PayPal after thirty days) and stop telling of them (WeChat too). Later than this after the
#: first attempt nothing is sent again and "not found" proves nothing: a person looks and enters what became of it.
NUMBERS_ARE_KNOWN_FOR = timedelta(days=29)
MOST_AT_ONCE = 500
#: How often one is sent only to hear again what opens the payee's page.
MOST_SENDINGS = 5
_LOCK_SPACE = 0x5041594F
_LONGEST = 200
_ENDS = {TransferStatus.DONE, TransferStatus.FAILED, TransferStatus.CALLED_BACK}


def send_through(payout_id: UUID, channel_id: int, *, by: User) -> Payout:
    """Have an approved payout sent through a gateway.

    Raises:
        PayoutNotFound, NotYourOwn, PayoutMoved.
        NothingToSend: if that channel does not pay such accounts.
        BadChannel: if its settings do not do for payouts.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        refuse_own(payout, by)
        channels = {one.id: one for one in channels_that_pay(AccountKind(payout.account_kind), payout.currency)}
        if channel_id not in channels:
            raise NothingToSend
        payer_of(channels[channel_id])
        now = timezone.now()
        move(payout, PayoutEvent.SEND, Role.FINANCE, channel_id=channel_id, sent_at=now, due_at=now)
        run(defer(SEND_PAYOUT, [{"subject": payout.id}]))
        record(by, "payout.send", shown(payout), amount=payout.amount, currency=payout.currency, channel=channel_id)
    return payout


def send_all_through(kind: AccountKind, channel: tuple[int, str], *, by: User) -> int:
    """Have approved payouts to one kind of account sent through a gateway (its number, its currency); return how many.

    Money of ``by``, or of shops they belong to, is left to somebody else.

    Raises:
        NothingToSend: if there are none, or that channel does not pay such accounts.
        BadChannel: if its settings do not do for payouts.
    """
    channel_id, currency = channel
    with transaction.atomic():
        ready = Payout.objects.select_for_update(skip_locked=True).filter(
            state=PayoutState.APPROVED, account_kind=kind, currency=currency
        )
        chosen = not_own(ready, by.pk).order_by("id")
        found = list(chosen.values_list("id", flat=True)[:MOST_AT_ONCE])
        if not found:
            raise NothingToSend
        for payout_id in found:
            send_through(payout_id, channel_id, by=by)
    return len(found)


def execute(payout_id: UUID, *, now: datetime | None = None) -> PayoutState:
    """Bring one payout forward by one step and return its state; what had no answer is looked at again soon."""
    with alone_with(_LOCK_SPACE, payout_id) as alone:
        payout = Payout.objects.get(id=payout_id)
        if not alone or payout.state != PayoutState.SENDING or not payout.channel_id:
            return PayoutState(payout.state)
        moment = now or timezone.now()
        try:
            return _step(payout, provider_for(payout), moment)
        except (ProviderError, Refusal) as error:  # no answer, or a channel that is not usable: looked at again soon
            return _wait(payout, moment, in_words(error) if isinstance(error, ProviderError) else str(error))


def _step(payout: Payout, provider: PayoutProvider, now: datetime) -> PayoutState:
    if payout.attempts:
        found = provider.query(shown(payout), payout.reference)
        if payout.called_back_at is not None:
            return _call_back(payout, provider, found, now)
        if found.status is TransferStatus.TO_CONFIRM and _lacks_package(payout):
            # The answer that had it was lost. The gateway has one payout under this number and says it again.
            return _send(payout, provider, now)
        if found.status not in {TransferStatus.NOT_FOUND, TransferStatus.UNTOLD}:
            return _enter(payout, found, now)
        if payout.sent_at is not None and now < payout.sent_at + MAY_STILL_ARRIVE:
            return _wait(payout, now, _("the gateway does not know it yet"))
        first = payout.first_sent_at or payout.sent_at
        if first is None or now >= first + NUMBERS_ARE_KNOWN_FOR:
            return _wait(payout, now, _("too old to be sent again; look at the gateway and enter what became of it"))
    return _send(payout, provider, now)


def _call_back(payout: Payout, provider: PayoutProvider, found: TransferResult, now: datetime) -> PayoutState:
    """Have the gateway take back what still waits; it ends by what the gateway tells when it is asked afterwards.

    Nothing that is called back is sent again, not even where the gateway does not know it any more.
    """
    said = ""
    if found.status is TransferStatus.TO_CONFIRM and isinstance(provider, TakesBack):
        try:
            provider.cancel(shown(payout), payout.reference)
        except ProviderError as error:  # a no proves nothing either: its payee may have been quicker
            said = in_words(error)
        found = provider.query(shown(payout), payout.reference)
    if found.status in _ENDS:
        return _enter(payout, found, now)
    if found.status is TransferStatus.NOT_FOUND:
        said = _("the gateway does not know it any more: look there and enter what became of it")
    return _wait(payout, now, said or found.why)


def _lacks_package(payout: Payout) -> bool:
    return not payout.awaits_payee and payout.attempts < MOST_SENDINGS


def call_back(payout_id: UUID, *, by: User, payee: Payee | None = None) -> Payout:
    """Ask for a payout back that waits for its payee; without ``payee`` it is finance that asks.

    It is only asked for here, and committed before the gateway hears of it: the money comes back to the balance when
    the gateway says that nobody can take it any more, and a payee who confirms before that is paid. Asking again
    changes nothing.

    Raises:
        PayoutNotFound: if there is none (of this payee).
        NotYourOwn: if it is the money of whoever asks for finance, or of their shop.
        NotToBeCalledBack: if it does not wait for its payee, or its gateway takes nothing back.
        BadChannel: if the channel's settings are not usable.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        if payee is None:
            refuse_own(payout, by)
        elif payout.payee != payee:
            raise PayoutNotFound
        if not payout.awaits_payee or not isinstance(provider_for(payout), TakesBack):
            raise NotToBeCalledBack
        if payout.may_be_called_back:
            now = timezone.now()
            _note(payout, called_back_at=now, due_at=now)
            run(defer(SEND_PAYOUT, [{"subject": payout.id}]))
            role = Role.FINANCE if payee is None else role_of(payee)
            record(
                by, "payout.call_back", shown(payout), amount=payout.amount, currency=payout.currency, role=role.value
            )
    return payout


def settle_by_hand(payout_id: UUID, outcome: Outcome, *, by: User) -> Payout:
    """Enter what somebody found out about a payout that a gateway does not tell of any more.

    Raises:
        PayoutNotFound, NotYourOwn.
        PayoutMoved: if it is not being sent through a gateway.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        refuse_own(payout, by)
        if not payout.channel_id:
            raise PayoutMoved
        settle_outcome(payout, outcome, Role.FINANCE)
        words = outcome.reference or outcome.why
        record(
            by,
            "payout.by_hand",
            shown(payout),
            amount=payout.amount,
            currency=payout.currency,
            paid=int(outcome.is_paid),
            note=words,
        )
    return payout


def provider_for(payout: Payout) -> PayoutProvider:
    """Return the gateway a payout is sent through."""
    return payer_of(Channel.objects.get(id=payout.channel_id))


def _send(payout: Payout, provider: PayoutProvider, now: datetime) -> PayoutState:
    is_first = not payout.attempts
    first = {"first_sent_at": now} if is_first else {}
    _note(payout, attempts=payout.attempts + 1, sent_at=now, due_at=now + ASK_AGAIN, **first)
    to = open_details(payout.account_sealed, payout_place(payout.id))
    request = TransferRequest(shown(payout), to, payout.amount, payout.currency, title_for(payout))
    try:
        found = provider.send(request)
    except ProviderError as error:
        if not error.permanent or isinstance(error, OutcomeUnknown):
            raise
        # A "no" may also mean that it has this number already: only what it does not know has failed.
        found = provider.query(request.number, payout.reference)
        # Where it cannot be asked, a no counts for the first attempt only: an earlier one may have been paid.
        if found.status is TransferStatus.NOT_FOUND or (found.status is TransferStatus.UNTOLD and is_first):
            found = TransferResult(TransferStatus.FAILED, why=in_words(error))
    return _enter(payout, found, now)


def _wait(payout: Payout, now: datetime, why: str) -> PayoutState:
    _note(payout, problem=why[:200], due_at=now + ASK_AGAIN)
    log.info("payout.waits", extra={"payout": shown(payout), "why": why})
    return PayoutState.SENDING


def _note(payout: Payout, **fields: object) -> None:
    Payout.objects.filter(id=payout.id, state=PayoutState.SENDING).update(**fields)
    for name, value in fields.items():
        setattr(payout, name, value)


def _enter(payout: Payout, found: TransferResult, now: datetime) -> PayoutState:
    if found.reference and found.reference != payout.reference:
        _note(payout, reference=found.reference[:_LONGEST])
    if found.amount_minor not in {0, payout.amount}:
        return _wait(payout, now, _("the gateway tells of another amount") + f": {found.amount_minor}")
    if found.status is TransferStatus.TO_CONFIRM and found.package:
        keep_package(payout, found)
    if found.status not in _ENDS:
        return _wait(payout, now, found.why)
    is_paid, is_back = found.status is TransferStatus.DONE, found.status is TransferStatus.CALLED_BACK
    with transaction.atomic():
        row = locked(payout.id)
        settle_outcome(row, Outcome(row.id, is_paid, found.reference, found.why[:200], is_back), Role.PSP)
    return PayoutState(row.state)


def ask_now(payout_id: UUID, now: datetime) -> bool:
    """Ask the gateway about one payout at once, because its payee says it is confirmed; false if it was asked just now.

    Whoever holds the link may say so as often as they like: the gateway is asked once in ten seconds at most.
    """
    asked_before = now + ASK_AGAIN - timedelta(seconds=10)
    claimed = Payout.objects.filter(id=payout_id, state=PayoutState.SENDING, channel_id__gt=0, due_at__lte=asked_before)
    if claimed.update(due_at=now + ASK_AGAIN) != 1:
        return False
    execute(payout_id, now=now)
    return True


def ask_about_open(now: datetime) -> int:
    """Queue a look at every payout whose time has come; return how many.

    This, and not the job's own retries, is what brings payouts home: it needs no worker to have survived.
    """
    with transaction.atomic():
        due = Payout.objects.select_for_update(skip_locked=True).filter(
            state=PayoutState.SENDING, channel_id__gt=0, due_at__lte=now
        )
        found = list(due.order_by("due_at").values_list("id", flat=True)[:50])
        Payout.objects.filter(id__in=found).update(due_at=now + ASK_AGAIN)
        run(defer(SEND_PAYOUT, [{"subject": payout_id} for payout_id in found]))
    return len(found)
