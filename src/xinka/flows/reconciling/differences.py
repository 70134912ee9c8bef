"""What staff do about a difference: say what it is, or have money settled that came without our hearing of it."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError, Refusal
from xinka.payments.channels import provider_of
from xinka.payments.errors import TradeMismatch, WrongChannel
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.protocol import AS_ASKED
from xinka.platform.audit.actions import record
from xinka.reconciling.models import Difference
from xinka.reconciling.states import MOVES, About, DifferenceState, What


class DifferenceMoved(Refusal):
    """Somebody else decided it, or a later bill did."""

    code = "difference_moved"
    status = HTTPStatus.CONFLICT
    zh = "这条差异刚刚有人处理过，什么都没改。刷新看看。"
    en = "This difference has just been dealt with; nothing was changed. Reload the page."


class NotToBeSettled(Refusal):
    """The difference names no payment of ours that could be settled."""

    code = "not_to_be_settled"
    status = HTTPStatus.CONFLICT
    zh = "这条差异对不上我们的任何一笔付款，无法入账。"
    en = "This difference names no payment of ours, so there is nothing to settle."


class GatewayDisagrees(Refusal):
    """The gateway, asked now, does not confirm what its bill says."""

    code = "gateway_disagrees"
    status = HTTPStatus.CONFLICT
    zh = "通道没有确认这笔付款（{why}），没有入账。"
    en = "The gateway does not confirm this payment ({why}); nothing was settled."


def decide(
    difference_id: int, target: DifferenceState, *, by: AbstractBaseUser, note: str, source: DifferenceState
) -> Difference:
    """Move a difference that is still in ``source`` and write down who said what.

    Raises:
        DifferenceMoved: if it is in another state by now.
    """
    with transaction.atomic():
        found = Difference.objects.select_for_update().get(id=difference_id)
        if found.state != source or target not in MOVES[source]:
            raise DifferenceMoved
        move(found, target, by=by, note=note)
        record(by, f"difference.{target.value}", subject_of(found), note=note)
    return found


def payment_behind(found: Difference) -> Payment | None:
    """Return the payment of ours that a line missing here names, if it does and is of that channel."""
    if found.what != What.MISSING_HERE or found.about != About.PAYMENT:
        return None
    try:
        payment_id = ids.parse("pay", found.out_trade_no)
    except BadIdentifier:
        return None
    return Payment.objects.filter(id=payment_id, channel_id=found.bill.channel_id).first()


def settle_missing(difference_id: int, *, by: AbstractBaseUser) -> Settlement:
    """Ask the gateway about a payment that only its bill knows, and settle what it confirms.

    The question is put outside of any transaction, so a slow gateway holds no lock. Settled money is recorded even if
    somebody decides the difference meanwhile.

    Raises:
        DifferenceMoved: if it is not open any more.
        NotToBeSettled: if it names no payment of ours.
        GatewayDisagrees: if the gateway does not confirm the payment at the amount of its bill.
    """
    found = Difference.objects.select_related("bill").get(id=difference_id)
    if found.state == DifferenceState.RESOLVED:
        raise DifferenceMoved
    payment = payment_behind(found)
    if payment is None:
        raise NotToBeSettled
    money = _confirmed(found, payment)
    try:
        settlement = settle_now(money)
    except (TradeMismatch, WrongChannel) as refusal:
        raise GatewayDisagrees(why=refusal.code) from None
    with transaction.atomic():
        record(
            by,
            "difference.settle",
            subject_of(found),
            amount=money.amount,
            currency=money.currency,
            outcome=settlement.outcome.value,
        )
        found = Difference.objects.select_for_update().get(id=difference_id)
        if found.state != DifferenceState.RESOLVED:
            move(found, DifferenceState.RESOLVED, by=by, note=f"settled: {settlement.outcome.value}")
    return settlement


def _confirmed(found: Difference, payment: Payment) -> VerifiedMoney:
    """Return the money if the gateway, asked now, says what its bill says."""
    number = ids.show("pay", payment.id)
    channel = Channel.objects.get(id=found.bill.channel_id)
    try:
        result = provider_of(channel).query(number, payment.handle or found.trade_no)
    except ProviderError as error:
        raise GatewayDisagrees(why=str(error)) from None
    amount = payment.amount if result.amount_minor == AS_ASKED else result.amount_minor
    currency = result.currency or payment.currency
    if not result.paid or result.out_trade_no != number or result.trade_no != found.trade_no:
        raise GatewayDisagrees(why=result.status.value)
    if (amount, currency) != (found.there_amount, found.there_currency):
        raise GatewayDisagrees(why="amount")
    return VerifiedMoney(channel.id, payment.id, found.trade_no, amount, currency)


def move(found: Difference, target: DifferenceState, *, by: AbstractBaseUser, note: str) -> None:
    """Write down what a difference is now, and who says so; the caller has locked it and looked at its state."""
    found.state, found.note, found.by_id, found.by_name = target.value, note, by.pk, str(by) or f"#{by.pk}"
    found.decided_at = timezone.now()
    found.save(update_fields=["state", "note", "by_id", "by_name", "decided_at"])


def subject_of(found: Difference) -> str:
    """Return what the audit files a difference under."""
    return f"difference {found.id}"
