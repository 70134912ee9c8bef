"""A transfer by hand as one of Xinka's payment providers: it names the page with the account and the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from xinka.payments.providers.protocol import HowToPay, PayBy, PaymentRequest, SettingField
from xinka.payments.providers.settings import check_currency, stored_settings
from xinka.payments.providers.without_gateway import WithoutGateway

_STORED: dict[str, type] = {
    "payee": str,
    "account": str,
    "bank": str,
    "instructions": str,
    "instructions_en": str,
    "currency": str,
}


@dataclass(frozen=True, slots=True)
class ManualProvider(WithoutGateway):
    """Transfers to an account of the operator; staff confirm them with four eyes (``flows.paying.transfers``)."""

    payee: str
    account: str
    bank: str = ""
    instructions: str = ""
    instructions_en: str = ""
    currency: str = "CNY"

    def __post_init__(self) -> None:
        check_currency(self.currency)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        known = stored_settings(settings, _STORED, ("payee", "account"))
        return cls(**known)  # type: ignore[arg-type]  # each value was checked to be text

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return (
            SettingField("payee", "收款人", "Payee"),
            SettingField("account", "账号", "Account number"),
            SettingField("bank", "开户行", "Bank", required=False),
            SettingField("instructions", "说明（中文）", "Instructions in Chinese", required=False, multiline=True),
            SettingField("instructions_en", "说明（英文）", "Instructions in English", required=False, multiline=True),
        )

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return the page that says where the money goes and with which reference."""
        return HowToPay(PayBy.REDIRECT, f"/pay/here/{payment.out_trade_no}")


PROVIDER = ManualProvider
