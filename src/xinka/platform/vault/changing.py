"""The data keys under another master key: wrapped anew, all at once, and retired for what is sealed from now on."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from xinka.platform.vault.envelope import INDEXES, Keyring, derived_for_index, index_scope
from xinka.platform.vault.keys import stored_keys
from xinka.platform.vault.models import DataKey

_INDEX_KEYS = Q(scope__startswith=index_scope(""))


def wrap_all_anew(old: Keyring, new: Keyring, derive: Callable[[str], bytes]) -> int:
    """Wrap every key with another master key and retire those that seal; return how many there are.

    Call it in a transaction: nobody writes keys until it ends. The keys of the indexes came from the first master key,
    by ``derive``; they stay what they are and are kept sealed, because not all that they find could be hashed anew
    (decision 22).

    Raises:
        EnvelopeError: if the old master key does not open all of them; nothing may be kept then.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE vault_data_key IN EXCLUSIVE MODE")
    known = stored_keys()
    for key in known:
        DataKey.objects.filter(pk=key.id).update(wrapped=new.wrap(old.unwrap(key), key.scope))
    for purpose in sorted(INDEXES):
        scope = index_scope(purpose)
        if not any(key.scope == scope for key in known):
            DataKey.objects.create(scope=scope, wrapped=new.wrap(derive(derived_for_index(purpose)), scope))
    DataKey.objects.filter(~_INDEX_KEYS, retired_at=None).update(retired_at=timezone.now())
    return len(known)


def retired_keys() -> dict[int, str]:
    """Return the scopes of the retired keys by their numbers."""
    return dict(DataKey.objects.filter(retired_at__isnull=False).values_list("id", "scope"))


def destroy(numbers: set[int]) -> None:
    """Delete retired keys that nothing names any more."""
    DataKey.objects.filter(pk__in=numbers, retired_at__isnull=False).delete()
