"""Frozen money is shared once for each number, never beyond what is there, and then let go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.errors import NotOffered
from xinka.payments.providers.protocol import Can, PaymentRequest
from xinka.payments.providers.splitting import ProviderSplit, SplitRequest, SplitStatus
from xinka.sandbox import endings
from xinka.sandbox.alipay import accounts
from xinka.sandbox.models import SandboxTrade

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"


@pytest.fixture
def provider(live_server: LiveServer, settings: Settings) -> AlipayProvider:
    """A channel whose money stays frozen, with a payment of 93.10 yuan that Cy has made."""
    settings.SITE_URL = live_server.url
    place = f"{live_server.url}/sandbox/alipay"
    known = accounts.shop_settings(accounts.open_merchant("Ada"), place, place)
    found = AlipayProvider.from_settings(known | {"profit_sharing": True})
    found.prepare(PaymentRequest(NUMBER, 9310, "CNY", "云听", "", f"{live_server.url}/n", f"{live_server.url}/r"))
    assert endings.bring_about(SandboxTrade.objects.get(), "pay", now=timezone.now())
    return found


@pytest.fixture
def split(provider: AlipayProvider) -> SplitRequest:
    """Ada's share: 90 yuan."""
    trade = SandboxTrade.objects.get()
    return SplitRequest(NUMBER, trade.trade_no, "spl_1", 9000, "CNY", "2088222233334444", "Ada")


def test_a_share_happens_once_for_its_number(provider: AlipayProvider, split: SplitRequest) -> None:
    assert isinstance(provider, ProviderSplit)
    assert Can.SPLIT in provider.can
    assert provider.split_query(split).status is SplitStatus.NOT_FOUND
    first, again = provider.share(split), provider.share(split)
    assert first == again
    assert (first.status, first.amount_minor) == (SplitStatus.DONE, 9000)
    assert provider.split_query(split) == first


def test_no_more_is_shared_than_there_is(provider: AlipayProvider, split: SplitRequest) -> None:
    provider.share(split)
    with pytest.raises(ProviderError) as refused:
        provider.share(replace(split, split_no="spl_2", amount_minor=311))
    assert refused.value.permanent
    assert provider.share(replace(split, split_no="spl_3", amount_minor=310)).status is SplitStatus.DONE


def test_what_is_left_is_let_go_and_then_nothing_is_frozen(provider: AlipayProvider, split: SplitRequest) -> None:
    done = replace(split, split_no="spl_9", amount_minor=0)
    provider.share(split)
    assert provider.unfreeze(done).status is SplitStatus.DONE
    assert provider.split_query(done).status is SplitStatus.DONE
    with pytest.raises(ProviderError):
        provider.share(replace(split, split_no="spl_2", amount_minor=1))


def test_a_trade_of_which_nothing_was_shared_is_let_go_too(provider: AlipayProvider, split: SplitRequest) -> None:
    done = replace(split, split_no="spl_9", amount_minor=0, receiver="", receiver_name="")
    for _ in range(2):
        assert provider.unfreeze(done).status is SplitStatus.DONE
    assert provider.split_query(done).status is SplitStatus.DONE
    with pytest.raises(ProviderError):
        provider.share(split)


def test_a_share_is_not_taken_back_by_itself(provider: AlipayProvider, split: SplitRequest) -> None:
    with pytest.raises(NotOffered):
        provider.split_return(split)


def test_without_the_product_nothing_is_frozen(provider: AlipayProvider, split: SplitRequest) -> None:
    plain = AlipayProvider(replace(provider.config, profit_sharing=False))
    assert Can.SPLIT not in plain.can
    plain.prepare(PaymentRequest("pay_2", 100, "CNY", "x", "", *(SandboxTrade.objects.get().notify_url,) * 2))
    trade = SandboxTrade.objects.get(out_trade_no="pay_2")
    endings.bring_about(trade, "pay", now=timezone.now())
    with pytest.raises(ProviderError):
        plain.share(replace(split, trade_no=trade.trade_no, amount_minor=100))
