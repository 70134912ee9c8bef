"""Every page of a shop that has grown: time, queries, weight, and what its slowest query reads.

大店的每一页：耗时、查询数、大小、最慢的查询读了多少。

    xinka bench pages_grown [--keep DIRECTORY] [--only PART] [--json]

Method: a database of its own with a small shop's settings (fsync on), filled by ``grown.sql``: 1,000 merchants, 20,000
products, 300,000 codes (100,000 of one variant), 300,000 orders over two years with their payments and books, 150,000
holds, 20,000 cases, 20,000 letters, 100,000 acts, 50,000 accounts, 5,000 payouts, 2,000 coupons, 600 sales. Then every
address of shop, desk, office and account that answers GET is asked for twice in this process, as Cy, Ada or somebody of
staff with every role, some with searches and far pages too; the second time counts. ``ms`` is the CPU time of this
process together with the time its queries took. A query that takes more than 5 ms is run once more with EXPLAIN
ANALYZE: ``read`` is how many rows its scans looked at. A page is *slow* above 300 ms, *wide* above 40 queries, *repeats
itself* when one statement runs more than four times, *reads a lot* above 20,000 rows; of files only *slow* and the
growth of this process's memory are told. The last line is JSON.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil

from benchmarks import grown
from benchmarks.arguments import Arguments
from benchmarks.stage import machine

_SLOW_MS, _WIDE, _REPEATS, _READS = 300, 40, 4, 20_000
_EXPLAINED_MS = 5.0
_PARTS = ("shop", "desk", "office", "account")
#: More ways to ask for a page than by its bare address: far pages, searches of one letter, of many hits, of none.
_FAR, _ONE, _NONE = "page=5000", "q=1", "q=zzzzqqqq"
#: Orders of a product, of a sum, and of one buyer where there are none.
_BY_MORE = ("product=1", "least=10&most=20&currency=CNY", "buyer=ord_x")
_ALSO: dict[str, tuple[str, ...]] = {
    "shop:home": (_FAR, "sort=price"),
    "shop:category": (_FAR, "sort=price"),
    "shop:search": ("q=点卡", _ONE, "q=点", "q=点卡&" + _FAR, _NONE, "q=Crad 17"),
    "shop:my_orders": (_FAR,),
    "desk:start": ("days=30",),
    "desk:products": (_FAR, _ONE, "q=点", _NONE, "sort=dear", "sort=dear&" + _FAR, "category=1&sort=changed"),
    "desk:products_many": ("all=1&in=q%3D1",),
    "desk:stock": (_FAR, _ONE, "q=点", _NONE, "low=1", "expiring=1"),
    "desk:sku": (_FAR,),
    "desk:codes": ("after=99999999", "page=5000"),
    "desk:orders": (_FAR, _ONE, "q=点", "q=点&" + _FAR, _NONE, "state=refunded", "state=delivered&" + _FAR, *_BY_MORE),
    "desk:orders_csv": ("state=refunded",),
    "desk:cases": (_FAR, "which=closed", "which=all"),
    "desk:promotions": (_FAR,),
    "desk:payouts": (_FAR,),
    "desk:statement": (_FAR, "from=2024-01-01&to=2030-01-01", "from=2024-01-01&to=2030-01-01&" + _FAR),
    "desk:statement_csv": ("from=2024-01-01&to=2030-01-01",),
    "desk:months": ("year=2025",),
    "office:orders": ("q=buyer1@mail.example", "q=cy@demo.xinka.example", "q=G000000000003", _NONE),
    "office:own_refunds": (_FAR, _ONE, _NONE),
    "office:own_refund_find": ("order=ord_", "order=buyer1@mail.example"),
    "office:reconciling": (_FAR, "state=resolved", "state=resolved&" + _FAR),
    "office:payouts": (_FAR, _ONE, "q=数字", _NONE),
    "office:cases": (_FAR, "which=closed", "which=all", "which=closed&" + _FAR),
    "office:merchants": (_FAR, _ONE, "q=店", _NONE),
    "office:escrow": (_FAR, "view=all", "view=all&" + _FAR, "view=held", "view=settled"),
    "office:promotions": (_FAR,),
    "office:audit": (_FAR, "who=D", "who=zzzz", "act=order.look", "act=order.look&" + _FAR, "day=2026-06-01"),
    "office:books_account": (_FAR,),
    "office:books_owned": (_FAR, "from=2024-01-01&to=2030-01-01"),
    "office:owed": (_FAR,),
    "office:owed_export": ("form=csv", "form=xlsx"),
    "office:income_export": ("form=csv", "form=xlsx"),
    "office:books_export": ("form=csv", "form=csv&from=2024-01-01&to=2030-01-01"),
    "office:books_export_account": ("form=csv", "form=csv&from=2024-01-01&to=2030-01-01"),
    "office:books_export_owned": ("form=csv&from=2024-01-01&to=2030-01-01",),
    "office:money_unmatched": ("q=cy@demo.xinka.example", "q=4900"),
    "office:fees": ("days=90",),
}


@dataclass
class Page:
    """What asking for one address came to."""

    address: str
    name: str
    status: int
    ms: float = 0.0
    n_queries: int = 0
    n_bytes: int = 0
    is_file: bool = False
    grew_mb: float = 0.0
    repeated: int = 0
    slowest_ms: float = 0.0
    slowest: str = ""
    read: int = 0
    read_from: str = ""
    faults: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Say what is wrong with it."""
        faults = {"slow": self.ms > _SLOW_MS}
        if self.is_file:
            faults["grows"] = self.grew_mb > 50
        else:
            faults |= {
                "wide": self.n_queries > _WIDE,
                "repeats itself": self.repeated > _REPEATS,
                "reads a lot": self.read > _READS,
            }
        faults["fails"] = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        self.faults = [name for name, is_so in faults.items() if is_so]


