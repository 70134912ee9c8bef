"""Everything that can happen now in a world, each with what the auditor makes of it before the shop is asked."""

from __future__ import annotations

from tests.books.case_steps import CaseSteps
from tests.books.split_steps import SplitSteps
from tests.books.wallet_steps import WalletSteps
from tests.books.wire_steps import WireSteps


class Steps(SplitSteps, CaseSteps, WireSteps, WalletSteps):
    """Finds what can happen in a world."""
