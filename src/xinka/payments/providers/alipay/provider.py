"""Alipay as one of Xinka's payment providers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from xinka.payments.providers.alipay import notice as notices
from xinka.payments.providers.alipay import wire
from xinka.payments.providers.alipay.client import AlipayClient, AsyncAlipayClient
from xinka.payments.providers.alipay.config import SETTING_FIELDS, AlipayConfig
from xinka.payments.providers.alipay.splits import Splits
from xinka.payments.providers.protocol import (
    BillRow,
    Can,
    HowToPay,
    PayBy,
    PaymentRequest,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    SettingField,
    VerifiedNotice,
)
from xinka.payments.providers.splitting import SplitRequest, SplitResult


@dataclass(frozen=True, slots=True)
class AlipayProvider:
    """One application at Alipay."""

    config: AlipayConfig
    success_body: ClassVar[bytes] = b"success"
    failure_body: ClassVar[bytes] = b"fail"
    #: Alipay's RSA signature proves what a notice says.
    is_weak: ClassVar[bool] = False
    notice_headers: ClassVar[Sequence[str]] = ()

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(AlipayConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    @property
    def can(self) -> frozenset[Can]:
        """Everything; profit-sharing where the application has it."""
        always = {Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.BILL}
        return frozenset(always | ({Can.SPLIT} if self.config.profit_sharing else set()))

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return a QR code, or the address of Alipay's page, whatever is set for the buyer's device."""
        product = wire.product_for(self.config, payment.device)
        if product == wire.PRECREATE:
            return AlipayClient(self.config).precreate(payment)
        return HowToPay(PayBy.REDIRECT, wire.payment_url(self.config, payment, product, time.time()))

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return notices.judge(self.config, notice, time.time())

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask ``alipay.trade.query``."""
        return AlipayClient(self.config).query(out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Ask ``alipay.trade.refund``."""
        AlipayClient(self.config).refund(refund)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Ask ``alipay.trade.close``; raises ``AlreadyPaid``."""
        AlipayClient(self.config).close(out_trade_no, trade_no)

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask ``alipay.trade.fastpay.refund.query``."""
        return AlipayClient(self.config).refund_query(refund)

    def bill(self, day: date) -> Iterator[BillRow]:
        """Fetch the bill of a day's trades."""
        return AlipayClient(self.config).bill(day)

    def share(self, split: SplitRequest) -> SplitResult:
        """Give the merchant a part of the frozen money."""
        return Splits(self.config).share(split)

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Not offered by itself: Alipay takes shares back with the refund."""
        return Splits(self.config).split_return(split)

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Finish the sharing of a trade."""
        return Splits(self.config).unfreeze(split)

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Ask about a share or a finishing."""
        return Splits(self.config).split_query(split)

    def check(self) -> str:
        """Ask about a payment that does not exist."""
        return AlipayClient(self.config).check()

    def session(self) -> AsyncAlipayClient:
        """Return the same calls for an event loop."""
        return AsyncAlipayClient(self.config)


PROVIDER = AlipayProvider
