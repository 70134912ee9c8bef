"""The demo's ways to pay in dollars and in coins, with their accounts at the pretend gateway."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from xinka.flows.demo.loading import PayWay
from xinka.sandbox.epusdt import accounts as epusdt
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.paypal import accounts as paypal
from xinka.sandbox.stripe import accounts as stripe
from xinka.sandbox.tokenpay import accounts as tokenpay

STRIPE, PAYPAL, USDT, GMPAY, COINS = SLUGS = (
    "stripe-sandbox",
    "paypal-sandbox",
    "usdt-sandbox",
    "usdt-usd-sandbox",
    "coins-sandbox",
)


def ways(account: str) -> list[PayWay]:
    """Return channels for dollars (cards, PayPal, coins) and one for coins in yuan."""
    return [
        PayWay(USDT, "USDT（沙盒）", "USDT (sandbox)", "chain", "usdt-trc20", _bepusdt(account), "epusdt"),
        PayWay(
            STRIPE, "银行卡 Stripe（沙盒）", "Card by Stripe (sandbox)", "card", "", _stripe(account), "stripe", "USD"
        ),
        PayWay(PAYPAL, "PayPal（沙盒）", "PayPal (sandbox)", "wallet", "", _paypal(account), "paypal", "USD"),
        PayWay(GMPAY, "USDT（沙盒）", "USDT (sandbox)", "chain", "usdt-trc20", _gmpay(account), "epusdt", "USD"),
        PayWay(COINS, "TRX（沙盒）", "TRX (sandbox)", "chain", "trx", _tokenpay(account), "tokenpay", "USD"),
    ]


def _known(protocol: str, name: str, make: Callable[[], SandboxMerchant]) -> SandboxMerchant:
    return SandboxMerchant.objects.filter(name=name, protocol=protocol).first() or make()


def _notify(slug: str) -> str:
    return f"{settings.SITE_URL}/pay/notify/{slug}"


def _stripe(name: str) -> dict[str, object]:
    merchant = _known(stripe.NAME, name, lambda: stripe.open_merchant(name, _notify(STRIPE)))
    _keep_address(merchant, _notify(STRIPE))
    keys = {key: merchant.secrets[key] for key in ("secret_key", "webhook_secret")}
    return keys | {"currency": "USD", "api_url": f"{settings.SITE_URL}/sandbox/stripe", "plain_http": True}


def _paypal(name: str) -> dict[str, object]:
    merchant = _known(paypal.NAME, name, lambda: paypal.open_merchant(name, _notify(PAYPAL)))
    _keep_address(merchant, _notify(PAYPAL))
    keys = {key: merchant.secrets[key] for key in ("client_id", "client_secret", "webhook_id", "root")}
    there = {"mode": "sandbox", "api_url": f"{settings.SITE_URL}/sandbox/paypal", "plain_http": True}
    return keys | there | {"currency": "USD"}


def _keep_address(merchant: SandboxMerchant, webhook_url: str) -> None:
    """Follow the shop when its port changed."""
    if merchant.secrets["webhook_url"] != webhook_url:
        merchant.secrets["webhook_url"] = webhook_url
        merchant.save(update_fields=["secrets"])


def _bepusdt(name: str) -> dict[str, object]:
    return _epusdt(name, "bepusdt") | {"dialect": "bepusdt", "currency": "CNY"}


def _gmpay(name: str) -> dict[str, object]:
    found = _epusdt(f"{name} USD", "gmpay")
    pid = str(found["base_url"]).rstrip("/").rpartition("/")[2]
    return found | {"dialect": "gmpay", "pid": pid, "currency": "USD"}


def _epusdt(name: str, dialect: str) -> dict[str, object]:
    merchant = _known(epusdt.NAME, name, lambda: epusdt.open_merchant(name, dialect))
    return {"base_url": epusdt.base_url(merchant), "token": merchant.secrets["token"], "plain_http": True}


def _tokenpay(name: str) -> dict[str, object]:
    merchant = _known(tokenpay.NAME, name, lambda: tokenpay.open_merchant(name, "USD"))
    there = {"base_url": tokenpay.base_url(merchant), "plain_http": True}
    return there | {"token": merchant.secrets["token"], "currency": "USD"}
