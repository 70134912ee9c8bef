"""epay as one of Xinka's payment providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self
from urllib.parse import urlencode

from xinka.payments.providers.epay import wire
from xinka.payments.providers.epay.client import AsyncEpayClient, EpayClient
from xinka.payments.providers.epay.config import SETTING_FIELDS, EpayConfig
from xinka.payments.providers.epay.notice import parse_notice, verify_notice
from xinka.payments.providers.epay.signing import SignType
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
class EpayProvider:
    """One channel that speaks epay V1."""

    config: EpayConfig
    success_body: ClassVar[bytes] = b"success"
    failure_body: ClassVar[bytes] = b"fail"

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(EpayConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    @property
    def is_weak(self) -> bool:
        """MD5 is; HMAC-SHA256 is not."""
        return self.config.sign_type is SignType.MD5

    @property
    def can(self) -> frozenset[Can]:
        """V1 knows refunds, and neither closes trades nor tells of refunds."""
        return frozenset({Can.NOTICE, Can.REFUND})

    notice_headers: ClassVar[Sequence[str]] = ()

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return the address of the gateway's cashier, or what its API answers if the channel is set ``by_api``."""
        if self.config.by_api:
            return EpayClient(self.config).create(payment)
        fields = wire.payment_fields(self.config, payment)
        return HowToPay(PayBy.REDIRECT, f"{self.config.address('submit.php')}?{urlencode(fields)}")

    def prepare_form(self, payment: PaymentRequest) -> HowToPay:
        """Return the same request as the fields of a form to post, which keeps it out of the address."""
        fields = wire.payment_fields(self.config, payment)
        return HowToPay(PayBy.FORM, self.config.address("submit.php"), fields)

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused``."""
        return verify_notice(self.config, parse_notice(notice))

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask ``api.php?act=order``."""
        return EpayClient(self.config).query(out_trade_no, trade_no)

    def refund(self, refund: RefundRequest) -> None:
        """Ask ``api.php?act=refund``."""
        EpayClient(self.config).refund(refund)

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """V1 has no such call."""
        raise NotOffered("closing trades")

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """V1 has no such call."""
        raise NotOffered("questions about refunds")

    def bill(self, day: date) -> Iterator[BillRow]:
        """V1 has no such call."""
        raise NotOffered("bills")

    def check(self) -> str:
        """Ask ``api.php?act=query`` about our account."""
        return f"pid {EpayClient(self.config).merchant().get('pid', self.config.pid)}"

    def session(self) -> AsyncEpayClient:
        """Return the same calls for an event loop."""
        return AsyncEpayClient(self.config)


PROVIDER = EpayProvider
