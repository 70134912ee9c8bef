"""Reads of payouts: what stands against a merchant, what is open, which accounts there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.merchants.models import Membership
from xinka.payouts.models import Payout, PayoutAccount, PayoutHold
from xinka.payouts.states import PayoutState

OPEN = tuple(state.value for state in PayoutState if state.is_in_transit)


def accounts_of(merchant_id: int) -> list[PayoutAccount]:
    """Return the accounts a merchant has now, the oldest first."""
    found = PayoutAccount.objects.filter(merchant_id=merchant_id, removed_at=None)
    return list(found.defer("details").order_by("added_at"))


def standing_hold(merchant_id: int) -> PayoutHold | None:
    """Return the hold that stands against a merchant's payouts, the oldest if there are several."""
    return PayoutHold.objects.filter(merchant_id=merchant_id, lifted_at=None).order_by("at").first()


def is_member(user_id: int, merchant_id: int) -> bool:
    """Whether somebody belongs to the team of a merchant."""
    return Membership.objects.filter(user_id=user_id, merchant_id=merchant_id).exists()


def merchants_of(user_id: int) -> Sequence[int]:
    """Return the merchants somebody belongs to."""
    return list(Membership.objects.filter(user_id=user_id).values_list("merchant_id", flat=True))


def same_account_elsewhere(fingerprint: UUID, merchant_id: int) -> list[str]:
    """Return the names of other merchants that are, or were, paid to the same account."""
    found = PayoutAccount.objects.filter(fingerprint=fingerprint).exclude(merchant_id=merchant_id)
    return sorted(set(found.values_list("merchant__name", flat=True)))


def payouts_found(text: str) -> QuerySet[Payout]:
    """Return the payouts of a number (``out_…``, the bank's) or of a merchant's name; of nothing, all that are over.

    The newest come first.
    """
    found = Payout.objects.select_related("merchant").defer("account_sealed").order_by("-asked_at", "-id")
    if not text:
        return found.exclude(state__in=OPEN)
    try:
        return found.filter(id=ids.parse("out", text.lower()))
    except BadIdentifier:
        names = Q(merchant__name__icontains=text) | Q(merchant__name_en__icontains=text) | Q(merchant__slug=text)
        return found.filter(names | Q(reference=text))


def open_payouts() -> QuerySet[Payout]:
    """Return every payout that is not done, the oldest first."""
    found = Payout.objects.filter(state__in=OPEN).select_related("merchant", "asked_by").defer("account_sealed")
    return found.order_by("asked_at", "id")
