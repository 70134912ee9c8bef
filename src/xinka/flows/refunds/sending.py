"""Refunds: money that a settlement or a decision promised back is sent, and never sent twice.

A gateway that can be asked about a refund is told our number of it, the same at every try, and is asked about that
number before a second try. One that cannot is asked about the payment before anything is sent, also the first time; an
answer that never came is looked up before the next attempt; and what stays uncertain is left to a person.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from xinka.escrow.custody import has_wallet
from xinka.escrow.models import Split
from xinka.escrow.states import OPEN_SPLITS, SplitAction
from xinka.flows.alone import alone_with
from xinka.flows.balances import open_accounts
from xinka.flows.hindrances import kept_of
from xinka.flows.mailing import MAIL_REFUND_BOUNCED
from xinka.flows.paying.wallet import BALANCE, payer_of
from xinka.flows.refunds.wishes import account_of_buyer, destination_of
from xinka.flows.relay import EXECUTE_REFUND, REFUND_DONE
from xinka.kernel import ids
from xinka.kernel.errors import IllegalMove, ProviderError, Refusal
from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.ledger import sql as ledger_sql
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.orders.models import Order
from xinka.payments.channels import provider_of
from xinka.payments.errors import ProposalSameEyes
from xinka.payments.models import Receipt, Refund, SuspenseProposal
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import (
    Can,
    Provider,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.states import RefundState, RefundTo
from xinka.platform.audit.actions import record
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import MAX_ATTEMPTS, in_words
from xinka.platform.outbox import sql as outbox_sql

log = logging.getLogger(__name__)

#: The first half of the advisory lock's key; the second is taken from the refund's number.
_LOCK_SPACE = 0x52454644


class RefundMoved(Refusal):
    """Somebody else, or the gateway, was quicker."""

    code = "refund_moved"
    status = 409
    zh = "这笔退款刚刚变了状态，什么都没改。刷新看看。"
    en = "This refund has just moved on; nothing was changed. Reload the page."


def execute_refund(refund_id: UUID, *, sure: bool = False) -> RefundState:
    """Send one refund and return its state; ``sure`` says that staff looked and it is not at the gateway yet.

    Raises:
        ProviderError: if it must be tried again later.
    """
    with alone_with(_LOCK_SPACE, refund_id) as alone:
        refund = Refund.objects.select_related("channel").get(id=refund_id)
        state = RefundState(refund.state)
        if not alone or state in {RefundState.DONE, RefundState.NEEDS_STAFF} or _waits_for_return(refund):
            return state
        was_in_flight = state is RefundState.SENDING and not sure
        if state is RefundState.DUE:
            _begin(refund)
        if refund.goes_to == RefundTo.WALLET or refund.channel.provider == BALANCE:
            return _into_balance(refund)
        try:
            provider = provider_of(refund.channel)
        except Refusal as refusal:
            return _leave_to_staff(refund, kept_of(refusal))
        receipt = Receipt.objects.get(channel_id=refund.channel_id, trade_no=refund.trade_no)
        if not _knows_payment(provider, receipt):
            return _leave_to_staff(refund, _("the receipt names no payment"))
        if Can.REFUND_QUERY in provider.can:
            return _ask_and_send(refund, provider, _request(refund, receipt), was_in_flight=was_in_flight)
        return _look_and_send(refund, provider, receipt, was_in_flight=was_in_flight)


def _begin(refund: Refund) -> None:
    """Decide where it goes, which its buyer could say until now, and put it on its way."""
    with transaction.atomic():
        if refund.order_id is not None:
            Order.objects.select_for_update(no_key=True).filter(id=refund.order_id).first()
        refund.goes_to = destination_of(refund)
        _move(refund, RefundState.DUE, RefundState.SENDING, goes_to=refund.goes_to)


def _waits_for_return(refund: Refund) -> bool:
    """Whether the provider has yet to take back from the seller what is to be refunded."""
    if refund.order_id is None or refund.state != RefundState.DUE:
        return False
    returns = Split.objects.filter(order_id=refund.order_id, action=SplitAction.RETURN.value)
    return returns.filter(state__in=[state.value for state in OPEN_SPLITS]).exists()


def _knows_payment(provider: Provider, receipt: Receipt) -> bool:
    """Whether a gateway can give back what came: it knows the payment by our number, or needs none but its own."""
    return receipt.payment_id is not None or Can.REFUND_STRAY in provider.can


def _request(refund: Refund, receipt: Receipt) -> RefundRequest:
    return RefundRequest(
        ids.show("pay", receipt.payment_id) if receipt.payment_id else "",
        refund.amount,
        refund.currency,
        refund.trade_no,
        refund_no=ids.show("ref", refund.id),
        total_minor=receipt.amount,
        notify_url=f"{settings.SITE_URL}/pay/notify/{refund.channel.slug}",
    )


def _ask_and_send(refund: Refund, provider: Provider, request: RefundRequest, *, was_in_flight: bool) -> RefundState:
    """Send under our number; what may have been sent before is asked about first."""
    if not was_in_flight:
        return _send(refund, provider, request)
    try:
        found = provider.refund_query(request)
    except ProviderError as error:
        return _try_later(refund, error, sent=True)
    if found.status is RefundStatus.NOT_FOUND:
        return _send(refund, provider, request)
    if found.status is RefundStatus.FAILED:
        return _leave_to_staff(refund, _("the gateway says that the refund failed"))
    if found.status is not RefundStatus.DONE:
        return _try_later(refund, ProviderError(_("the gateway says") + f": {found.status.value}"), sent=True)
    if found.amount_minor not in {0, refund.amount}:
        return _leave_to_staff(refund, _("the gateway gave back another amount") + f": {found.amount_minor}")
    return _finish(refund, RefundState.SENDING, gateway_no=found.gateway_refund_no)


def finish_if_done(refund_id: UUID) -> RefundState:
    """Look at a refund that waits for staff, because its gateway told of it: one that is through is done.

    Raises:
        ProviderError: if the gateway gave no certain answer.
    """
    with alone_with(_LOCK_SPACE, refund_id) as alone:
        refund = Refund.objects.select_related("channel").get(id=refund_id)
        if not alone or refund.state != RefundState.NEEDS_STAFF or refund.goes_to == RefundTo.WALLET:
            return RefundState(refund.state)
        found = _told_of(refund)
        if found is None or found.status is not RefundStatus.DONE or found.amount_minor not in {0, refund.amount}:
            return RefundState.NEEDS_STAFF
        note = _("the gateway told of it later")
        return _finish(refund, RefundState.NEEDS_STAFF, note, gateway_no=found.gateway_refund_no)


def reopen_if_bounced(refund_id: UUID) -> RefundState:
    """Look at a refund that was done, because its gateway told of it again: one that bounced needs staff after all.

    A bank that cannot book what a gateway had carried out sends it back, up to thirty days later; the money is with
    the gateway then. What staff paid another way is not asked about: there the gateway's failure is why they did.

    Raises:
        ProviderError: if the gateway gave no certain answer.
    """
    with alone_with(_LOCK_SPACE, refund_id) as alone:
        refund = Refund.objects.select_related("channel").get(id=refund_id)
        is_by_hand = bool(refund.problem) and not refund.gateway_refund_no
        if not alone or refund.state != RefundState.DONE or refund.goes_to == RefundTo.WALLET or is_by_hand:
            return RefundState(refund.state)
        found = _told_of(refund)
        if found is None or found.status is not RefundStatus.FAILED:
            return RefundState.DONE
        return _reopen(refund)


def _told_of(refund: Refund) -> RefundResult | None:
    """Return what the gateway says of a refund under our number; nothing where it cannot be asked."""
    provider = provider_of(refund.channel)
    receipt = Receipt.objects.get(channel_id=refund.channel_id, trade_no=refund.trade_no)
    if Can.REFUND_QUERY not in provider.can or not _knows_payment(provider, receipt):
        return None
    return provider.refund_query(_request(refund, receipt))


def _reopen(refund: Refund) -> RefundState:
    """Leave to staff what had been done, and enter that the money is with the gateway again."""
    why = _("the gateway had carried it out and says now that it failed; the money is with the gateway again")
    with transaction.atomic():
        _move(refund, RefundState.DONE, RefundState.NEEDS_STAFF, done_at=None, gateway_refund_no="", problem=why)
        run(_post_sent(refund, -refund.amount))
        run(defer(MAIL_REFUND_BOUNCED, [{"subject": refund.id}]))
    log.error("refund.needs_staff", extra={"refund": ids.show("ref", refund.id), "why": why})
    return RefundState.NEEDS_STAFF


def _look_and_send(refund: Refund, provider: Provider, receipt: Receipt, *, was_in_flight: bool) -> RefundState:
    """Send to a gateway that tells only of payments: its word about the payment decides."""
    request = _request(refund, receipt)
    try:
        status = provider.query(request.out_trade_no, refund.trade_no).status
    except ProviderError as error:
        return _try_later(refund, error, sent=was_in_flight)
    if status is TradeStatus.REFUNDED and _has_sibling(refund):
        # The word may be about another part of the same payment.
        if was_in_flight:
            return _leave_to_staff(refund, _("another part went back before, and the gateway does not tell parts"))
        return _send(refund, provider, request)
    if status is TradeStatus.REFUNDED:
        return _finish(refund, RefundState.SENDING, _("the gateway shows it as refunded"))
    if doubt := _doubt(status, was_in_flight=was_in_flight, is_whole=receipt.amount == refund.amount):
        return _leave_to_staff(refund, doubt)
    return _send(refund, provider, request)


def _has_sibling(refund: Refund) -> bool:
    """Whether another part of the same payment was sent, or may have been."""
    parts = Refund.objects.filter(channel_id=refund.channel_id, trade_no=refund.trade_no).exclude(id=refund.id)
    return parts.exclude(state=RefundState.DUE).exists()


def _doubt(status: TradeStatus, *, was_in_flight: bool, is_whole: bool) -> str:
    """Return why nothing may be sent without a person, or nothing."""
    if status is not TradeStatus.PAID:
        return _("the gateway shows the payment as") + f": {status.value}"
    if was_in_flight and not is_whole:
        return _("an attempt had no answer, and the gateway does not tell parts of a payment")
    return ""


def _send(refund: Refund, provider: Provider, request: RefundRequest) -> RefundState:
    try:
        provider.refund(request)
    except OutcomeUnknown as error:
        # It is asked about, or the whole payment looked up, before anything is sent again.
        return _try_later(refund, error, sent=True)
    except ProviderError as error:
        return _leave_to_staff(refund, in_words(error))
    return _finish(refund, RefundState.SENDING)


def _into_balance(refund: Refund) -> RefundState:
    """Credit the buyer's balance here; no gateway has a part in it."""
    whose = _paid_from_balance_of(refund)
    if whose is None:
        user = account_of_buyer(refund.order_id) if has_wallet() and refund.order_id else None
        if user is None:
            return _leave_to_staff(refund, _("there are no balances here, or this buyer has no account"))
        whose = user.pk
    with transaction.atomic():
        if run(open_accounts([whose])):
            return _finish(refund, RefundState.SENDING, wallet_of=whose)
    return _leave_to_staff(refund, _("the account whose balance it belongs into is closed; pay its buyer another way"))