class Watch:
    """Writes down each statement with its parameters and milliseconds; stands in Django's way of executing one."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, float]] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement and write it down."""
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seen.append((sql, params, (time.perf_counter() - begin) * 1000))


def main() -> None:
    """Measure and print; the exit status is 1 when a page has a fault."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--keep",
        type=Path,
        help="make the shop here, or use the one that is here, and leave it / 商店建在这个目录，已有就用它，用完留着",
    )
    parser.add_argument(
        "--only",
        default="",
        help="only addresses whose name holds this, for example desk: / 只测名称里含这几个字的页面，例如 desk:",
    )
    parser.add_argument(
        "--plans",
        action="store_true",
        help="print the plan of each query that reads a lot / 读得多的查询，打印执行计划",
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON line / 只输出一行 JSON")
    options = parser.parse_args()
    place = options.keep or Path(tempfile.mkdtemp(prefix="xinka-grown-"))
    try:
        with ExitStack() as stack:
            place.mkdir(parents=True, exist_ok=True)
            grown.open_shop(place, stack)
            pages: list[Page] = []
            if not options.json:
                print(f"machine: {machine()}\n{__doc__}")
            for page in walk(options.only, with_plans=options.plans):
                pages.append(page)
                if not options.json:
                    print(line_of(page), flush=True)
    finally:
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)
    faulty = [asdict(page) for page in pages if page.faults]
    print(json.dumps({"machine": machine(), "pages": len(pages), "faulty": faulty}, default=str))
    sys.exit(bool(faulty))


def line_of(page: Page) -> str:
    """Return a page in one line."""
    kept = f" +{page.grew_mb:.0f} MB" if page.is_file else ""
    more = f" | {page.slowest_ms:.0f} ms: {page.slowest[:70]}" if page.slowest_ms > _EXPLAINED_MS else ""
    read = f" | read {page.read:,} of {page.read_from}" if page.read else ""
    faults = f"  <<< {', '.join(page.faults)}" if page.faults else ""
    head = f"{page.ms:7.0f} ms {page.n_queries:4} q {page.n_bytes:10,} B{kept} {page.status} {page.name} {page.address}"
    return head + more + read + faults


def walk(only: str, *, with_plans: bool) -> Iterator[Page]:
    """Ask for every address and tell what it came to; those that take POST alone are left out."""
    from django.urls import reverse

    visitor, subjects = _visitors(), _subjects()
    for name, parameters in _addresses():
        part = name.partition(":")[0] if ":" in name else "account"
        if only not in name or part not in _PARTS:
            continue
        address = reverse(name, kwargs={one: _subject(subjects, name, one) for one in parameters})
        for question in ("", *_ALSO.get(name, ())):
            page = _ask(visitor[part], name, f"{address}?{question}" if question else address, with_plans=with_plans)
            if page.status == HTTPStatus.METHOD_NOT_ALLOWED:
                break
            page.judge()
            yield page


def _visitors() -> dict[str, Any]:
    """Return the browsers of Cy, Ada and staff."""
    from allauth.account.internal.flows import login
    from django.conf import settings
    from django.contrib.auth import SESSION_KEY
    from django.test import Client

    from xinka.accounts.models import User
    from xinka.accounts.staff_roles import StaffRole

    settings.STAFF_NEEDS_MFA = False
    settings.ALLOWED_HOSTS = ["*"]
    User.objects.filter(email__startswith="dee@").update(staff_roles=[role.value for role in StaffRole])
    found = {}
    for part, email in (("shop", "cy"), ("account", "cy"), ("desk", "ada"), ("office", "dee")):
        browser = Client(raise_request_exception=False)
        browser.force_login(User.objects.get(email=f"{email}@demo.xinka.example"))
        session = browser.session
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": time.time() + 86_400, "reauthenticated": True}
        ]
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = session[SESSION_KEY]  # noqa: SLF001 - none is public
        session.save()
        found[part] = browser
    return found


def _addresses() -> Iterator[tuple[str, list[str]]]:
    """Return the names of all addresses with the names of their parameters."""
    from django.urls import URLPattern, get_resolver

    def look(patterns: list[Any], space: str, before: list[str]) -> Iterator[tuple[str, list[str]]]:
        for one in patterns:
            parameters = [*before, *one.pattern.regex.groupindex]
            if isinstance(one, URLPattern):
                if one.name:
                    yield f"{space}{one.name}", parameters
            else:
                yield from look(one.url_patterns, f"{one.namespace}:" if one.namespace else space, parameters)

    yield from look(get_resolver().url_patterns, "", [])


def _one(statement: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    if row is None:
        raise SystemExit(f"the grown shop lacks what a page shows: {statement}")
    return row[0]


def _subjects() -> dict[str, Any]:
    """Return what each parameter of an address names: ``name:parameter`` before ``part:parameter`` before itself."""
    from xinka.kernel import ids

    big = "(SELECT id FROM merchants_merchant WHERE slug = 'xinghe')"
    order = _one(f"SELECT id FROM orders_order WHERE merchant_id = {big} AND state = 'delivered' "
                 "AND id IN (SELECT order_id FROM escrow_hold) ORDER BY placed_at DESC LIMIT 1")  # fmt: skip
    busiest = "SELECT contact_key FROM orders_order GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"  # Cy
    cys = _one(f"SELECT id FROM orders_order WHERE state = 'delivered' AND contact_key = ({busiest}) LIMIT 1")
    long_case = _one(f"SELECT case_id FROM disputes_message m JOIN disputes_case c ON c.id = m.case_id "
                     f"WHERE merchant_id = {big} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")  # fmt: skip
    sku = grown.many_sku()
    merchant = _one("SELECT max(id) FROM merchants_merchant")
    found: dict[str, Any] = {
        "slug": "games", "shop:product:slug": "grown-1", "channel": "alipay-sandbox", "number": "x", "proof": "x",
        "code": "FRIEND", "key": "x", "merchant": "xinghe", "kind": "alipay", "uuid": order, "scope": "shop",
        "shop:shown_id": ids.show("ord", cys), "desk:shown_id": ids.show("ord", order),
        "office:shown_id": ids.show("ord", order), "order_id": ids.show("ord", order),
        "case_id": ids.show("dsp", long_case), "evidence_id": "evd_x", "currency": "CNY", "number_of_account": 9,
        "product_id": _one("SELECT id FROM catalog_product WHERE slug = 'grown-1'"), "sku_id": sku,
        "desk:batch_id": _one(f"SELECT max(id) FROM stock_stockbatch WHERE sku_id = {sku}"),
        "coupon_id": _one(f"SELECT max(id) FROM promotions_coupon WHERE merchant_id = {big}"),
        "office:coupon_id": _one("SELECT max(id) FROM promotions_coupon WHERE merchant_id IS NULL"),
        "sale_id": _one("SELECT max(id) FROM promotions_flashsale"),
        "desk:user_id": _one("SELECT id FROM accounts_user WHERE email LIKE 'bo@%'"),
        "office:user_id": _one("SELECT id FROM accounts_user WHERE email LIKE 'fei@%'"),
        "account_id": _one(f"SELECT id FROM payouts_payoutaccount WHERE merchant_id = {big} LIMIT 1"),
        "invitation_id": order, "office:freeze_decide:case_id": 1, "merchant_id": merchant,
        "owner_id": _one(f"SELECT {big}"),
        "office:books_account:number": 2, "office:books_export_account:number": 2,
        "office:books_owned:number": 9, "office:books_export_owned:number": 9,
        "difference_id": _one("SELECT max(id) FROM reconciling_difference WHERE state = 'open'"),
        "office:batch_id": _one("SELECT max(id) FROM payouts_payoutbatch"), "channel_id": 1, "category_id": 1,
        "level_id": _one("SELECT max(id) FROM promotions_level"), "pk": 1, "job_id": 1, "hold_id": 1, "line_id": 1,
        "filter_id": 1, "template_id": 1, "proposal_id": order, "refund_id": order, "change_id": order,
        "office:cards_stop:batch_id": order,
        "office:money_unmatched:shown_id": ids.show(
            "jrn", _one("SELECT journal_id FROM payments_receipt WHERE outcome = 'unmatched' LIMIT 1")),
        "office:refund:shown_id": ids.show("ref", _one("SELECT id FROM payments_refund WHERE state <> 'done' LIMIT 1")),
        "office:payout:shown_id": ids.show("out", _one("SELECT id FROM payouts_payout WHERE state = 'asked' LIMIT 1")),
        "office:books_journal:shown_id": ids.show("jrn", _one("SELECT id FROM ledger_journal ORDER BY at LIMIT 1")),
    }  # fmt: skip
    return found


def _subject(subjects: dict[str, Any], name: str, parameter: str) -> Any:
    part = name.partition(":")[0]
    for key in (f"{name}:{parameter}", f"{part}:{parameter}", parameter):
        if key in subjects:
            return subjects[key]
    return "x"


def _ask(browser: Any, name: str, address: str, *, with_plans: bool) -> Page:
    """Ask twice, once to warm what a shop that runs has warm."""
    from django.db import connection

    first = browser.get(address)
    if first.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Page(address, name, first.status_code)
    if not first.streaming or first.status_code != HTTPStatus.OK:
        first.close()
    watch, process = Watch(), psutil.Process()
    memory, cpu = process.memory_info().rss, time.process_time()
    with connection.execute_wrapper(watch):
        answer = browser.get(address)
        n_bytes = sum(len(part) for part in answer.streaming_content) if answer.streaming else len(answer.content)
    page = Page(address, name, answer.status_code, n_bytes=n_bytes, n_queries=len(watch.seen))
    page.ms = (time.process_time() - cpu) * 1000 + sum(ms for _, _, ms in watch.seen)
    page.grew_mb = (process.memory_info().rss - memory) / 2**20
    page.is_file = "attachment" in answer.headers.get("Content-Disposition", "")
    answer.close()
    page.repeated = max(Counter(sql for sql, _, _ in watch.seen).values(), default=0)
    _explain(page, watch, with_plans=with_plans)
    return page


def _explain(page: Page, watch: Watch, *, with_plans: bool) -> None:
    """Write down the slowest query, and the rows that the one reads which reads most."""
    for sql, params, ms in watch.seen:
        if ms > page.slowest_ms:
            page.slowest_ms, page.slowest = ms, " ".join(sql.split())
        if ms < _EXPLAINED_MS or not re.match(r"\s*(SELECT|WITH)\b", sql):
            continue
        read = rows_read(sql, params)
        if sum(read.values()) > page.read:
            page.read, page.read_from = sum(read.values()), read.most_common(1)[0][0]
            if with_plans and page.read > _READS:
                print(" ".join(sql.split())[:1500], params, json.dumps(read), sep="\n    ")


def rows_read(sql: str, params: Any) -> Counter[str]:
    """Run a statement once more and return how many rows of each table its scans looked at."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        ((found,),) = cursor.fetchall()
    read: Counter[str] = Counter()
    _add_up((json.loads(found) if isinstance(found, str) else found)[0]["Plan"], read)
    return read


def _add_up(node: dict[str, Any], read: Counter[str]) -> None:
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        read[node["Relation Name"]] += int((node["Actual Rows"] + removed) * node["Actual Loops"])
    for child in node.get("Plans", ()):
        _add_up(child, read)


if __name__ == "__main__":
    main()
