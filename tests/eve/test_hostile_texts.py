"""Whatever stands in a text of anybody's, no page in any language takes it for more than a text."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict

import pytest
from django.db import transaction

from tests.eve.demo_world import STARTS, changed_since, moment, people, poison
from tests.eve.walking import Parsed, body, walk

pytestmark = pytest.mark.django_db

#: That staff have looked at an order, or taken a list of codes along, is on record.
WRITTEN_BY_VISITS = {"audit.AuditEntry"}
#: Of what was written over, these show that people's words were among it.
MUST_BE_SEEN = {
    *("accounts.User.display_name", "catalog.Product.title", "catalog.Product.description", "catalog.Sku.label_en"),
    *("merchants.Merchant.about", "orders.Order.title", "stock.StockCode.label", "promotions.Coupon.name"),
    *("payments.Channel.name", "payouts.PayoutAccount.holder", "escrow.FreezeCase.case", "audit.AuditEntry.subject"),
}
_LEADS = ("href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href")


@pytest.fixture
def demo() -> None:
    from xinka.config import demo  # models need the settings, which are read after this file

    assert demo.load()


def faults(page: str) -> list[str]:
    """Return what of a page a browser would take for more than a text."""
    found = []
    for tag, named in Parsed(page).tags:
        if tag == "xk" or any(name.startswith(("xk", "on")) for name in named):
            found.append(f"<{tag} {named}>")
        for name in _LEADS:
            address = named.get(name, "").strip().lower()
            found += [f"{name}={address}"] if address.startswith(("javascript:", "data:text")) else []
    if "&lt;xk xk=1&gt;49" in page:
        found.append("a template was carried out")
    return found


@pytest.mark.timeout(900)
def test_no_text_becomes_more_than_a_text(demo: None) -> None:
    browsers, taken, began = people(), poison(), moment()
    found: dict[str, list[str]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    with transaction.atomic():
        for who, browser in browsers.items():
            for n, (path, answer) in enumerate(walk(browser, *STARTS[who])):
                browser.cookies["xk_lang"] = ("en", "zh-hans")[n % 2]
                page, kind = body(answer), answer.get("Content-Type", "").partition(";")[0]
                kinds[f"{who} {kind}"] += 1
                kinds["shows a hostile text"] += "xk xk" in page
                if answer.status_code >= 500:
                    found[path].append(f"{who}: {answer.status_code}")
                if kind == "text/html":
                    found[path] += faults(page)
                elif kind == "text/csv":
                    cells = [cell for row in csv.reader(io.StringIO(page)) for cell in row]
                    found[path] += [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert {path: what for path, what in found.items() if what} == {}
    written = {model._meta.label for model, _ in changed_since(began)}
    assert written <= WRITTEN_BY_VISITS, "a link changes something, which another site could have a browser follow"
    assert set(taken) >= MUST_BE_SEEN
    assert kinds["shows a hostile text"] > 100
    assert min(kinds[f"{who} text/html"] for who in browsers) > 20
