"""Who keeps buyers' money while a trade is not done, as the law of the place asks (``XINKA_CUSTODY``).

The ledger records obligations in every mode. What differs is who holds the money itself, and so what must be asked of
the provider before an obligation may be called fulfilled.
"""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext_lazy as _


class Custody(StrEnum):
    """The three modes, with what they are called and what they mean."""

    OWN_GOODS = "own_goods"
    PROVIDER_SPLIT = "provider_split"
    LICENSED = "licensed"

    @property
    def label(self) -> str:
        """Its name for people."""
        return str(_LABELS[self][0])

    @property
    def meaning(self) -> str:
        """When it is right, and what it does."""
        return str(_LABELS[self][1])


_LABELS = {
    Custody.OWN_GOODS: (
        _("Own goods"),
        _(
            "The shop sells only its own goods, so the money it receives is its own. Buyers are protected by the same"
            " times and the same refunds; nothing is asked of the payment provider."
        ),
    ),
    Custody.PROVIDER_SPLIT: (
        _("Held at the provider"),
        _(
            "Other people sell here and the platform may not hold their money. It stays frozen at the licensed payment"
            " provider and is shared out by it (WeChat, Alipay); a release counts only once the provider confirmed it."
        ),
    ),
    Custody.LICENSED: (
        _("Held by the operator"),
        _(
            "The operator is licensed to hold other people's money, in a trust account of its own. Releases and"
            " refunds are this shop's own bookings; payouts go through the payout pages."
        ),
    ),
}


def custody() -> Custody:
    """Return the mode of this shop."""
    return Custody(settings.CUSTODY)


def is_split_at_provider() -> bool:
    """Whether the provider has to share money out before it counts as the seller's."""
    return custody() is Custody.PROVIDER_SPLIT


def has_wallet() -> bool:
    """Whether refunds may go into a buyer's balance."""
    return bool(settings.WALLET)
