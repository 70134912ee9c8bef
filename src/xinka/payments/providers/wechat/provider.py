"""WeChat Pay v3 as one of Xinka's payment providers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self
from urllib.parse import urlsplit

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
    VerifiedNotice,
)
from xinka.payments.providers.splitting import SplitRequest, SplitResult
from xinka.payments.providers.wechat import notice as notices
from xinka.payments.providers.wechat import payer
from xinka.payments.providers.wechat.client import AsyncWechatClient, WechatClient
from xinka.payments.providers.wechat.config import SETTING_FIELDS, WechatConfig
from xinka.payments.providers.wechat.signing import HEADERS
from xinka.payments.providers.wechat.splits import Splits


@dataclass(frozen=True, slots=True)
class WechatProvider:
    """One channel that speaks WeChat Pay v3."""

    config: WechatConfig
    success_body: ClassVar[bytes] = b'{"code":"SUCCESS","message":"OK"}'
    failure_body: ClassVar[bytes] = b'{"code":"FAIL","message":"refused"}'
    #: RSA signatures over the raw body prove what a notice says.
    is_weak: ClassVar[bool] = False
    notice_headers: ClassVar[Sequence[str]] = HEADERS
    #: Where a buyer can pay without leaving the page, if the channel has the app's secret.
    device: ClassVar[str] = "wechat"

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(WechatConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    @property
    def can(self) -> frozenset[Can]:
        """Everything; profit sharing where the merchant number has it, paying inside WeChat with the app's secret."""
        always = {Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.BILL}
        sometimes = {Can.SPLIT: self.config.profit_sharing, Can.INSIDE: bool(self.config.app_secret)}
        return frozenset(always | {can for can, is_so in sometimes.items() if is_so})

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Open the payment at WeChat: a QR code, on phones WeChat's page where H5 is enabled, inside WeChat a call."""
        return WechatClient(self.config).create(payment)

    @property
    def asks_at(self) -> str:
        """Where WeChat's web authorisation is."""
        parts = urlsplit(self.config.open_url)
        return f"{parts.scheme}://{parts.netloc}"

    def question_to(self, back_url: str, state: str) -> str:
        """Return where a buyer inside WeChat tells who they are."""
        return payer.question_to(self.config, back_url, state)

    def payer_named(self, code: str) -> str:
        """Return the openid behind a code; raises ``ProviderError``."""
        return payer.payer_named(self.config, code)

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return notices.judge(self.config, notice, now=time.time())

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment."""
        return WechatClient(self.config).query(out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Give money back; what WeChat still works on is an ``OutcomeUnknown``."""
        WechatClient(self.config).refund(refund)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Close an unpaid payment; raises ``AlreadyPaid``."""
        WechatClient(self.config).close(out_trade_no)

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask about one refund."""
        return WechatClient(self.config).refund_query(refund)

    def bill(self, day: date) -> Iterator[BillRow]:
        """Return the payments and refunds of one day, with the fee of each."""
        return WechatClient(self.config).trade_bill(day)

    def fund_flow(self, day: date) -> Iterator[BillRow]:
        """Return the movements of the merchant's account of one day; fees are lines of their own."""
        return WechatClient(self.config).flow_bill(day)

    def share(self, split: SplitRequest) -> SplitResult:
        """Give the merchant a part of the frozen money."""
        return Splits(self.config).share(split)

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Take back from the merchant (a part of) what was shared."""
        return Splits(self.config).split_return(split)

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Let go what is left of the frozen money."""
        return Splits(self.config).unfreeze(split)

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Ask about a share, an unfreezing or, with ``origin_no``, a return."""
        return Splits(self.config).split_query(split)

    def check(self) -> str:
        """Ask about a payment that does not exist."""
        return WechatClient(self.config).check()

    def session(self) -> AsyncWechatClient:
        """Return the calls for an event loop."""
        return AsyncWechatClient(self.config)


PROVIDER = WechatProvider
