"""Merchants are paid out through the sandbox's epay V2, once for each number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.flows.payouts.epay import EpayTransfers
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferStatus
from xinka.sandbox import rsa
from xinka.sandbox.epay_v2 import accounts
from xinka.sandbox.models import SandboxTransfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def config(live_server: LiveServer, settings: Settings) -> EpayV2Config:
    """The platform's account at a gateway that runs."""
    settings.SITE_URL = live_server.url
    place = f"{live_server.url}/sandbox/epay-v2/"
    return EpayV2Config.from_settings(accounts.shop_settings(accounts.open_merchant("Dee"), place, place))


@pytest.fixture
def transfer() -> TransferRequest:
    """What Ada is paid."""
    to = AccountDetails(AccountKind.ALIPAY, holder="艾达", number="ada@example.com")
    return TransferRequest("pyo_1", to, 12345, "CNY", "Payout & x=1")


def test_a_payout_is_made_once_for_its_number(config: EpayV2Config, transfer: TransferRequest) -> None:
    payer = EpayTransfers(config)
    assert payer.query("pyo_1").status is TransferStatus.NOT_FOUND
    first, again = payer.send(transfer), payer.send(transfer)
    assert first == again == payer.query("pyo_1")
    assert first.status is TransferStatus.DONE
    assert list(SandboxTransfer.objects.values_list("money", "account", "holder")) == [
        (12345, "ada@example.com", "艾达")
    ]


def test_a_number_is_not_used_for_another_payout(config: EpayV2Config, transfer: TransferRequest) -> None:
    payer = EpayTransfers(config)
    payer.send(transfer)
    for other in (
        replace(transfer, amount_minor=1),
        replace(transfer, to=replace(transfer.to, number="eve@example.com")),
    ):
        with pytest.raises(ProviderError):
            payer.send(other)
    assert SandboxTransfer.objects.get().money == 12345


def test_eve_cannot_pay_herself(config: EpayV2Config, transfer: TransferRequest) -> None:
    with pytest.raises(ProviderError):
        EpayTransfers(replace(config, merchant_private_key=rsa.new_pair()[0])).send(transfer)
    assert SandboxTransfer.objects.count() == 0
