"""What `make run` prints is so: shop, desk and office are at these addresses, and everybody it names can sign in."""

from __future__ import annotations

import os
import re
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.till.counter import some_address

if TYPE_CHECKING:
    from conftest import Shop

pytestmark = pytest.mark.browser
#: Where each is at home.
_HOME = {
    "buyer": "/account/",
    "merchant": "/desk/xinghe/products",
    "clerk": "/desk/xinghe/stock",
    "operator": "/office/system",
    "finance": "/office/books",
    "review": "/office/",
    "support": "/office/cases",
    "risk": "/office/escrow",
}


@pytest.fixture
def told(shop: Shop) -> str:
    """What the command printed."""
    if os.environ.get("XINKA_TEST_SHOP"):
        pytest.skip("somebody else started this shop, and read what it printed")
    return (shop.data_dir.parent / "output.txt").read_text(encoding="utf-8")


def test_the_addresses_it_prints_are_its_own(shop: Shop, told: str) -> None:
    port = urlsplit(shop.url).port
    assert port is not None
    assert port >= 8000
    for name, path in (("Shop 商店", "/"), ("Desk 商家", "/desk/"), ("Office 后台", "/office/")):
        assert re.search(rf"{name} +http://127\.0\.0\.1:{port}{path}\n", told)
        with build_opener().open(f"{shop.url}{path}", timeout=60) as answer:
            assert answer.status == 200
    assert "Ctrl-C stops it. / 按 Ctrl-C 停止。" in told


def test_everybody_it_names_signs_in_with_the_password_it_prints(shop: Shop, told: str) -> None:
    people = re.findall(r"^  (\S+) (\S+) +(\S+@demo\.xinka\.example)$", told, re.MULTILINE)
    (password,) = re.findall(r"Password 密码 +(\S+)\n", told)
    assert {part for _, part, _ in people} == set(_HOME)
    for _, part, email in people:
        person = build_opener(HTTPCookieProcessor(CookieJar()))
        person.addheaders = [("X-Forwarded-For", some_address())]
        landed = _sign_in(person, shop.url, email, password)
        assert "/login" not in landed, f"{email} was not let in"
        with person.open(f"{shop.url}{_HOME[part]}", timeout=60) as page:
            assert (page.status, urlsplit(page.url).path) == (200, _HOME[part]), part


def _sign_in(person: OpenerDirector, url: str, email: str, password: str) -> str:
    """Send the form as a browser does and return where that leads."""
    address = f"{url}/account/login/"
    with person.open(address, timeout=60) as page:
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode()))
    form = {"csrfmiddlewaretoken": token, "login": email, "password": password}
    sent = Request(address, urlencode(form).encode(), {"Referer": address, "Origin": url})  # noqa: S310 - our own shop
    with person.open(sent, timeout=60) as page:
        return str(page.url)
