"""Which kinds of payment channels pay merchants out, and how each is made from a channel."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xinka.flows.payouts.alipay import AlipayTransfers
from xinka.flows.payouts.epay import EpayTransfers
from xinka.flows.payouts.paypal import PayPalPayouts
from xinka.flows.payouts.wechat import WechatTransfers
from xinka.payments.channels import config_place
from xinka.payments.models import Channel
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import PayoutProvider
from xinka.platform.vault.keys import open_envelope

Settings = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Payer:
    """One kind of gateway: to which accounts it pays, and how it is made from a channel's settings."""

    kinds: frozenset[AccountKind]
    made_from: Callable[[Settings], PayoutProvider]


PAYERS: Mapping[str, Payer] = MappingProxyType(
    {
        "epay_v2": Payer(EpayTransfers.kinds, EpayTransfers.of_settings),
        "alipay": Payer(AlipayTransfers.kinds, AlipayTransfers.of_settings),
        "wechat": Payer(WechatTransfers.kinds, WechatTransfers.of_settings),
        "paypal": Payer(PayPalPayouts.kinds, PayPalPayouts.of_settings),
    }
)


def payer_of(channel: Channel) -> PayoutProvider:
    """Return the gateway behind a channel that pays out; raises ``BadChannel`` if its settings are not usable."""
    settings = json.loads(open_envelope(channel.config, config_place(channel.slug)))
    return PAYERS[channel.provider].made_from(settings)


def channels_that_pay(kind: AccountKind, currency: str) -> list[Channel]:
    """Return the channels through which accounts of a kind can be paid, in their order."""
    found = Channel.objects.filter(provider__in=PAYERS, currency=currency).defer("config").order_by("position", "id")
    return [channel for channel in found if kind in PAYERS[channel.provider].kinds]
