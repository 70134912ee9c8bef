"""Whether the time that a sign-up takes tells if its address has an account.

注册表单的应答时间，能否看出邮箱有没有账号。

Starts a throw-away shop (database, till, pages) with as many accounts as are asked about. Sign-ups with a new address
and with one that has an account are sent in random order, each from another network, and the time from the form to its
answer is noted. ``auc`` is how often an answer for a known address took longer than one for a new address: 0.5 is
chance. The difference counts as noise when 0.5 lies within ``auc`` ± 1.96 standard errors (Hanley and McNeil, Radiology
143, 1982). Status, direction and length of the answers are compared as well. The last line is JSON.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from urllib.parse import urlencode

from benchmarks.arguments import Arguments, whole
from benchmarks.pages import shop
from benchmarks.stage import machine, run, stage

_AT_ONCE = 4
#: Accounts, as many as are asked about: each hears of few tries in a minute.
_ACCOUNTS = """
import os, sys, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
django.setup()
from django.contrib.auth.hashers import make_password
from xinka.accounts.actions import create_person
from xinka.accounts.models import User
for number in range(int(sys.argv[1])):
    create_person(f"known-{number}@mail.example")
User.objects.update(password=make_password("a password of its own"))
"""


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--samples", type=whole(20), default=2_000, help="sign-ups, half of each kind / 注册次数，两种各半"
    )
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    n_known = options.samples // 2
    asked = [f"known-{n}@mail.example" for n in range(n_known)] + [""] * n_known
    random.shuffle(asked)
    kinds = [bool(address) for address in asked]
    with stage() as set_up:
        set_up.environment |= {"XINKA_SANDBOX": "1", "XINKA_TRUSTED_PROXIES": "127.0.0.1"}
        run(set_up.environment, "-c", _ACCOUNTS, str(n_known))
        with shop(set_up, 1) as (port, _), ThreadPoolExecutor(_AT_ONCE) as people:
            answers = list(people.map(lambda address: _sign_up(port, address), asked))
    seconds = {
        kind: [took for was, (took, _) in zip(kinds, answers, strict=True) if was is kind] for kind in (True, False)
    }
    auc = _auc(seconds[True], seconds[False])
    error = _standard_error(auc, len(seconds[True]), len(seconds[False]))
    result = {
        "machine": machine(),
        "samples": len(kinds),
        "median_known_ms": round(median(seconds[True]) * 1000, 2),
        "median_new_ms": round(median(seconds[False]) * 1000, 2),
        "auc": round(auc, 4),
        "standard_error": round(error, 4),
        "is_noise": abs(auc - 0.5) <= 1.96 * error,
        "different_answers": len({what for _, what in answers}),
    }
    print(json.dumps(result))


def _sign_up(port: int, known: str) -> tuple[float, tuple[int, str, int]]:
    """Send the form; return how long its answer took, and its status, where it leads and how long it is."""
    place = {"X-Forwarded-For": f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request("GET", "/account/signup/", headers=place)
        page = line.getresponse()
        cookie = (page.getheader("set-cookie") or "").partition(";")[0]
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        if found is None:
            raise SystemExit(f"no form to sign up with: HTTP {page.status}")
        token = found[1]
        address = known or f"{secrets.token_hex(6)}@mail.example"
        form = {"csrfmiddlewaretoken": token, "email": address, "password1": secrets.token_urlsafe(18)}
        headers = {**place, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        begun = time.perf_counter()
        line.request("POST", "/account/signup/", urlencode(form), headers)
        answer = line.getresponse()
        body = answer.read()
        took = time.perf_counter() - begun
        if answer.status != 302:
            raise SystemExit(f"the sign-up was not taken: HTTP {answer.status}")
        return took, (answer.status, answer.getheader("location") or "", len(body))
    finally:
        line.close()


def _auc(longer: list[float], shorter: list[float]) -> float:
    """Return how often one of the first is above one of the second; by ranks (Mann and Whitney)."""
    ordered = sorted([(value, 1) for value in longer] + [(value, 0) for value in shorter])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ordered, 1) if is_first)
    n = len(longer)
    return (ranks - n * (n + 1) / 2) / (n * len(shorter))


def _standard_error(auc: float, n: int, m: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    return math.sqrt((auc * (1 - auc) + (n - 1) * (q1 - auc * auc) + (m - 1) * (q2 - auc * auc)) / (n * m))


if __name__ == "__main__":
    main()
