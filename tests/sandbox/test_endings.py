"""Every button of the cashier, and what the shop gets to hear of it by real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.errors import BadSignature
from xinka.sandbox import endings, notifier
from xinka.sandbox.models import NotifyAttempt, SandboxEntry, SandboxTrade
from xinka.sandbox.states import TradeState

Press = Callable[..., str]


def hear(shop: object, *, after: timedelta = timedelta(seconds=5)) -> list[object]:
    """Send what is due within ``after`` and return what the shop heard."""
    notifier.deliver_due(timezone.now() + after)
    return list(shop.heard)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "story",
    [
        ("pay", ["TRADE_SUCCESS"], 9310),
        ("fail", ["TRADE_CLOSED"], 0),
        ("expire", [], 0),
        ("pay-less", ["TRADE_SUCCESS"], 8379),
        ("pay-more", ["TRADE_SUCCESS"], 10241),
        ("duplicate", ["TRADE_SUCCESS"] * 20, 9310),
        ("reorder", ["TRADE_SUCCESS", "WAIT_BUYER_PAY"], 9310),
        ("delay", [], 9310),
        ("silent", [], 9310),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_ending_tells_the_shop_what_it_promises(
    shop: object, provider: EpayProvider, end: Press, story: tuple[str, list[str], int], method: str
) -> None:
    ending, statuses, money = story
    end(ending, notify_by=method)
    heard = hear(shop)
    assert {notice.method for notice in heard} <= {method}  # type: ignore[attr-defined]
    verified = [provider.judge_notice(notice) for notice in heard]  # type: ignore[arg-type]
    assert sorted(notice.status for notice in verified) == sorted(statuses)
    assert {notice.amount_minor for notice in verified if notice.is_paid} <= {money}
    assert sum(SandboxEntry.objects.values_list("amount", flat=True)) == money
    assert NotifyAttempt.objects.filter(accepted=True).count() == len(statuses)


def test_a_delayed_notice_comes_in_two_minutes(shop: object, provider: EpayProvider, end: Press) -> None:
    end("delay")
    assert hear(shop, after=timedelta(seconds=110)) == []
    (notice,) = hear(shop, after=timedelta(seconds=125))
    assert provider.judge_notice(notice).is_paid  # type: ignore[arg-type]


def test_paying_twice_makes_two_numbers_for_one_order(
    shop: object, provider: EpayProvider, trade: SandboxTrade, end: Press
) -> None:
    end("pay-twice")
    verified = [provider.judge_notice(notice) for notice in hear(shop)]  # type: ignore[arg-type]
    assert {notice.out_trade_no for notice in verified} == {trade.out_trade_no}
    assert len({notice.trade_no for notice in verified}) == 2
    assert sum(SandboxEntry.objects.values_list("amount", flat=True)) == 2 * 9310


def test_paying_late_comes_after_the_expiry(
    shop: object, provider: EpayProvider, trade: SandboxTrade, end: Press
) -> None:
    end("pay-late")
    assert trade.paid_at is not None
    assert trade.paid_at > trade.expires_at
    assert not trade.is_paid(timezone.now())
    assert hear(shop, after=timedelta(minutes=15)) == []
    assert len(hear(shop, after=timedelta(minutes=17))) == 1


def test_a_forged_notice_is_refused_and_nothing_was_paid(
    shop: object, provider: EpayProvider, trade: SandboxTrade, end: Press
) -> None:
    end("forge")
    (notice,) = hear(shop)
    with pytest.raises(BadSignature):
        provider.judge_notice(notice)  # type: ignore[arg-type]
    assert (trade.state, SandboxEntry.objects.count()) == (TradeState.WAITING, 0)
    end("pay")
    assert trade.state == TradeState.PAID


def test_an_expired_trade_can_only_be_paid_late(trade: SandboxTrade, end: Press) -> None:
    SandboxTrade.objects.update(expires_at=timezone.now() - timedelta(minutes=5))
    trade.refresh_from_db()
    assert set(endings.possible(trade, timezone.now())) == {"pay-late"}
    assert end("pay") == "HTTP 409"
    end("pay-late")
    assert trade.is_paid(timezone.now())


@pytest.mark.parametrize("second", [*endings.ENDINGS, "nonsense"])
def test_what_has_ended_does_not_end_again(client: Client, trade: SandboxTrade, end: Press, second: str) -> None:
    end("pay")
    attempts = NotifyAttempt.objects.count()
    assert end(second) == "HTTP 409"
    assert (trade.paid_money, NotifyAttempt.objects.count(), SandboxEntry.objects.count()) == (9310, attempts, 1)


def test_one_fen_cannot_be_underpaid(trade: SandboxTrade) -> None:
    trade.money = 1
    assert "pay-less" not in endings.possible(trade, timezone.now())
