"""The demo's channels that speak to Alipay itself and to an epay V2 gateway, both at the sandbox."""

from __future__ import annotations

from django.conf import settings

from xinka.flows.demo.loading import PayWay
from xinka.sandbox.alipay import accounts as alipay
from xinka.sandbox.epay_v2 import accounts as epay_v2
from xinka.sandbox.models import SandboxMerchant

SLUGS = ("alipay-direct-sandbox", "epay-v2-sandbox")


def ways(account: str, server_url: str) -> list[PayWay]:
    """Return the channels; ``server_url`` is where this machine itself reaches the sandbox."""
    direct, v2 = SLUGS
    return [
        PayWay(
            direct, "支付宝直连（沙盒）", "Alipay direct (sandbox)", "qr", "", _alipay(account, server_url), "alipay"
        ),
        PayWay(v2, "易支付 V2（沙盒）", "epay V2 (sandbox)", "qr", "alipay", _epay_v2(account, server_url), "epay_v2"),
    ]


def _alipay(name: str, server_url: str) -> dict[str, object]:
    known = SandboxMerchant.objects.filter(name=name, protocol=alipay.NAME).first()
    # In certificate mode, as Alipay asks of new merchants who also pay out.
    merchant = known or alipay.open_merchant(name, with_certificates=True)
    return alipay.shop_settings(merchant, f"{settings.SITE_URL}/sandbox/alipay", f"{server_url}/sandbox/alipay")


def _epay_v2(name: str, server_url: str) -> dict[str, object]:
    merchant = SandboxMerchant.objects.filter(name=name, protocol=epay_v2.NAME).first() or epay_v2.open_merchant(name)
    return epay_v2.shop_settings(merchant, f"{settings.SITE_URL}/sandbox/epay-v2/", f"{server_url}/sandbox/epay-v2/")
