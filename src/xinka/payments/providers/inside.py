"""Paying inside a gateway's own app (WeChat's browser): the gateway first says who the buyer is, then the page pays.

A provider with ``Can.INSIDE`` implements :class:`PaysInside` beside ``Provider``. The gateway's name of the buyer goes
into ``PaymentRequest.payer_id`` of that one payment and is kept nowhere.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class PaysInside(Protocol):
    """The calls of a provider whose app offers pages a function to pay with."""

    @property
    def device(self) -> str:
        """Inside which app, in the words of ``PaymentRequest.device``."""
        ...

    @property
    def asks_at(self) -> str:
        """The origin that the buyer's browser is sent to, for the page's security policy."""
        ...

    def question_to(self, back_url: str, state: str) -> str:
        """Return where the buyer's browser asks the gateway who it is; it comes back with ``code`` and ``state``."""
        ...

    def payer_named(self, code: str) -> str:
        """Return the gateway's name of the buyer for a code, which counts once.

        Raises:
            ProviderError: if the gateway does not take the code, or does not answer; nobody may be charged then.
        """
        ...
