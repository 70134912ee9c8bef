"""``xinka maintenance`` closes the shop, announces it, says how it stands and opens it again, all on record."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from xinka.config.cli import maintenance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_open_shop_is_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "open_shop", nullcontext)


def call(*words: str) -> Result:
    return CliRunner().invoke(maintenance.maintenance, [*words])


def acts() -> list[tuple[str, str, str]]:
    from xinka.platform.audit.models import AuditEntry

    return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "actor_name"))


def test_it_is_closed_until_somebody_opens_it() -> None:
    from xinka.platform.maintenance.actions import current

    assert "open / 开着" in call("status").output
    closed = call("on", "--until", "90m", "--words-zh", "升级。", "--words-en", "Upgrading.")
    assert closed.exit_code == 0
    assert "closed since" in closed.output
    found = current()
    assert found is not None
    assert found.until is not None
    assert abs(found.until - found.begins_at - timedelta(minutes=90)) < timedelta(seconds=5)
    assert (found.words_zh, found.words_en) == ("升级。", "Upgrading.")
    assert call("status").output == closed.output
    assert "open / 已开店" in call("off").output
    assert "it was open already" in call("off").output
    assert current() is None
    assert acts() == [("maintenance.on", "shop", "xinka"), ("maintenance.off", "shop", "xinka")]


def test_it_is_announced_for_later_and_said_anew_without_beginning_again() -> None:
    from xinka.platform.maintenance.actions import current

    assert "closes at" in call("on", "--from", "2h", "--until", "3h").output
    assert call("on").exit_code == 0, "now, after all"
    begun = current()
    assert "expected back at" in call("on", "--until", "4h").output
    again = current()
    assert begun is not None
    assert again is not None
    assert again.begins_at == begun.begins_at
    assert again.until is not None


@pytest.mark.parametrize(
    "options",
    [
        ("--until", "yesterday"),
        ("--until", "2026-13-01 03:00"),
        ("--until", "2020-01-01 03:00"),
        ("--from", "3h", "--until", "2h"),
        ("--from", "31d"),
        ("--until", "31d"),
        ("--words-zh", "字" * 201),
    ],
)
def test_what_does_not_fit_closes_nothing(options: tuple[str, ...]) -> None:
    from xinka.platform.maintenance.actions import current

    answer = call("on", *options)
    assert answer.exit_code in {1, 2}
    assert "/" in answer.output
    assert current() is None
    assert acts() == []
