"""How long the till needs to read and verify one typical payment notice.

收银台读取并验签一条支付通知要多久。

    python benchmarks/notice.py [--json]

Method: one process, one notice after another, no network; the best of seven rounds of 20,000, in processor time
(other work on the machine only ever adds, and least to the best). Before timing, every notice is checked: the genuine
one must be read, and one with a changed amount, a changed signature or another algorithm must be refused.
"""

from __future__ import annotations

import json
import os
import platform
import time
import timeit
from urllib.parse import urlencode

from benchmarks.arguments import Arguments
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.errors import NoticeRefused
from xinka.payments.providers.protocol import RawNotice

AIM_MICROSECONDS = 15.0
_ROUNDS = 7
_NOTICES = 20_000
_KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
_FIELDS = {
    "pid": "1001",
    "trade_no": "2026112112345678901",
    "out_trade_no": "pay_01jd3v5w8qk2m4n6p8r0s2t4v6",
    "type": "alipay",
    "name": "云听音乐 年度会员 直充码 x1",
    "money": "93.10",
    "trade_status": "TRADE_SUCCESS",
}


def _channel(sign_type: SignType) -> EpayProvider:
    return EpayProvider(EpayConfig("https://pay.example/", "1001", _KEY, sign_type))


def _notice(provider: EpayProvider, **changed: str) -> RawNotice:
    sealed = provider.config.signer.seal(_FIELDS)
    return RawNotice("GET", urlencode(sealed | changed).encode(), b"", "")


def check(sign_type: SignType) -> None:
    """Stop unless the genuine notice is read and its forgeries are refused."""
    provider = _channel(sign_type)
    verified = provider.judge_notice(_notice(provider))
    if not verified.is_paid or verified.amount_minor != 9310:
        raise SystemExit("the genuine notice was misread")
    for changed in ({"money": "93.11"}, {"sign": "0" * 64}, {"sign_type": "NONE"}):
        try:
            provider.judge_notice(_notice(provider, **changed))
        except NoticeRefused:
            continue
        raise SystemExit(f"a forgery was read: {changed}")


def measure(sign_type: SignType) -> float:
    """Return microseconds per notice."""
    provider = _channel(sign_type)
    notice = _notice(provider)
    judge = provider.judge_notice
    return (
        min(timeit.repeat(lambda: judge(notice), timer=time.process_time, number=_NOTICES, repeat=_ROUNDS))
        / _NOTICES
        * 1e6
    )


def main() -> None:
    """Print a line per algorithm, and with ``--json`` one last line for machines."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--json", action="store_true", help="one last line of JSON too / 最后再输出一行 JSON")
    options = parser.parse_args()
    results = {}
    for sign_type in SignType:
        check(sign_type)
        results[str(sign_type)] = round(measure(sign_type), 2)
        print(f"{sign_type:12} {results[str(sign_type)]:6.2f} µs of CPU per notice (aim: {AIM_MICROSECONDS:.0f})")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(
        f"machine: {machine}; method: best of {_ROUNDS} rounds of {_NOTICES}, parse and verify, checked for correctness"
    )
    if options.json:
        print(json.dumps({"microseconds_per_notice": results, "aim": AIM_MICROSECONDS, "machine": machine}))


if __name__ == "__main__":
    main()
