"""The gateway in memory, which benchmarks ask instead of a real one."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay.client import AsyncEpayClient, EpayClient
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.protocol import TradeStatus
from xinka.sandbox.standalone import PretendGateway

KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"


def config(port: int, key: str = KEY) -> EpayConfig:
    return EpayConfig(f"http://127.0.0.1:{port}/", "1001", key, plain_http=True)


def test_it_answers_for_what_was_marked_as_paid() -> None:
    async def ask() -> list[TradeStatus]:
        async with PretendGateway("1001", KEY) as gateway, AsyncEpayClient(config(gateway.port)) as client:
            before = await client.query("pay_1")
            gateway.mark_paid("pay_1", "93.10", "T1")
            after = await client.query("pay_1")
            assert await client.query("pay_1", "T1") == after
            assert after.amount_minor == 9310
            return [before.status, after.status]

    assert asyncio.run(ask()) == [TradeStatus.NOT_FOUND, TradeStatus.PAID]


def test_it_refuses_a_wrong_key() -> None:
    async def ask() -> None:
        async with PretendGateway("1001", KEY) as gateway, AsyncEpayClient(config(gateway.port, KEY[::-1])) as client:
            await client.query("pay_1")

    with pytest.raises(ProviderError):
        asyncio.run(ask())


def test_it_runs_as_a_program_of_its_own() -> None:
    command = [sys.executable, "-m", "xinka.sandbox.standalone", "--pid", "1001", "--key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            address = program.stdout.readline().strip()
            assert httpx.post(f"{address}paid", content=b"pay_1 93.10\npay_2 0.01\n", timeout=5).status_code == 200
            client = EpayClient(config(int(address.rstrip("/").rpartition(":")[2])))
            assert [client.query(number).amount_minor for number in ("pay_1", "pay_2")] == [9310, 1]
        finally:
            program.terminate()
