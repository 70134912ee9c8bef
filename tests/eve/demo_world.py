"""The demo shop with the people in it, and texts in it that nobody should have been able to write."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.test import Client

from tests.cast import proved
from xinka.accounts.models import User
from xinka.disputes.actions import message_place
from xinka.disputes.models import Message
from xinka.platform.vault.keys import CONTACTS, sealing_key

#: Rooms whose texts people write; the others hold what the shop itself writes (jobs, keys, sessions).
ROOMS = ("accounts", "catalog", "merchants", "stock", "orders", "disputes", "payments", "payouts", "promotions",
           "escrow", "reconciling", "files", "audit", "ledger", "flows")  # fmt: skip
#: Texts by which the shop decides what to do; who could change them would need no markup.
DECIDES = {
    *("state", "slug", "currency", "language", "provider", "password", "kind", "role", "mode", "method", "scope"),
    *(
        "purpose",
        "content_type",
        "glyph",
        "tint",
        "action",
        "event",
        "key",
        "takes",
        "route",
        "country",
        "handler",
        "email",
    ),
}


def people() -> dict[str, Client]:
    """Return the browser of each of them, signed in and proved."""
    found = {"guest": Client()}
    for name in ("cy", "ada", "dee"):
        browser = Client()
        browser.force_login(User.objects.get(email=f"{name}@demo.xinka.example"))
        found[name] = proved(browser)
    return found


STARTS = {
    "guest": (
        "/",
        "/search?q=a",
        "/orders/find",
        "/gift-cards",
        "/account/login/",
        "/account/signup/",
        "/checkout/refused",
    ),
    "cy": ("/", "/orders", "/account/", "/recommend", "/close-account", "/begin"),
    "ada": ("/desk/", "/account/"),
    "dee": ("/office/", "/office/audit", "/office/orders"),
}


def written_texts() -> Iterator[tuple[type[models.Model], models.Field]]:  # type: ignore[type-arg]
    """Yield each column that holds what somebody wrote."""
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            for column in model._meta.concrete_fields:
                is_text = isinstance(column, models.CharField | models.TextField)
                if is_text and not column.choices and not column.primary_key and column.name not in DECIDES:
                    yield model, column


def moment() -> int:
    """Return a mark of now, for what is changed from now on inside of a block of its own (``transaction.atomic``)."""
    with connection.cursor() as cursor:
        with transaction.atomic():  # a number that is given up: only those that are over are below the mark
            cursor.execute("CREATE TEMPORARY TABLE mark ()")
            transaction.set_rollback(True)
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def changed_since(mark: int) -> Iterator[tuple[type[models.Model], dict[str, object]]]:
    """Yield each row that was made or changed since a mark, as it stands now."""
    with connection.cursor() as cursor:
        for model in (one for room in ROOMS for one in apps.get_app_config(room).get_models()):
            cursor.execute(
                f"SELECT to_jsonb(t)::text FROM {model._meta.db_table} t WHERE xmin::text::bigint >= %s",  # noqa: S608 - a name of ours
                [mark],
            )
            for (row,) in cursor.fetchall():
                yield model, json.loads(row)


#: A formula for a spreadsheet, markup for a page out of an attribute or not, and a piece of a template.
HOSTILE = """='"><xk xk=1>{{7*7}}"""
#: What is a link to whoever follows it.
LINK = "javascript:xk(1)"


def poison() -> list[str]:
    """Write hostile texts into every column that holds what somebody wrote; return which columns took them.

    As somebody with the database's password could: rows are changed that the shop keeps as they are, too.
    """
    taken = []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in {model._meta.db_table for model, _ in written_texts()}:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for model, column in written_texts():
            text = LINK if "url" in column.name or "link" in column.name else HOSTILE
            if column.max_length and len(text) > column.max_length:
                continue
            # Where each has to be another, its row's number follows.
            more = f" || {model._meta.pk.column}" if column.unique else ""
            change = f'UPDATE {model._meta.db_table} SET "{column.column}" = %s{more}'  # noqa: S608 - names of ours
            try:
                with transaction.atomic():
                    cursor.execute(f"{change} WHERE \"{column.column}\" <> ''", [text])
            except DatabaseError:  # a rule of the database: such a text gets into it in no way
                continue
            if cursor.rowcount:
                taken.append(f"{model._meta.label}.{column.name}")
    for message in Message.objects.all():  # sealed, so it is sealed anew
        body = sealing_key(CONTACTS).seal(HOSTILE.encode(), message_place(message.id))
        Message.objects.filter(id=message.id).update(body=body)
    return taken