def _paid_from_balance_of(refund: Refund) -> int | None:
    """Return whose balance the money came from, if it came from one; it goes back there, whoever asks."""
    if refund.channel.provider != BALANCE:
        return None
    receipt = Receipt.objects.get(channel_id=refund.channel_id, trade_no=refund.trade_no)
    return payer_of(receipt.payment_id) if receipt.payment_id else None


def _move(refund: Refund, source: RefundState, target: RefundState, **fields: object) -> None:
    moved = Refund.objects.filter(id=refund.id, state=source.value).update(state=target.value, **fields)
    if moved != 1:
        raise IllegalMove(f"refund {refund.id}: {source} → {target}")


def _try_later(refund: Refund, error: ProviderError, *, sent: bool) -> RefundState:
    """Note a failed attempt and have the job tried again, or leave it to staff when that was the last one."""
    if refund.attempts + 1 >= MAX_ATTEMPTS:
        return _leave_to_staff(refund, in_words(error))
    # Nothing can have reached the gateway unless it was sent: then it is due as before.
    target = RefundState.SENDING if sent else RefundState.DUE
    _move(refund, RefundState.SENDING, target, attempts=F("attempts") + 1, problem=in_words(error))
    raise ProviderError(in_words(error), permanent=False) from None


def _leave_to_staff(refund: Refund, why: str) -> RefundState:
    _move(refund, RefundState.SENDING, RefundState.NEEDS_STAFF, attempts=F("attempts") + 1, problem=why[:300])
    log.error("refund.needs_staff", extra={"refund": ids.show("ref", refund.id), "why": why})
    return RefundState.NEEDS_STAFF


