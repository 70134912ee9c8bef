"""Two implementations by other people as the other side: wechatpayv3 (Python) and wechatpay-axios-plugin (Node)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from xinka.payments.providers.protocol import PaymentRequest
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[2]
_SDK = _CHECKOUT / ".venv" / "interop" / "wechatpayv3"
_NODE = _CHECKOUT / "tests" / "interop" / "node" / "node_modules"


class OtherSide:
    """A process that holds somebody else's implementation and nothing of ours."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, operation: str, **arguments: object) -> Any:
        """Have it do something; an error there is an error here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([operation, arguments]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["ok"]


@contextmanager
def _run(*command: str, **more: str) -> Iterator[OtherSide]:
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}} | more
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare)
    try:
        with process:
            yield OtherSide(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
    finally:
        process.kill()


@pytest.fixture(scope="session")
def sdk() -> Iterator[OtherSide]:
    """The Python SDK."""
    assert (_SDK / "wechatpayv3").is_dir(), "run scripts/setup interop"
    with _run(sys.executable, "-I", "-S", str(_HERE / "sdk_side.py"), str(_SDK)) as side:
        yield side


@pytest.fixture(scope="session")
def plugin() -> Iterator[OtherSide]:
    """The Node plugin."""
    assert (_NODE / "wechatpay-axios-plugin").is_dir(), "run scripts/setup interop"
    with _run("node", str(_HERE / "plugin_side.cjs"), NODE_PATH=str(_NODE)) as side:
        yield side


@pytest.fixture
def base_url(live_server: LiveServer, settings: Settings) -> str:
    """Where our gateway is; the shop it belongs to has the same address."""
    settings.SITE_URL = live_server.url
    return f"{live_server.url}/sandbox/wechat"


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send no notice by itself."""
    from xinka.sandbox import notifier

    monkeypatch.setattr(notifier._thread, "wake", lambda: None)


@pytest.fixture
def merchant(base_url: str, transactional_db: None) -> SandboxMerchant:
    """Ada's account at our gateway."""
    from xinka.sandbox.wechat.accounts import open_merchant

    return open_merchant("Ada")


@pytest.fixture
def account(merchant: SandboxMerchant, base_url: str) -> dict[str, Any]:
    """What anybody needs to act for Ada."""
    from xinka.sandbox.wechat.accounts import shop_settings

    return shop_settings(merchant, base_url)


@pytest.fixture
def provider(account: dict[str, Any]) -> WechatProvider:
    """Our own side of that account."""
    return WechatProvider.from_settings(account)


@pytest.fixture
def payment(base_url: str) -> PaymentRequest:
    """What Cy is to pay: 93.10 yuan."""
    shop = base_url.removesuffix("/sandbox/wechat")
    return PaymentRequest(
        "pay_01jd3v5w8qk2m4n6p8r0s2t4v6", 9310, "CNY", "云听音乐", "native", f"{shop}/pay/notify/wechat", shop
    )
