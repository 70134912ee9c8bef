"""Notices of the sandbox stay planned here: a test hands them over by itself."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _notices_stay_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the background thread asleep."""
    from xinka.sandbox import notifier  # here: models are read only once the settings are

    monkeypatch.setattr(notifier._thread, "wake", lambda: None)
