"""The epusdt family as one of Xinka's payment providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from xinka.kernel.errors import ProviderError, sentence
from xinka.payments.providers.epusdt import notice as notices
from xinka.payments.providers.epusdt import replies, wire
from xinka.payments.providers.epusdt.config import SETTING_FIELDS, EpusdtConfig
from xinka.payments.providers.epusdt.signing import Dialect
from xinka.payments.providers.errors import AlreadyPaid, NotOffered
from xinka.payments.providers.http import ask
from xinka.payments.providers.protocol import (
    BillRow,
    Can,
    HowToPay,
    PaymentRequest,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    SettingField,
    TradeStatus,
    VerifiedNotice,
)
from xinka.payments.providers.threads import ThreadedSession

#: What staff read when a refund of this kind waits for them.
BY_HAND = sentence("automatic refunds: coins go back by hand, to an address the buyer names, at today's rate")


@dataclass(frozen=True, slots=True)
class EpusdtProvider:
    """One channel of an epusdt gateway. A payment's handle and trade number is the gateway's trade id."""

    config: EpusdtConfig
    success_body: ClassVar[bytes] = b"ok"
    failure_body: ClassVar[bytes] = b"fail"
    notice_headers: ClassVar[Sequence[str]] = ()

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(EpusdtConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    @property
    def is_weak(self) -> bool:
        """MD5 proves too little; notices of such a channel are hints."""
        return self.config.is_weak

    @property
    def can(self) -> frozenset[Can]:
        """Only BEpusdt cancels; nobody sends coins back or makes bills."""
        return frozenset({Can.NOTICE, Can.CLOSE} if self.config.dialect is Dialect.BEPUSDT else {Can.NOTICE})

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Ask for a trade and return the gateway's page for it."""
        return replies.judge_created(self.config, ask(wire.create_call(self.config, payment)), payment)

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return notices.judge(self.config, notice)

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about a trade; without its number the gateway cannot be asked, and no buyer was ever shown it."""
        if not trade_no:
            return QueryResult(out_trade_no, "", 0, self.config.currency, TradeStatus.NOT_FOUND)
        reply = ask(wire.status_call(self.config, trade_no))
        return replies.judge_status(self.config, reply, out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Coins go back by hand."""
        raise NotOffered(BY_HAND)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Cancel a trade, where the gateway can."""
        if Can.CLOSE not in self.can:
            raise NotOffered("closing trades")
        if not trade_no or replies.is_accepted(ask(wire.cancel_call(self.config, trade_no))):
            return
        found = self.query(out_trade_no, trade_no)
        if found.paid:
            raise AlreadyPaid
        if found.status is TradeStatus.OTHER:
            raise ProviderError("the gateway did not cancel the trade")

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """There are no refunds to ask about."""
        raise NotOffered("questions about refunds")

    def bill(self, day: date) -> Iterator[BillRow]:
        """There is no such call; the chain itself is the bill."""
        raise NotOffered("bills")

    def check(self) -> str:
        """Send a request that cannot succeed: the gateway judges its signature first."""
        replies.judge_probe(ask(wire.probe_call(self.config)))
        return f"{self.config.dialect.value} ✓"

    def session(self) -> ThreadedSession:
        """Return the same calls for an event loop."""
        return ThreadedSession(self)


PROVIDER = EpusdtProvider
