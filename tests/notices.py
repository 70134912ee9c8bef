"""What the sandbox gateway has planned to tell the shop, as the shop would hear it."""

from __future__ import annotations

from urllib.parse import urlsplit

from xinka.payments.providers.protocol import RawNotice


def planned_notices() -> list[RawNotice]:
    """Return every notice planned so far, the first first."""
    from xinka.sandbox.models import NotifyAttempt  # here: models are read only once the settings are

    return [
        RawNotice(
            attempt.method,
            urlsplit(attempt.url).query.encode(),
            attempt.body.encode(),
            attempt.headers.get("Content-Type", ""),
            {name.lower(): value for name, value in attempt.headers.items()},
        )
        for attempt in NotifyAttempt.objects.order_by("id")
    ]