def _finish(
    refund: Refund, source: RefundState, note: str = "", *, gateway_no: str = "", wallet_of: int | None = None
) -> RefundState:
    """Mark it done and enter it into the books in the same transaction; the mail follows from the event."""
    with transaction.atomic():
        facts = {"problem": note, "gateway_refund_no": gateway_no, "attempts": F("attempts") + 1}
        _move(refund, source, RefundState.DONE, done_at=timezone.now(), **facts)
        run(_enter(refund) if wallet_of is None else _credit(refund, wallet_of))
    log.info("refund.done", extra={"refund": ids.show("ref", refund.id)})
    return RefundState.DONE


def _enter(refund: Refund) -> Flow[None]:
    yield from _post_sent(refund, refund.amount)
    yield Query(outbox_sql.APPEND, (REFUND_DONE, plain_array([refund.id])))


def _post_sent(refund: Refund, amount: int) -> Flow[None]:
    """Enter that it was sent; below zero, that it came back."""
    # What was paid from a balance never was at a gateway: who sends it another way takes it from the trust account.
    source = Account.BANK_TRUST if refund.channel.provider == BALANCE else Account.CLEARING
    accounts = plain_array([int(Account.REFUND_IN_TRANSIT), int(source)])
    amounts = plain_array([amount, -amount])
    kind = int(JournalKind.REFUND_SENT)
    yield Query(
        ledger_sql.POST,
        (new_uuid(), kind, refund.order_id, refund.channel_id, refund.currency, accounts, amounts),
    )


