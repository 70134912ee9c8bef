"""Opens a channel for workers and pages: its settings are decrypted, its provider is made, and kept while unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from xinka.payments.models import Channel
from xinka.payments.providers.protocol import Provider
from xinka.payments.providers.registry import provider_for
from xinka.platform.vault.keys import CHANNELS, open_envelope, sealing_key


def config_place(slug: str) -> bytes:
    """Return the associated data of a channel's settings."""
    return b"payments_channel.config:" + slug.encode()


def seal_config(slug: str, settings: Mapping[str, object]) -> bytes:
    """Return the envelope of a channel's settings."""
    return sealing_key(CHANNELS).seal(json.dumps(dict(settings)).encode(), config_place(slug))


def provider_of(channel: Channel) -> Provider:
    """Return the provider behind a channel.

    Raises:
        BadChannel: if the stored settings are no longer acceptable.
        EnvelopeError: if they do not open.
    """
    return _provider(channel.provider, channel.slug, bytes(channel.config))


@lru_cache(maxsize=32)
def _provider(kind: str, slug: str, envelope: bytes) -> Provider:
    return provider_for(kind, json.loads(open_envelope(envelope, config_place(slug))))
