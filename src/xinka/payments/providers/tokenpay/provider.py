"""TokenPay as one of Xinka's payment providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from xinka.kernel.errors import sentence
from xinka.payments.providers.errors import NotOffered
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
from xinka.payments.providers.session import GatewaySession
from xinka.payments.providers.tokenpay import notice as notices
from xinka.payments.providers.tokenpay import replies, wire
from xinka.payments.providers.tokenpay.config import SETTING_FIELDS, TokenPayConfig

#: What staff read when a refund of this kind waits for them.
BY_HAND = sentence("automatic refunds: coins go back by hand, to an address the buyer names, at today's rate")


class TokenPaySession(GatewaySession[TokenPayConfig]):
    """TokenPay's one question over connections that stay open."""

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``TokenPayProvider.query``."""
        if not trade_no:
            return _unknown(self._config, out_trade_no)
        reply = await self._http.call(wire.query_call(self._config, trade_no))
        return replies.judge_queried(self._config, reply, out_trade_no, trade_no)

    async def refund(self, refund: RefundRequest) -> None:
        """Coins go back by hand."""
        raise NotOffered(BY_HAND)


@dataclass(frozen=True, slots=True)
class TokenPayProvider:
    """One TokenPay gateway. A payment's handle and trade number is TokenPay's own number."""

    config: TokenPayConfig
    success_body: ClassVar[bytes] = b"ok"
    failure_body: ClassVar[bytes] = b"fail"
    is_weak: ClassVar[bool] = True
    can: ClassVar[frozenset[Can]] = frozenset({Can.NOTICE})
    notice_headers: ClassVar[Sequence[str]] = ()

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(TokenPayConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Ask for an order; asked again about the same payment, TokenPay returns the same one."""
        return replies.judge_created(self.config, ask(wire.create_call(self.config, payment)), payment)

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return notices.judge(self.config, notice)

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask for the record; without its number TokenPay cannot be asked, and no buyer was ever shown it."""
        if not trade_no:
            return _unknown(self.config, out_trade_no)
        reply = ask(wire.query_call(self.config, trade_no))
        return replies.judge_queried(self.config, reply, out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Coins go back by hand."""
        raise NotOffered(BY_HAND)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """There is no such call; orders end by themselves after ten minutes."""
        raise NotOffered("closing trades")

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """There are no refunds to ask about."""
        raise NotOffered("questions about refunds")

    def bill(self, day: date) -> Iterator[BillRow]:
        """There is no such call; the chain itself is the bill."""
        raise NotOffered("bills")

    def check(self) -> str:
        """Ask about a number that nobody has: the signature is judged first."""
        replies.judge_probe(self.config, ask(wire.query_call(self.config, str(UUID(int=0)))))
        return "TokenPay ✓"

    def session(self) -> TokenPaySession:
        """Return the one question for an event loop."""
        return TokenPaySession(self.config)


def _unknown(config: TokenPayConfig, out_trade_no: str) -> QueryResult:
    return QueryResult(out_trade_no, "", 0, config.currency, TradeStatus.NOT_FOUND)


PROVIDER = TokenPayProvider