def _credit(refund: Refund, user_id: int) -> Flow[None]:
    legs = (Leg(Account.REFUND_IN_TRANSIT, refund.amount), Leg(Account.WALLET, -refund.amount, user_id))
    key = f"refund/{refund.id}/balance"
    yield from post([Journal(JournalKind.WALLET, key, refund.currency, legs, order_id=refund.order_id)])
    yield Query(outbox_sql.APPEND, (REFUND_DONE, plain_array([refund.id])))


def mark_done_by_hand(refund_id: UUID, *, by: AbstractBaseUser, note: str) -> None:
    """Record that staff sent the money another way.

    Raises:
        RefundMoved: if the refund does not wait for staff any more.
        ProposalSameEyes: if the money belongs to no order, and it was this person's proposal to send it back.
    """
    with transaction.atomic():
        refund = _locked(refund_id)
        if SuspenseProposal.objects.filter(refund_id=refund_id, asked_by_id=by.pk).exists():
            raise ProposalSameEyes
        _finish(refund, RefundState.NEEDS_STAFF, note)
        record(
            by,
            "refund.mark_done",
            ids.show("ref", refund_id),
            amount=refund.amount,
            currency=refund.currency,
            note=note,
        )


def send_again(refund_id: UUID, *, by: AbstractBaseUser) -> None:
    """Have a refund sent again, because staff looked at the gateway and it is not there.

    Raises:
        RefundMoved: if the refund does not wait for staff any more.
    """
    with transaction.atomic():
        refund = _locked(refund_id)
        _move(refund, RefundState.NEEDS_STAFF, RefundState.SENDING, attempts=0)
        run(defer(EXECUTE_REFUND, [{"subject": refund.id, "sure": True}]))
        record(by, "refund.send_again", ids.show("ref", refund_id), amount=refund.amount, currency=refund.currency)


def _locked(refund_id: UUID) -> Refund:
    refund = Refund.objects.select_for_update().get(id=refund_id)
    if refund.state != RefundState.NEEDS_STAFF:
        raise RefundMoved
    return refund
