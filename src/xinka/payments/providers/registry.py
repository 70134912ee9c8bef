"""Which kinds of gateway Xinka speaks to; a new one is a folder and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import Provider

PROVIDERS: Mapping[str, Callable[[Mapping[str, object]], Provider]] = MappingProxyType(
    {
        "epay": EpayProvider.from_settings,
    }
)


def provider_for(kind: str, settings: Mapping[str, object]) -> Provider:
    """Return one channel from its kind and its decrypted settings.

    Raises:
        BadChannel: if the kind is unknown or the settings are incomplete or unsafe.
    """
    if kind not in PROVIDERS:
        raise BadChannel(why_zh=f"不认识的网关类型 {kind}", why_en=f"unknown kind of gateway {kind}")
    return PROVIDERS[kind](settings)
