"""PayPal's own Payouts SDKs, for Python and for Node, pay out through our gateway as ours does; all see the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.interop.sides import OtherSide, node_side, python_side
from xinka.flows.payouts.paypal import PayPalPayouts
from xinka.kernel.errors import ProviderError
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferStatus

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]

_HERE = Path(__file__).parent
LIN = AccountDetails(AccountKind.PAYPAL, "Lin Xiaoman", "lin@mail.example")


def _python() -> AbstractContextManager[OtherSide]:
    return python_side(_HERE / "payouts_side.py", "paypal-payouts-sdk")


def _node() -> AbstractContextManager[OtherSide]:
    return node_side(_HERE / "payouts_side.cjs")


@pytest.fixture(scope="module", params=[_python, _node], ids=["python", "node"])
def sdk(request: pytest.FixtureRequest) -> Iterator[OtherSide]:
    """One of PayPal's SDKs."""
    with request.param() as side:
        yield side


@pytest.fixture
def merchant(live_server: LiveServer, settings: Settings) -> SandboxMerchant:
    """Ada's account at the gateway."""
    from xinka.sandbox.paypal.accounts import open_merchant

    settings.SITE_URL = live_server.url
    return open_merchant("Ada", f"{live_server.url}/n")


def account_of(merchant: SandboxMerchant, url: str) -> dict[str, Any]:
    """Return what an SDK is told of an account."""
    names = ("client_id", "client_secret")
    return {name: merchant.secrets[name] for name in names} | {"url": f"{url}/sandbox/paypal"}


@pytest.fixture
def account(merchant: SandboxMerchant, live_server: LiveServer) -> dict[str, Any]:
    """Ada's account as an SDK knows it."""
    return account_of(merchant, live_server.url)


def payer_of(merchant: SandboxMerchant, url: str) -> PayPalPayouts:
    """Return our side of an account."""
    keys = {name: merchant.secrets[name] for name in ("client_id", "client_secret", "webhook_id", "root")}
    there = {"mode": "sandbox", "api_url": f"{url}/sandbox/paypal", "plain_http": True, "currency": "USD"}
    return PayPalPayouts.of_settings(keys | there)


@pytest.fixture
def ours(merchant: SandboxMerchant, live_server: LiveServer) -> PayPalPayouts:
    """The shop's side of Ada's account."""
    return payer_of(merchant, live_server.url)


def wish(number: str, amount: int = 40_000) -> TransferRequest:
    return TransferRequest(number, LIN, amount, "USD", "Ada & Co")


def test_their_client_pays_out_and_ours_sees_the_same_and_does_not_pay_it_again(
    sdk: OtherSide, account: dict[str, Any], ours: PayPalPayouts
) -> None:
    from xinka.sandbox.models import SandboxTransfer

    status, made = sdk.ask("send", account=account, number="out_theirs", receiver=LIN.number, value="400.00")
    header = made["batch_header"]
    assert (status, header["batch_status"]) == (201, "PENDING")
    assert header["sender_batch_header"]["sender_batch_id"] == "out_theirs"
    found = ours.query("out_theirs", header["payout_batch_id"])
    assert (found.status, found.amount_minor) == (TransferStatus.DONE, 40_000)
    again = ours.send(wish("out_theirs"))
    assert (again.status, again.reference) == (TransferStatus.DONE, header["payout_batch_id"])
    kept = SandboxTransfer.objects.get()
    assert (kept.account, kept.money, kept.currency) == (LIN.number, 40_000, "USD")


def test_what_ours_paid_out_theirs_reads_and_is_refused_to_pay_again(
    sdk: OtherSide, account: dict[str, Any], ours: PayPalPayouts
) -> None:
    from xinka.sandbox.models import SandboxTransfer

    made = ours.send(wish("out_ours"))
    assert made.status is TransferStatus.PENDING
    status, batch = sdk.ask("batch", account=account, number=made.reference)
    assert (status, batch["batch_header"]["batch_status"]) == (200, "SUCCESS")
    (item,) = batch["items"]
    assert item["payout_item"]["sender_item_id"] == "out_ours"
    assert item["payout_item"]["amount"] == {"currency": "USD", "value": "400.00"}
    status, alone = sdk.ask("item", account=account, number=item["payout_item_id"])
    assert (status, alone["transaction_status"], alone["payout_batch_id"]) == (200, "SUCCESS", made.reference)
    status, refused = sdk.ask("send", account=account, number="out_ours", receiver="eve@mail.example", value="400.00")
    assert (status, refused["name"]) == (400, "USER_BUSINESS_ERROR")
    assert refused["details"][0]["link"][0]["href"].endswith(made.reference)
    assert SandboxTransfer.objects.get().account == LIN.number


@pytest.mark.parametrize(
    ("value", "word", "status"), [("400.01", "FAILED", "failed"), ("400.03", "PENDING", "pending")]
)
def test_both_read_the_same_of_what_fails_or_takes_its_time(
    sdk: OtherSide, account: dict[str, Any], ours: PayPalPayouts, value: str, word: str, status: str
) -> None:
    _, made = sdk.ask("send", account=account, number="out_1", receiver=LIN.number, value=value)
    number = made["batch_header"]["payout_batch_id"]
    _, batch = sdk.ask("batch", account=account, number=number)
    assert batch["items"][0]["transaction_status"] == word
    assert ours.query("out_1", number).status == status


def test_eves_account_reads_and_pays_nothing_of_adas(
    sdk: OtherSide, account: dict[str, Any], ours: PayPalPayouts, live_server: LiveServer
) -> None:
    from xinka.sandbox.paypal.accounts import open_merchant

    eve = open_merchant("Eve", f"{live_server.url}/n")
    made = ours.send(wish("out_ours"))
    theirs = account_of(eve, live_server.url)
    assert sdk.ask("batch", account=theirs, number=made.reference)[0] == 404
    assert sdk.ask("item", account=theirs, number=made.reference.replace("PB", "PI"))[0] == 404
    with pytest.raises(ProviderError):
        payer_of(eve, live_server.url).query("out_ours", made.reference)
    wrong = account | {"client_secret": "E" + "0" * 40}
    assert sdk.ask("send", account=wrong, number="out_eve", receiver="eve@mail.example", value="1.00")[0] == 401
    assert eve.transfers.count() == 0
