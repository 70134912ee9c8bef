"""Give the shop another master key, in one transaction and while it is closed.

What is sealed stays as it is: only the keys that sealed it are wrapped anew, which takes a moment whatever the size of
the shop. What is derived from the master key changes with it, as somebody wants whose key leaked: the links in mails
sent before no longer open anything, and everybody is signed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.contrib.sessions.models import Session
from django.db import connection, transaction

from xinka.accounts.seeds import seal_all_anew
from xinka.platform.vault.changing import wrap_all_anew
from xinka.platform.vault.deriving import derive
from xinka.platform.vault.envelope import Keyring

#: Every process of a shop names itself so to the database. One that goes on would seal with what it holds in memory.
_OTHERS = """SELECT DISTINCT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'xinka-%%' ORDER BY 1"""


class ShopIsOpen(Exception):
    """Processes of the shop hold the old master key in memory; their names are the arguments."""


@dataclass(frozen=True)
class Changed:
    """How many data keys were wrapped anew, and whose second factors had been unreadable before and stay so."""

    n_keys: int
    damaged: list[str]


@transaction.atomic
def change_master_key(old: bytes, new: bytes) -> Changed:
    """Wrap all data keys with the new master key and have new ones made for what is sealed from now on.

    Raises:
        ShopIsOpen: if processes of the shop are connected to the database; nothing is changed.
        EnvelopeError: if ``old`` is not the master key of this database; nothing is changed.
    """
    n_keys = wrap_all_anew(Keyring(old), Keyring(new), partial(derive, old))
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)  # after the lock: who comes now waits for it, and then finds that its key is gone
        others = [name for (name,) in cursor.fetchall()]
    if others:
        raise ShopIsOpen(*others)
    damaged = seal_all_anew(old, new)
    Session.objects.all().delete()
    return Changed(n_keys, damaged)
