"""How long an answer takes does not tell whether an address has an account."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse

from xinka.accounts import even_answers
from xinka.accounts.even_answers import BEAT, EvenAnswers


class Clock:
    """A clock that only moves by work and by waiting."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Return what it shows."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


def took(
    monkeypatch: pytest.MonkeyPatch, work: float, *, method: str = "POST", path: str = "/account/signup/"
) -> float:
    """Return after how many seconds an answer leaves whose work takes so long."""
    clock = Clock()
    monkeypatch.setattr(even_answers, "time", clock)

    def page(_: HttpRequest) -> HttpResponse:
        clock.sleep(work)
        return HttpResponse()

    request = HttpRequest()
    request.method, request.path = method, path
    EvenAnswers(page)(request)
    return clock.now - 1_000.0


@pytest.mark.parametrize("path", ["/account/signup/", "/account/login/code/", "/account/password/reset/"])
def test_more_and_less_work_are_answered_after_the_same_time(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for work in (0.0, 0.02, 0.05, 0.29):
        assert took(monkeypatch, work, path=path) in (0.0, pytest.approx(BEAT))
    assert took(monkeypatch, BEAT + 0.01, path=path) == pytest.approx(2 * BEAT)


def test_control_other_pages_are_answered_as_soon_as_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert took(monkeypatch, 0.02, method="GET") == pytest.approx(0.02)
    assert took(monkeypatch, 0.02, path="/account/email/") == pytest.approx(0.02)
