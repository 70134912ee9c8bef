"""A provider that has custody of the money and is asked to share it out; it keeps a count of its own."""

from __future__ import annotations

from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Can, RefundRequest
from xinka.payments.providers.splitting import SplitRequest, SplitResult, SplitStatus


class Licensed:
    """A provider that keeps its own count of what moved; ``mood`` is how its calls end."""

    can = frozenset({Can.SPLIT, Can.REFUND, Can.REFUND_QUERY})

    def __init__(self) -> None:
        self.moved: dict[str, tuple[str, int, str]] = {}
        self.calls: list[str] = []
        self.refunded: list[int] = []
        self.mood = "yes"

    def _move(self, kind: str, split: SplitRequest) -> SplitResult:
        self.calls.append(kind)
        if self.mood == "no":
            return SplitResult(SplitStatus.FAILED, reason="not a receiver of ours")
        if self.mood != "lost":
            fact = (kind, split.amount_minor, split.receiver)
            assert self.moved.setdefault(split.split_no, fact) == fact
        if self.mood in {"lost", "silent"}:
            raise OutcomeUnknown("no answer")
        return SplitResult(SplitStatus.PENDING if self.mood == "slow" else SplitStatus.DONE, split.amount_minor, "G")

    def share(self, split: SplitRequest) -> SplitResult:
        """Give the merchant a part."""
        return self._move("share", split)

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Take back a part."""
        return self._move("return", split)

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Let go the rest."""
        return self._move("unfreeze", split)

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Tell of one."""
        self.calls.append("query")
        if split.split_no not in self.moved:
            return SplitResult(SplitStatus.NOT_FOUND)
        status = SplitStatus.PENDING if self.mood == "slow" else SplitStatus.DONE
        return SplitResult(status, self.moved[split.split_no][1], "G")

    def refund(self, request: RefundRequest) -> None:
        """Give the buyer money back."""
        self.refunded.append(request.amount_minor)
