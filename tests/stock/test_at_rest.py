"""No table and no waiting file holds a code in clear, from the first one on: waiting, stocked, sold or withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import cast
from xinka.flows import stocking
from xinka.flows.relay import relay_batch
from xinka.platform.database.django_drive import run
from xinka.stock import actions, withdrawing
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db

_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


def tables_with(secret: str) -> list[str]:
    """Return the tables of which a row holds a text, plainly or as bytes, which PostgreSQL writes in hexadecimal."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        names = [name for (name,) in cursor.fetchall()]
        found = []
        for name in names:
            table = connection.ops.quote_name(name)
            cursor.execute(
                f"SELECT EXISTS (SELECT 1 FROM {table} t WHERE strpos(t::text, %s) + strpos(t::text, %s) > 0)",  # noqa: S608
                [secret, secret.encode().hex()],
            )
            found += [name] if cursor.fetchone()[0] else []
    return found


def files_with(secret: str) -> list[Path]:
    """Return the waiting files that hold a text."""
    waiting = (settings.ENVIRONMENT.data_dir / "imports").glob("*")
    return [path for path in waiting if secret.encode() in path.read_bytes()]


def test_a_code_lies_nowhere_in_clear_wherever_it_is() -> None:
    secret = "XK-CANARY-卡密-4711"
    made = cast.ware(cast.adas_shop())
    waiting = stocking.receive(
        made.sku.id, [f"code,label\n{secret}-0,plain label\n".encode()], name="w.csv", by_id=None
    )
    assert tables_with(secret) == []
    stocking.work_off(actions.confirm_batch(waiting.id, reading=actions.reading_of(waiting)))
    batch = stocking.import_text(
        "\n".join(f"{secret}-{n}" for n in range(1, 5)) + f"\n{secret}-1\nbad {secret}\x07", made.sku.id
    )
    cast.pay(cast.buy(made.sku, cast.channel(), quantity=2))
    cast.buy(made.sku, cast.channel("other"), contact="other@example.com")
    run(relay_batch())
    withdrawing.undo_batch(batch)
    reusable = cast.ware(made.product.merchant, slug="r", sku={"mode": "reusable", "max_quantity": 1}).sku
    actions.put_content(reusable, f"{secret}: the same for all")
    assert UnsoldCode.objects.filter(sku_id=reusable.id).exists()
    assert (tables_with(secret), files_with(secret)) == ([], [])
    assert tables_with("plain label") == ["stock_stockcode"], "what is not hidden is found by this very search"
    assert tables_with(made.product.merchant.slug) != []


def test_the_search_finds_bytes_too() -> None:
    """A control: an envelope that held the code as it is would be seen."""
    made = cast.ware(cast.adas_shop(), ["SEALED-0001"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_stockcode SET envelope = %s WHERE sku_id = %s", [b"..SEALED-0001", made.sku.id])
    assert tables_with("SEALED-0001") == ["stock_stockcode"]
