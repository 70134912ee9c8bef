"""A shop that has grown: the demo's shop with two years of everything, made the same each time in about two minutes.

A part of what is measured elsewhere: ``pages_grown`` looks at its pages. Rows are written by ``grown.sql``; what pages
open (addresses of buyers, messages of cases, accounts of payouts, the hundred thousand codes of one variant) is sealed
and imported as the shop does it.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from xinka.platform.database.embedded import EmbeddedPostgres
from xinka.platform.database.embedded_settings import SMALL

#: How many codes the one variant of the big merchant has.
MANY_CODES = 100_000
_SQL = Path(__file__).with_name("grown.sql")
_MARK = "-- python: "


def open_shop(place: Path, stack: ExitStack) -> EmbeddedPostgres:
    """Start the database of ``place``, with a small shop's settings, and load Django on it; fill it if it is empty."""
    database = stack.enter_context(EmbeddedPostgres(place / "postgres", settings=SMALL))
    os.environ |= {
        "DATABASE_URL": database.url(),
        "XINKA_DATA_DIR": str(place),
        "XINKA_SANDBOX": "1",
        "DJANGO_SETTINGS_MODULE": "xinka.config.settings",
    }
    import django  # here and below, because Django reads the environment made above

    django.setup()
    from django.core.management import call_command

    from xinka.merchants.models import Merchant

    call_command("migrate", verbosity=0, interactive=False)
    if Merchant.objects.count() < 1000:
        begin = time.monotonic()
        _fill(place)
        print(f"grown in {time.monotonic() - begin:.0f} s", flush=True)
    return database


def _fill(place: Path) -> None:
    from django.db import connection, transaction
    from django.utils import timezone

    from xinka.config import demo
    from xinka.flows.closing_days import close_days

    demo.load()
    sealed = {"codes": _codes, "contacts": _contacts, "messages": _messages, "payouts": _payouts}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements(_SQL.read_text(encoding="utf-8")):
            if statement.startswith(_MARK):
                sealed[statement.removeprefix(_MARK)](cursor)
            else:
                cursor.execute(statement)
        for name in ("past", "held", "trouble", "paid_out", "contacts", "brought", "sealed_codes", "base"):
            cursor.execute(f"DROP TABLE {name}")
    _import_many(place)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    while close_days(timezone.now()):
        pass


def statements(text: str) -> list[str]:
    """Return the statements of a file, and what Python does between them, in order."""
    found: list[str] = []
    for part in text.split(";\n"):
        lines = part.strip().splitlines()
        found += [line for line in lines if line.startswith(_MARK)]
        rest = "\n".join(line for line in lines if not line.startswith("--")).strip()
        found += [rest] if rest else []
    return found


def _copy(cursor: Any, into: str, rows: Iterable[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _codes(cursor: Any) -> None:
    from xinka.platform.vault.keys import merchant_scope, sealing_key
    from xinka.stock.importing.sealing import code_place

    cursor.execute("CREATE TEMP TABLE sealed_codes (id bigint PRIMARY KEY, envelope bytea)")
    cursor.execute("SELECT id, merchant_id FROM brought")
    rows = cursor.fetchall()
    keys = {merchant: sealing_key(merchant_scope(merchant)) for merchant in {merchant for _, merchant in rows}}
    codes = ((one, keys[of].seal(f"{one:020X}".encode(), code_place(one))) for one, of in rows)
    _copy(cursor, "sealed_codes", codes)


def _contacts(cursor: Any) -> None:
    from xinka.orders.access import contact_place
    from xinka.platform.vault.keys import CONTACTS, blind_index, sealing_key

    cursor.execute("CREATE TEMP TABLE contacts (id uuid PRIMARY KEY, contact bytea, contact_key uuid)")
    cursor.execute("SELECT id, buyer FROM past")
    key, index = sealing_key(CONTACTS), blind_index("contact")
    buyers = [(order_id, buyer.encode()) for order_id, buyer in cursor.fetchall()]
    _copy(cursor, "contacts", ((one, key.seal(who, contact_place(one)), index.uuid(who)) for one, who in buyers))
    cursor.execute("ANALYZE contacts")


def _messages(cursor: Any) -> None:
    from xinka.disputes.actions import message_place
    from xinka.kernel.ids import new_uuid
    from xinka.platform.vault.keys import CONTACTS, sealing_key

    cursor.execute("SELECT case_id, at + interval '1 day', g % 500 = 5 FROM trouble ORDER BY g")
    key, said = sealing_key(CONTACTS), []
    for case_id, at, is_long in cursor.fetchall():
        # A few cases with as many words as both sides may write.
        for n in range(80 if is_long else 2):
            identifier = new_uuid()
            body = key.seal("兑换时提示该卡已被使用。".encode(), message_place(identifier))
            said.append((identifier, case_id, "seller" if n % 2 else "buyer", body, at))
    _copy(cursor, "disputes_message (id, case_id, role, body, at)", said)


def _payouts(cursor: Any) -> None:
    from xinka.payouts.details import AccountDetails, AccountKind, account_place, payout_place

    bank = AccountDetails(AccountKind.BANK, "艾达", "0000000000000000018", bank="示例银行")
    cursor.execute("SELECT id FROM payouts_payoutaccount WHERE details = '\\x00'")
    for (identifier,) in cursor.fetchall():
        cursor.execute(
            "UPDATE payouts_payoutaccount SET details = %s WHERE id = %s",
            [bank.seal(account_place(identifier)), identifier],
        )
    cursor.execute(
        "SELECT p.id, merchant_id, account_id, state, asked_at, p.g, b.ada FROM paid_out p, base b ORDER BY g"
    )
    columns = (
        "payouts_payout (id, merchant_id, account_id, account_kind, account_label, account_sealed, amount, fee,"
        " currency, state, key, asked_by_id, asked_at, round, channel_id, reference, attempts, problem, sent_at,"
        " finished_at)"
    )
    rows = [
        (one, merchant, account, "bank", bank.label, bank.seal(payout_place(one)), 5000, 0, "CNY", state, f"grown-{g}",
         ada, at, 1, 0, "", 0, "", *((at, at) if state == "paid" else (None, None)))
        for one, merchant, account, state, at, g, ada in cursor.fetchall()
    ]  # fmt: skip
    _copy(cursor, columns, rows)


def _import_many(place: Path) -> None:
    """Import the hundred thousand codes of the big merchant's variant, as an upload does."""
    from xinka.flows.stocking import import_file

    path = place / "many-codes.txt"
    path.write_text("".join(f"{secrets.token_hex(10).upper()}\n" for _ in range(MANY_CODES)), encoding="ascii")
    import_file(path, many_sku())
    path.unlink()


def many_sku() -> int:
    """Return the variant that has a hundred thousand codes."""
    from xinka.catalog.models import Sku

    return Sku.objects.get(product__slug="grown-2").id
