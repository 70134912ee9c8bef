"""The other side, by Alipay's own alipay-sdk-python: run by itself with only that SDK to import.

    python -I -S official_side.py DIRECTORY_OF_THE_SDK

Only its transport is replaced: with a port in the address it crashes (``str += int``).
"""

from __future__ import annotations

import http.client
import json
import sys
import traceback
from urllib.parse import urlsplit

sys.path.insert(0, sys.argv[1])

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)
from alipay.aop.api.request.AlipayFundTransCommonQueryRequest import AlipayFundTransCommonQueryRequest
from alipay.aop.api.request.AlipayFundTransUniTransferRequest import AlipayFundTransUniTransferRequest
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest
from alipay.aop.api.util import SignatureUtils, WebUtils

REQUESTS = {
    "alipay.data.dataservice.bill.downloadurl.query": AlipayDataDataserviceBillDownloadurlQueryRequest,
    "alipay.fund.trans.common.query": AlipayFundTransCommonQueryRequest,
    "alipay.fund.trans.uni.transfer": AlipayFundTransUniTransferRequest,
    "alipay.trade.close": AlipayTradeCloseRequest,
    "alipay.trade.fastpay.refund.query": AlipayTradeFastpayRefundQueryRequest,
    "alipay.trade.page.pay": AlipayTradePagePayRequest,
    "alipay.trade.precreate": AlipayTradePrecreateRequest,
    "alipay.trade.query": AlipayTradeQueryRequest,
    "alipay.trade.refund": AlipayTradeRefundRequest,
    "alipay.trade.wap.pay": AlipayTradeWapPayRequest,
}


def connection_of(url: str, query_string: str, timeout: float) -> tuple[str, http.client.HTTPConnection]:
    """Connect to the port that is named."""
    parts = urlsplit(url)
    return f"{parts.path}?{query_string}", http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


WebUtils.get_http_connection = connection_of


def client(account: dict[str, str]) -> DefaultAlipayClient:
    """Return the SDK's client of an application."""
    config = AlipayClientConfig()
    config.server_url = account["gateway"]
    config.app_id = account["app_id"]
    config.app_private_key = account["private"]
    config.alipay_public_key = account["public"]
    return DefaultAlipayClient(alipay_client_config=config)


def request_for(method: str, content: dict[str, object], addresses: dict[str, str]) -> object:
    """Return the SDK's object for a request."""
    request = REQUESTS[method]()
    request.biz_content = content
    for name, value in addresses.items():
        setattr(request, name, value)
    return request


def call(account: dict[str, str], method: str, content: dict[str, object], addresses: dict[str, str]) -> object:
    """Make one call with the SDK's client, which verifies the answer."""
    return json.loads(client(account).execute(request_for(method, content, addresses)))


def page(account: dict[str, str], method: str, content: dict[str, object], addresses: dict[str, str]) -> str:
    """Return the signed address of a page."""
    return client(account).page_execute(request_for(method, content, addresses), "GET")


def sign(private: str, text: str, sha1: bool = False) -> str:
    """Sign a text with the SDK's function."""
    signing = SignatureUtils.sign_with_rsa if sha1 else SignatureUtils.sign_with_rsa2
    return signing(private, text, "utf-8")


def believes(public: str, text: str, signature: str) -> bool:
    """Whether the SDK finds a signature right."""
    try:
        return bool(SignatureUtils.verify_with_rsa(public, text.encode(), signature))
    except Exception:  # noqa: BLE001 - whatever it raises, it does not believe
        return False


def joined(fields: dict[str, str]) -> str:
    """Return the text the SDK would sign."""
    return SignatureUtils.get_sign_content(fields)


OPERATIONS = {one.__name__: one for one in (call, page, sign, believes, joined)}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
