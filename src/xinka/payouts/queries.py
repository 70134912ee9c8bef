"""Reads of payouts: what stands against a payee, what is open, which accounts there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.merchants.models import Membership
from xinka.payouts.models import Payout, PayoutAccount, PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState

OPEN = tuple(state.value for state in PayoutState if state.is_in_transit)


def accounts_of(payee: Payee) -> list[PayoutAccount]:
    """Return the accounts a merchant or buyer has now, the oldest first."""
    found = PayoutAccount.objects.filter(**payee.columns, removed_at=None)
    return list(found.defer("details").order_by("added_at"))


def standing_hold(payee: Payee) -> PayoutHold | None:
    """Return the hold that stands against somebody's payouts, the oldest if there are several."""
    return PayoutHold.objects.filter(**payee.columns, lifted_at=None).order_by("at").first()


def is_own(user_id: int, payee: Payee) -> bool:
    """Whether money of this payee is somebody's own: their balance, or that of a shop they belong to."""
    if payee.is_buyer:
        return payee.buyer_id == user_id
    return is_member(user_id, payee.owner_id)


def not_own(found: QuerySet[Payout], user_id: int) -> QuerySet[Payout]:
    """Return the payouts about which somebody may decide: none of themselves, of their shops, or asked for by them."""
    theirs = Q(merchant_id__in=merchants_of(user_id)) | Q(buyer_id=user_id) | Q(asked_by_id=user_id)
    return found.exclude(theirs)


def is_member(user_id: int, merchant_id: int) -> bool:
    """Whether somebody belongs to the team of a merchant."""
    return Membership.objects.filter(user_id=user_id, merchant_id=merchant_id).exists()


def merchants_of(user_id: int) -> Sequence[int]:
    """Return the merchants somebody belongs to."""
    return list(Membership.objects.filter(user_id=user_id).values_list("merchant_id", flat=True))


def same_account_elsewhere(fingerprint: UUID, payee: Payee) -> list[str]:
    """Return the names of other merchants, and the addresses of other buyers, that are or were paid to this account."""
    found = PayoutAccount.objects.filter(fingerprint=fingerprint).exclude(**_known(payee))
    return sorted({name or address for name, address in found.values_list("merchant__name", "buyer__email")})


def _known(payee: Payee) -> dict[str, int]:
    return {name: number for name, number in payee.columns.items() if number is not None}


def payouts_found(text: str) -> QuerySet[Payout]:
    """Return the payouts of a number (``out_…``, the bank's), a merchant's name or a buyer's address.

    Of nothing, all that are over.

    The newest come first.
    """
    found = Payout.objects.select_related("merchant", "buyer").defer("account_sealed").order_by("-asked_at", "-id")
    if not text:
        return found.exclude(state__in=OPEN)
    try:
        return found.filter(id=ids.parse("out", text.lower()))
    except BadIdentifier:
        names = Q(merchant__name__icontains=text) | Q(merchant__name_en__icontains=text) | Q(merchant__slug=text)
        return found.filter(names | Q(reference=text) | Q(buyer__email__iexact=text))


def open_payouts() -> QuerySet[Payout]:
    """Return every payout that is not done, the oldest first."""
    found = (
        Payout.objects.filter(state__in=OPEN).select_related("merchant", "buyer", "asked_by").defer("account_sealed")
    )
    return found.order_by("asked_at", "id")
