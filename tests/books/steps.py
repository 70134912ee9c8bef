"""Everything that can happen now in a world, each with what the auditor makes of it before the shop is asked."""

from __future__ import annotations

from tests.books.case_steps import CaseSteps
from tests.books.payout_steps import PayoutSteps


class Steps(CaseSteps, PayoutSteps):
    """Finds what can happen in a world."""
