"""The parts that people play who work for the marketplace. Names alone: tools use them without settings."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class StaffRole(StrEnum):
    """What somebody does for the marketplace; one person may have several of them."""

    REVIEW = "review"
    SUPPORT = "support"
    RISK = "risk"
    FINANCE = "finance"
    OPERATOR = "operator"

    @property
    def label(self) -> Promise:
        """Its name for people."""
        return LABELS[self]


LABELS: dict[StaffRole, Promise] = {
    StaffRole.REVIEW: pgettext_lazy("staff", "Review"),
    StaffRole.SUPPORT: pgettext_lazy("staff", "Support"),
    StaffRole.RISK: pgettext_lazy("staff", "Risk"),
    StaffRole.FINANCE: pgettext_lazy("staff", "Finance"),
    StaffRole.OPERATOR: pgettext_lazy("staff", "Operator"),
}
