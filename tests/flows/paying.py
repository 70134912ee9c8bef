"""Gateways of the sandbox that pay out: an account at each, the channel to it, and Ada who is to be paid."""

from __future__ import annotations

from django.utils import timezone

from tests.cast import adas_shop
from tests.flows.payouts import ALIPAY, PAYPAL, WECHAT, account, approved, enter, finance
from xinka.flows.payouts.gateway import send_through
from xinka.merchants.models import Merchant
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel
from xinka.payouts.models import Payout
from xinka.sandbox import transfers
from xinka.sandbox.alipay import accounts as alipay
from xinka.sandbox.epay_v2 import accounts as epay_v2
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.paypal import accounts as paypal
from xinka.sandbox.wechat import accounts as wechat

ACCOUNTS = {"epay_v2": ALIPAY, "alipay": ALIPAY, "wechat": WECHAT, "paypal": PAYPAL}


class Place:
    """A gateway that runs, the channel to it, and a merchant with money who is to be paid through it."""

    def __init__(self, provider: str, url: str) -> None:
        self.provider, self.currency = provider, "USD" if provider == "paypal" else "CNY"
        self.url = url
        self.bank, config = open_account(provider, url)
        self.channel = Channel.objects.create(
            slug=provider, name=provider, name_en=provider, provider=provider, currency=self.currency,
            config=seal_config(provider, config),
        )  # fmt: skip
        self.shop: Merchant = adas_shop()
        enter(self.shop, 1_000_000, currency=self.currency)

    def approved(self, amount: int) -> Payout:
        """Return a payout that was approved."""
        return approved(account(self.shop, ACCOUNTS[self.provider]), amount, self.currency)

    def sending(self, amount: int) -> Payout:
        """Return a payout that was handed to the gateway."""
        return send_through(self.approved(amount).id, self.channel.id, by=finance())

    def left(self) -> int:
        """Return what really left the gateway, what is under way too."""
        return transfers.paid_out(self.bank, timezone.now() + transfers.SLOW_FOR * 30)


def open_account(provider: str, url: str) -> tuple[SandboxMerchant, dict[str, object]]:
    """Return an account at a gateway, and what a shop enters for it."""
    if provider == "epay_v2":
        bank, place = epay_v2.open_merchant("Dee"), f"{url}/sandbox/epay-v2/"
        return bank, epay_v2.shop_settings(bank, place, place)
    if provider == "alipay":
        bank, place = alipay.open_merchant("Dee", with_certificates=True), f"{url}/sandbox/alipay"
        return bank, alipay.shop_settings(bank, place, place)
    if provider == "wechat":
        bank = wechat.open_merchant("Dee")
        return bank, wechat.shop_settings(bank, f"{url}/sandbox/wechat")
    bank = paypal.open_merchant("Dee", f"{url}/pay/notify/paypal")
    known = bank.secrets
    return bank, {
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        "webhook_id": known["webhook_id"],
        "mode": "sandbox",
        "currency": "USD",
        "api_url": f"{url}/sandbox/paypal",
        "plain_http": True,
        "root": known["root"],
    }
