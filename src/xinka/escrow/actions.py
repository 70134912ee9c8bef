"""Sets the terms that new holds are made on, and under which account a merchant is known to a provider."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xinka.escrow.models import Receiver, Terms
from xinka.escrow.terms import LONGEST, SHORTEST, WINDOWS

_FOR_GOODS = frozenset({"confirm_seconds", "after_sale_seconds"})
_FOR_MONEY = frozenset({"commission_bps", "reserve_bps", "reserve_seconds"})
_MOST = {
    "after_sale_seconds": 90 * 86_400,
    "commission_bps": 5_000,
    "reserve_bps": 5_000,
    "reserve_seconds": 31_536_000,
}


def fields_of(scope: str) -> frozenset[str]:
    """Return what can be set for a scope: times for kinds and categories, money for the shop and its merchants.

    Raises:
        ValidationError: if there is no such scope.
    """
    head, _colon, rest = scope.partition(":")
    if scope == "shop" or (head == "merchant" and rest.isdigit()):
        return _FOR_MONEY
    if (head == "kind" and rest in WINDOWS) or (head == "category" and rest.isdigit()):
        return _FOR_GOODS
    raise ValidationError(_("There is no such scope: %(scope)s") % {"scope": scope})


def set_terms(scope: str, values: Mapping[str, int | None]) -> Terms:
    """Set terms of a scope for holds made from now on; ``None`` takes a value back.

    Raises:
        ValidationError: if a value does not belong to the scope or is out of bounds.
    """
    may = fields_of(scope)
    for name, value in values.items():
        if name not in may:
            raise ValidationError(_("%(name)s cannot be set for %(scope)s") % {"name": name, "scope": scope})
        least, most = (SHORTEST, LONGEST) if name == "confirm_seconds" else (0, _MOST.get(name, 0))
        if value is not None and not least <= value <= most:
            bounds = {"name": name, "least": least, "most": most}
            raise ValidationError(_("%(name)s must be between %(least)s and %(most)s") % bounds)
    terms, _made = Terms.objects.update_or_create(scope=scope, defaults=dict(values))
    return terms


def set_receiver(merchant_id: int, channel_id: int, account: str, name: str = "") -> Receiver:
    """Write down under which account a provider shares money with a merchant."""
    facts = {"account": account.strip(), "name": name.strip()}
    receiver, _made = Receiver.objects.update_or_create(merchant_id=merchant_id, channel_id=channel_id, defaults=facts)
    return receiver
