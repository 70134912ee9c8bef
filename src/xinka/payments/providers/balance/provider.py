"""The balance as one of Xinka's payment providers: it only names the page on which the buyer says yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from xinka.payments.providers.protocol import HowToPay, PayBy, PaymentRequest, SettingField
from xinka.payments.providers.settings import check_currency, stored_settings
from xinka.payments.providers.without_gateway import WithoutGateway


@dataclass(frozen=True, slots=True)
class BalanceProvider(WithoutGateway):
    """Payments out of buyers' balances; they are settled by ``flows.paying.wallet``."""

    currency: str = "CNY"

    def __post_init__(self) -> None:
        check_currency(self.currency)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(**stored_settings(settings, {"currency": str}, ()))  # type: ignore[arg-type]  # checked to be text

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for: nothing."""
        return ()

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return the page on which the buyer sees the balance and says yes."""
        return HowToPay(PayBy.REDIRECT, f"/pay/here/{payment.out_trade_no}")


PROVIDER = BalanceProvider
