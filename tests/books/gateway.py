"""A gateway that answers refunds, payouts and splits late, twice or never, and keeps its own count of what it did."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Can, RefundRequest, RefundResult, RefundStatus
from xinka.payments.providers.splitting import SplitRequest, SplitResult, SplitStatus
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus

#: How long a payout that was made may not be known to those who ask; less than the shop waits before sending again.
_LATE = timedelta(minutes=5)


@dataclass
class MoodyGateway:
    """The parts of a provider that refunds, payouts and splits use.

    ``asking`` has payouts that wait for their payee, who may confirm whenever the gateway is asked, ``taken_back``
    those that nobody can confirm any more; a payee that ``is_payee_quick`` confirms as it is being called back.
    ``given_back`` and ``wired`` have minor units per number of ours, ``moved`` the kind of a split and its amount.
    Whoever sends a number again that it would have told of, did not ask first: that is an error here.
    """

    random: random.Random
    given_back: dict[str, int] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    wired: dict[str, int] = field(default_factory=dict)
    moved: dict[str, tuple[str, int]] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    asking: dict[str, int] = field(default_factory=dict)
    taken_back: dict[str, int] = field(default_factory=dict)
    is_payee_quick: bool = False
    is_calm: bool = False
    can: frozenset[Can] = frozenset({Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.SPLIT})
    kinds: ClassVar[frozenset[AccountKind]] = frozenset({AccountKind.BANK})

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

    # ── payouts ───────────────────────────────────────────────────────────────────────────────────

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Pay out, or not, and say so, or not; a number that it has is refused."""
        number = transfer.number
        assert number not in self.taken_back, f"{number} was called back, and sent again"
        if number in self.asking:
            return self._asks(number)
        if number in self.wired:
            assert not self._tells(number), f"{number} was sent again without asking"
            raise ProviderError("this number was used", permanent=True)
        moods = ["yes", "silent", "done_but_silent", "late", "slow", "asks", "no"]
        mood = "yes" if self.is_calm else self.random.choice(moods)
        if mood == "no":
            raise ProviderError("balance too low", permanent=True)
        if mood == "silent":
            raise OutcomeUnknown("no answer")
        if mood == "asks":
            self.asking[number] = transfer.amount_minor
            return self._asks(number)
        self.wired[number] = transfer.amount_minor
        self.at[number] = timezone.now() + (_LATE if mood == "late" else timedelta())
        if mood == "slow":
            self.slow.add(number)
        if mood in {"done_but_silent", "late"}:
            raise OutcomeUnknown("no answer")
        return self._transfer(number)

    def query(self, number: str, reference: str = "") -> TransferResult:
        """Tell of one payout, or nothing certain; what is slow is done when it was asked about twice."""
        if not self.is_calm and self.random.random() < 0.3:
            raise ProviderError("no answer")
        if number in self.taken_back:
            return TransferResult(TransferStatus.CALLED_BACK, f"G{number[-6:]}", amount_minor=self.taken_back[number])
        if number in self.asking and not self._confirms(number):
            return self._asks(number)
        if number not in self.wired or not self._tells(number):
            return TransferResult(TransferStatus.NOT_FOUND)
        if reference:
            self.slow.discard(number)
        return self._transfer(number)

    def cancel(self, number: str, reference: str = "") -> None:  # noqa: ARG002 - ours is enough here
        """Take back what waits, or not, and say so, or not; a payee may be quicker."""
        if not self.is_calm and self.random.random() < 0.2:
            raise OutcomeUnknown("no answer")
        if number in self.asking and not self._confirms(number, is_quick=self.is_payee_quick):
            self.taken_back[number] = self.asking.pop(number)
        if number not in self.taken_back:
            raise ProviderError("it cannot be taken back any more", permanent=True)
        if not self.is_calm and self.random.random() < 0.2:
            raise OutcomeUnknown("no answer")

    def _confirms(self, number: str, *, is_quick: bool = False) -> bool:
        """Whether the payee confirms in this moment, which pays it."""
        if not (is_quick or self.is_calm) and self.random.random() >= 0.2:
            return False
        self.wired[number], self.at[number] = self.asking.pop(number), timezone.now()
        return True

    def _asks(self, number: str) -> TransferResult:
        told = self.asking[number]
        return TransferResult(TransferStatus.TO_CONFIRM, f"G{number[-6:]}", amount_minor=told, package=f"P{number}")

    def _tells(self, number: str) -> bool:
        return self.is_calm or timezone.now() >= self.at[number]

    def _transfer(self, number: str) -> TransferResult:
        status = TransferStatus.PENDING if number in self.slow else TransferStatus.DONE
        return TransferResult(status, f"G{number[-6:]}", amount_minor=self.wired[number])

    # ── splits ────────────────────────────────────────────────────────────────────────────────────

    def share(self, split: SplitRequest) -> SplitResult:
        """Give the merchant a part."""
        return self._split("share", split)

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Take back a part."""
        return self._split("return", split)

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Let the rest go."""
        return self._split("unfreeze", split)

    def _split(self, kind: str, split: SplitRequest) -> SplitResult:
        assert split.split_no not in self.moved, f"{split.split_no} was sent again without asking"
        moods = ["yes", "yes", "silent", "done_but_silent", "slow", "no"]
        mood = "yes" if self.is_calm else self.random.choice(moods)
        if mood == "no":
            return SplitResult(SplitStatus.FAILED, reason="not now")
        if mood != "silent":
            self.moved[split.split_no] = (kind, split.amount_minor)
        if mood in {"silent", "done_but_silent"}:
            raise OutcomeUnknown("no answer")
        return SplitResult(SplitStatus.PENDING if mood == "slow" else SplitStatus.DONE, split.amount_minor, "S")

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Tell of one split, or nothing certain."""
        if not self.is_calm and self.random.random() < 0.3:
            raise ProviderError("no answer")
        if split.split_no not in self.moved:
            return SplitResult(SplitStatus.NOT_FOUND)
        return SplitResult(SplitStatus.DONE, self.moved[split.split_no][1], "S")
