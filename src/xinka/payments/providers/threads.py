"""Lets a provider whose calls block be asked from an event loop: each question runs in a thread of its own."""

from __future__ import annotations

import asyncio
from typing import Self

from xinka.payments.providers.protocol import Provider, QueryResult, RefundRequest


class ThreadedSession:
    """A provider's calls for an event loop; nothing stays open."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``Provider.query``."""
        return await asyncio.to_thread(self._provider.query, out_trade_no, trade_no)

    async def refund(self, refund: RefundRequest) -> None:
        """As ``Provider.refund``."""
        await asyncio.to_thread(self._provider.refund, refund)
