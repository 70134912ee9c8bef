"""epay V2 as one of Xinka's payment providers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from xinka.payments.providers.epay_v2 import wire
from xinka.payments.providers.epay_v2.client import AsyncEpayV2Client, EpayV2Client
from xinka.payments.providers.epay_v2.config import SETTING_FIELDS, EpayV2Config, Way
from xinka.payments.providers.epay_v2.notice import judge
from xinka.payments.providers.errors import NotOffered
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


@dataclass(frozen=True, slots=True)
class EpayV2Provider:
    """One channel that speaks epay V2."""

    config: EpayV2Config
    success_body: ClassVar[bytes] = b"success"
    failure_body: ClassVar[bytes] = b"fail"
    #: The platform's RSA signature proves what a notice says.
    is_weak: ClassVar[bool] = False
    notice_headers: ClassVar[Sequence[str]] = ()
    #: No bill: the list of orders is the one answer these gateways do not sign, and it says nothing of refunds' days.
    can: ClassVar[frozenset[Can]] = frozenset({Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY})

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(EpayV2Config.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return what the gateway's API answers, or its cashier's address where that is set or all it offers."""
        page = HowToPay(PayBy.REDIRECT, wire.page_url(self.config, payment, time.time()))
        return page if self.config.way is Way.PAGE else EpayV2Client(self.config).create(payment) or page

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return judge(self.config, notice, time.time())

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask ``/api/pay/query``."""
        return EpayV2Client(self.config).query(out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Ask ``/api/pay/refund``."""
        EpayV2Client(self.config).refund(refund)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Ask ``/api/pay/close``; raises ``AlreadyPaid``."""
        EpayV2Client(self.config).close(out_trade_no, trade_no)

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask ``/api/pay/refundquery``."""
        return EpayV2Client(self.config).refund_query(refund)

    def bill(self, day: date) -> Iterator[BillRow]:
        """V2 has none that could be trusted."""
        raise NotOffered("bills")

    def check(self) -> str:
        """Ask ``/api/merchant/info`` about our account."""
        answer = EpayV2Client(self.config).merchant()
        return f"pid {answer.get('pid', self.config.pid)}"

    def session(self) -> AsyncEpayV2Client:
        """Return the same calls for an event loop."""
        return AsyncEpayV2Client(self.config)


PROVIDER = EpayV2Provider
