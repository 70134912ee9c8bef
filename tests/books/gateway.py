"""A gateway that answers refunds late, twice or never, and keeps its own count of what it gave back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Can, RefundRequest, RefundResult, RefundStatus


@dataclass
class MoodyGateway:
    """The part of a provider that refunds use; ``given_back`` counts minor units per number of ours."""

    random: random.Random
    given_back: dict[str, int] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    is_calm: bool = False
    can: frozenset[Can] = frozenset({Can.REFUND, Can.REFUND_QUERY})

    def refund(self, request: RefundRequest) -> None:
        """Give back, or not, and say so, or not; the same number again is the same refund."""
        mood = "yes" if self.is_calm else self.random.choice(["yes", "yes", "silent", "done_but_silent", "no"])
        if mood == "no":
            raise ProviderError("balance too low")
        if mood in {"yes", "done_but_silent"}:
            self.given_back.setdefault(request.refund_no, request.amount_minor)
            self.times[request.refund_no] += 1
        if mood in {"silent", "done_but_silent"}:
            raise OutcomeUnknown("no answer")

    def refund_query(self, request: RefundRequest) -> RefundResult:
        """Tell of one refund, or nothing certain."""
        if not self.is_calm and self.random.random() < 0.3:
            raise ProviderError("no answer")
        if request.refund_no not in self.given_back:
            return RefundResult(RefundStatus.NOT_FOUND)
        return RefundResult(RefundStatus.DONE, self.given_back[request.refund_no])
