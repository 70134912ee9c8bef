"""Chargebacks: a bank takes a card payment back. What it took is set aside from the seller until it has decided.

The gateway tells in genuine notices, which are kept as events; a worker reads them here. The sum comes out of what the
seller can withdraw, then out of the reserve; what is missing the seller owes. Winning gives back exactly that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from xinka.accounts.models import User
from xinka.disputes import terms
from xinka.disputes.actions import begin, move
from xinka.disputes.errors import CaseIsOpen, CaseMoved, CaseNotFound
from xinka.disputes.models import Case
from xinka.disputes.reasons import Reason
from xinka.disputes.states import CaseEvent, CaseKind, CaseState, Outcome
from xinka.flows.disputes import money
from xinka.flows.disputes.cases import locked
from xinka.flows.disputes.mailing import mail_move_later
from xinka.flows.settle import match_key
from xinka.kernel.actors import Actor, Role
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import OWNED, Account, JournalKind
from xinka.ledger.models import Entry
from xinka.ledger.models import Journal as JournalRow
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balance_of, balances_of_merchant
from xinka.orders.models import Order
from xinka.payments.models import ProviderEvent, Receipt, Refund, SuspenseProposal
from xinka.payments.states import ProposalState, ReceiptOutcome
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import each_alone

log = logging.getLogger(__name__)

PSP = Actor(Role.PSP)
#: What gateways call the steps of a dispute (Stripe and PayPal, with their early warnings, which move no money yet).
_OPENED = frozenset({"opened", "open", "created", "needs_response", "under_review", "waiting_for_seller_response"})
_WON = frozenset({"won", "reinstated", "funds_reinstated", "resolved_seller_favour", "warning_closed", "prevented"})
_LOST = frozenset({"lost", "accepted", "resolved_buyer_favour"})
#: How long a dispute about money of nobody waits for its order; banks have decided by then.
_WAITS_FOR = timedelta(days=180)
#: How long the log says so at each look, of which there is one a minute.
_IS_NEWS_FOR = timedelta(minutes=2)
_TAKEN_FROM = (Account.SELLER_AVAILABLE, Account.SELLER_RESERVE)


@dataclass(frozen=True)
class Chargeback:
    """What a gateway says a bank wants back; ``due_at`` is until when it takes evidence, where it says.

    An amount in another currency than the payment's counts as the whole payment.
    """

    channel_id: int
    trade_no: str
    gateway_case_no: str
    amount: int
    currency: str = ""
    due_at: datetime | None = None
    reason: Reason = Reason.NOT_PAID_BY_ME


def open_chargeback(found: Chargeback, *, now: datetime) -> Case:
    """Open a chargeback: the hold stops, the sum is set aside, evidence is due. Told again, it is the same case.

    Raises:
        CaseNotFound: if the payment belongs to no order of ours.
    """
    with transaction.atomic():
        earlier = _known(found.channel_id, found.gateway_case_no)
        if earlier is not None:
            return earlier
        receipt = Receipt.objects.filter(channel_id=found.channel_id, trade_no=found.trade_no).first()
        if receipt is None or receipt.order_id is None:
            raise CaseNotFound
        order = Order.objects.get(id=receipt.order_id)
        is_in_full = not found.amount or found.currency not in {"", receipt.currency}
        case = _case_of(found, order, receipt.amount if is_in_full else min(found.amount, receipt.amount), now)
        sellers = min(case.amount, _paid_for_goods(receipt, order))
        try:
            begin(case, CaseEvent.GATEWAY_OPENED, PSP, details={"amount": case.amount})
        except CaseIsOpen:
            return Case.objects.get(channel_id=found.channel_id, gateway_case_no=found.gateway_case_no)
        if order.delivered_at is not None:
            money.stop_hold(case)
        _set_aside(case, sellers)
        mail_move_later(case)
    log.warning("case.chargeback", extra={"case": case.shown_id})
    return case


def _known(channel_id: int, gateway_case_no: str) -> Case | None:
    return Case.objects.filter(kind=CaseKind.CHARGEBACK, channel_id=channel_id, gateway_case_no=gateway_case_no).first()


def _case_of(found: Chargeback, order: Order, amount: int, now: datetime) -> Case:
    return Case(
        id=new_uuid(),
        order_id=order.id,
        merchant_id=order.merchant_id,
        kind=CaseKind.CHARGEBACK,
        reason=found.reason,
        amount=amount,
        currency=order.currency,
        state=CaseState.GATEWAY_ASKS,
        due_at=found.due_at or terms.evidence_by(now),
        due_event=CaseEvent.EVIDENCE_LATE,
        opened_at=now,
        moved_at=now,
        channel_id=found.channel_id,
        trade_no=found.trade_no,
        gateway_case_no=found.gateway_case_no,
    )


def _paid_for_goods(receipt: Receipt, order: Order) -> int:
    """Return what of a receipt was ever held for the seller; what came twice, late or too much went back from us."""
    if order.delivered_at is None:
        return 0
    journals = [receipt.journal_id, *_matched_in(receipt)]
    held = Entry.objects.filter(journal_id__in=journals, account=Account.ESCROW).values_list("amount", flat=True)
    return -sum(held)


def _matched_in(receipt: Receipt) -> Iterable[UUID]:
    """Return the journal by which it met its order, found by people or named by a late notice, if it came without."""
    matches = SuspenseProposal.objects.filter(journal_id=receipt.journal_id, state=ProposalState.DONE)
    keys = [match_key(receipt.journal_id), *(match_key(match_id) for match_id in matches.values_list("id", flat=True))]
    return JournalRow.objects.filter(key__in=keys).values_list("id", flat=True)


def _set_aside(case: Case, sellers: int) -> None:
    """Enter P8 "opened": ``sellers`` from what can be withdrawn, then from the reserve, the rest of it as a debt.

    What the seller never had any claim to is the shop's own loss.
    """
    money.lock_balances(case.merchant_id, case.currency)
    left, taken = sellers, {}
    for account in _TAKEN_FROM:
        part = min(left, balance_of(account, case.merchant_id, case.currency))
        if part > 0:
            taken[account] = part
            left -= part
    if left:
        taken[Account.SELLER_RECEIVABLE] = left
    if ours := case.amount - sellers:
        taken[Account.CHARGEBACK_LOSS] = ours
    case.taken = {str(int(account)): part for account, part in taken.items()}
    Case.objects.filter(id=case.id).update(taken=case.taken)
    _post(case, JournalKind.CHARGEBACK_OPENED, "opened", [*_owned(case), Leg(Account.SUSPENSE, -int(case.amount))])


def _owned(case: Case) -> list[Leg]:
    return [_leg(Account(int(account)), part, case) for account, part in case.taken.items()]


def _leg(account: Account, amount: int, case: Case) -> Leg:
    return Leg(account, amount, case.merchant_id if account in OWNED else None)


def _returned(case: Case) -> list[Leg]:
    """Return the way back of what was set aside; what was paid of the debt since can be withdrawn again."""
    money.lock_balances(case.merchant_id, case.currency)
    back = {Account(int(account)): part for account, part in case.taken.items()}
    owed = back.pop(Account.SELLER_RECEIVABLE, 0)
    still_owed = min(owed, balances_of_merchant(case.merchant_id, case.currency)["receivable"])
    back[Account.SELLER_AVAILABLE] = back.get(Account.SELLER_AVAILABLE, 0) + owed - still_owed
    back[Account.SELLER_RECEIVABLE] = still_owed
    return [_leg(account, -part, case) for account, part in back.items() if part]


def _post(case: Case, kind: JournalKind, step: str, legs: list[Leg]) -> None:
    journal = Journal(
        kind,
        f"chargeback:{case.id}:{step}",
        case.currency,
        tuple(legs),
        order_id=case.order_id,
        channel_id=case.channel_id or 0,
        note=case.gateway_case_no,
    )
    run(post([journal]))


def send_evidence(case_id: UUID, *, by: User, now: datetime) -> Case:
    """Write down that the evidence pack was handed to the gateway."""
    with transaction.atomic():
        case = move(locked(case_id), CaseEvent.SEND_EVIDENCE, Actor(Role.STAFF, by.pk), now=now)
        record(by, "case.send_evidence", case.shown_id)
    return case


def win(case_id: UUID, *, now: datetime) -> Case:
    """The bank decided for the seller: what was set aside goes back to where it came from."""
    with transaction.atomic():
        case = move(locked(case_id), CaseEvent.GATEWAY_WON, PSP, now=now, fields={"outcome": Outcome.WON.value})
        _post(case, JournalKind.CHARGEBACK_WON, "won", [*_returned(case), Leg(Account.SUSPENSE, int(case.amount))])
        _end(case)
    return case


def lose(case_id: UUID, *, now: datetime) -> Case:
    """The bank decided for the buyer: the sum is no longer with the gateway."""
    with transaction.atomic():
        case = move(locked(case_id), CaseEvent.GATEWAY_LOST, PSP, now=now, fields={"outcome": Outcome.LOST.value})
        legs = [Leg(Account.SUSPENSE, int(case.amount)), Leg(Account.CLEARING, -int(case.amount))]
        _post(case, JournalKind.CHARGEBACK_LOST, "lost", legs)
        _end(case)
    return case


def _end(case: Case) -> None:
    if Order.objects.filter(id=case.order_id, delivered_at__isnull=False).exists():
        money.resume_hold(case)
    mail_move_later(case)


def take_in_events(now: datetime, limit: int = 100) -> int:
    """Read what gateways told of disputes and return how many events were seen to; each counts once."""
    wanted = ProviderEvent.objects.filter(about="dispute", handled_at=None).order_by("received_at")
    found = list(wanted.values_list("id", flat=True)[:limit])
    return sum(each_alone((f"event {event_id}", partial(take_in_event, event_id, now)) for event_id in found).values())


def take_in_event(event_id: int, now: datetime) -> bool:
    """See to one event; return whether it still waited and waits no more.

    One about money that is in suspense waits on: that money must neither go back a second time nor buy anything
    (``BankWantsIt``), and should its order be found all the same, it gets its case.
    """
    with transaction.atomic():
        event = ProviderEvent.objects.select_for_update(skip_locked=True).filter(id=event_id, handled_at=None).first()
        if event is None:
            return False
        try:
            with transaction.atomic():
                _apply(event, now)
        except (CaseNotFound, CaseMoved) as refusal:
            if isinstance(refusal, CaseNotFound) and _is_about_stray(event) and event.received_at > now - _WAITS_FOR:
                if event.received_at > now - _IS_NEWS_FOR:
                    log.warning("case.about_stray", extra={"event": event.id, "number": event.trade_no})
                return False
            log.warning("case.event_not_applied", extra={"event": event.id, "code": refusal.code})
        ProviderEvent.objects.filter(id=event.id).update(handled_at=now)
    return True


def _apply(event: ProviderEvent, now: datetime) -> None:
    status = event.status.rpartition(".")[2].lower()
    if status not in _OPENED | _WON | _LOST:
        return
    trade_no = event.trade_no or _trade_no(event)
    case = _known(event.channel_id, event.subject_no)
    if case is None:
        if status in _WON:
            # It was settled before any money moved, or it was about money of nobody, which a bank wants no more.
            told = ProviderEvent.objects.filter(about="dispute", channel_id=event.channel_id, handled_at=None)
            told.filter(subject_no=event.subject_no).update(handled_at=now)
            return
        found = Chargeback(event.channel_id, trade_no, event.subject_no, event.amount, event.currency, event.due_at)
        case = open_chargeback(found, now=now)
    if case.is_open and status in _WON:
        win(case.id, now=now)
    elif case.is_open and status in _LOST:
        lose(case.id, now=now)
    elif (case.outcome == Outcome.LOST and status in _WON) or (case.outcome == Outcome.WON and status in _LOST):
        # What it decided first is in the books; a person asks it what holds, and moves the money by its answer.
        log.warning("case.decided_otherwise", extra={"case": case.shown_id, "told": status})


def _is_about_stray(event: ProviderEvent) -> bool:
    """Whether an event is about money that belongs to no order and is not on its way back."""
    here = {"channel_id": event.channel_id, "trade_no": event.trade_no}
    is_stray = Receipt.objects.filter(**here, outcome=ReceiptOutcome.UNMATCHED).exists()
    return is_stray and not Refund.objects.filter(**here).exists()


def _trade_no(event: ProviderEvent) -> str:
    """Return the gateway's number of the payment that our own number in the event names."""
    from xinka.kernel import ids  # here, because most gateways name their own number
    from xinka.kernel.errors import BadIdentifier

    try:
        payment_id = ids.parse("pay", event.out_trade_no)
    except BadIdentifier:
        return ""
    found = Receipt.objects.filter(channel_id=event.channel_id, payment_id=payment_id)
    return found.values_list("trade_no", flat=True).first() or ""
