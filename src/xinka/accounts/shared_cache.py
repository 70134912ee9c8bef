"""A cache that every process of the shop shares, for counters against guessing: one table, one statement each.

Django's own database cache counts all rows at every write and reads before it writes; this one lets PostgreSQL decide,
so ``add`` is a lock that two processes cannot both win. Keys are hashed, as they contain addresses; values are JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

#: What was set later than a minute from now was set under a clock that went wrong and was set right again. It counts as
#: ended: who was counted in that moment must not be kept out until the wrong date comes.
_SELECT = """
SELECT value::text FROM accounts_shared_cache
WHERE key = %(key)s AND expires_at > %(now)s AND set_at <= %(now)s + 60
"""
_SET = """
INSERT INTO accounts_shared_cache AS c (key, value, expires_at, set_at)
VALUES (%(key)s, %(value)s::jsonb, %(ends)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at, set_at = EXCLUDED.set_at
"""
_ADD = _SET + " WHERE c.expires_at <= %(now)s OR c.set_at > %(now)s + 60 RETURNING 1"
_TOUCH = """
UPDATE accounts_shared_cache SET expires_at = %(ends)s, set_at = %(now)s
WHERE key = %(key)s AND expires_at > %(now)s AND set_at <= %(now)s + 60
"""
_DELETE = "DELETE FROM accounts_shared_cache WHERE key = %(key)s AND expires_at > %(now)s AND set_at <= %(now)s + 60"
_INCREMENT = """
UPDATE accounts_shared_cache SET value = to_jsonb((value #>> '{}')::bigint + %(delta)s)
WHERE key = %(key)s AND expires_at > %(now)s AND set_at <= %(now)s + 60 RETURNING (value #>> '{}')::bigint
"""
_SWEEP = """
DELETE FROM accounts_shared_cache WHERE key IN (
  SELECT key FROM accounts_shared_cache WHERE expires_at <= %(now)s OR set_at > %(now)s + 60
  LIMIT 500 FOR UPDATE SKIP LOCKED)
"""
_SWEEP_EVERY = 200


class SharedCache(BaseCache):
    """Django's cache interface over the table ``accounts_shared_cache``."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _hash(self, key: str, version: int | None) -> bytes:
        return hashlib.sha256(self.make_and_validate_key(key, version).encode()).digest()

    def _values(self, key: str, version: int | None, **more: str | float) -> dict[str, str | float | bytes]:
        return {"key": self._hash(key, version), "now": time.time(), **more}

    def _ends(self, timeout: float | None) -> float:
        if timeout == DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return math.inf if timeout is None else time.time() + timeout

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or ``default`` when there is none or its time is up."""
        with connection.cursor() as cursor:
            cursor.execute(_SELECT, self._values(key, version))
            row = cursor.fetchone()
        return default if row is None else json.loads(row[0])

    def set(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep ``value``; now and then sweep out what has ended."""
        with connection.cursor() as cursor:
            cursor.execute(_SET, self._values(key, version, value=json.dumps(value), ends=self._ends(timeout)))
            if secrets.randbelow(_SWEEP_EVERY) == 0:
                cursor.execute(_SWEEP, {"now": time.time()})

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep ``value`` only if there is none; of many processes exactly one is told yes."""
        with connection.cursor() as cursor:
            cursor.execute(_ADD, self._values(key, version, value=json.dumps(value), ends=self._ends(timeout)))
            return cursor.fetchone() is not None

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give the value a new end; say whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute(_TOUCH, self._values(key, version, ends=self._ends(timeout)))
            return bool(cursor.rowcount)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget the value; say whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, self._values(key, version))
            return bool(cursor.rowcount)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a counter in one statement.

        Raises:
            ValueError: if there is no such counter.
        """
        with connection.cursor() as cursor:
            cursor.execute(_INCREMENT, self._values(key, version, delta=delta))
            row = cursor.fetchone()
        if row is None:
            raise ValueError("there is no such counter")
        return int(row[0])

    def clear(self) -> None:
        """Forget everything."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_shared_cache")
