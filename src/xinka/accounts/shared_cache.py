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

_SELECT = "SELECT value::text FROM accounts_shared_cache WHERE key = %s AND expires_at > %s"
_SET = """
INSERT INTO accounts_shared_cache (key, value, expires_at) VALUES (%s, %s::jsonb, %s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
"""
_ADD = _SET + " WHERE accounts_shared_cache.expires_at <= %s RETURNING 1"
_TOUCH = "UPDATE accounts_shared_cache SET expires_at = %s WHERE key = %s AND expires_at > %s"
_DELETE = "DELETE FROM accounts_shared_cache WHERE key = %s AND expires_at > %s"
_INCREMENT = """
UPDATE accounts_shared_cache SET value = to_jsonb((value #>> '{}')::bigint + %s) WHERE key = %s AND expires_at > %s
RETURNING (value #>> '{}')::bigint
"""
_SWEEP = """
DELETE FROM accounts_shared_cache WHERE key IN (
  SELECT key FROM accounts_shared_cache WHERE expires_at <= %s LIMIT 500 FOR UPDATE SKIP LOCKED)
"""
_SWEEP_EVERY = 200


class SharedCache(BaseCache):
    """Django's cache interface over the table ``accounts_shared_cache``."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _hash(self, key: str, version: int | None) -> bytes:
        return hashlib.sha256(self.make_and_validate_key(key, version).encode()).digest()

    def _ends(self, timeout: float | None) -> float:
        if timeout == DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return math.inf if timeout is None else time.time() + timeout

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or ``default`` when there is none or its time is up."""
        with connection.cursor() as cursor:
            cursor.execute(_SELECT, [self._hash(key, version), time.time()])
            row = cursor.fetchone()
        return default if row is None else json.loads(row[0])

    def set(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep ``value``; now and then sweep out what has ended."""
        with connection.cursor() as cursor:
            cursor.execute(_SET, [self._hash(key, version), json.dumps(value), self._ends(timeout)])
            if secrets.randbelow(_SWEEP_EVERY) == 0:
                cursor.execute(_SWEEP, [time.time()])

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep ``value`` only if there is none; of many processes exactly one is told yes."""
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [self._hash(key, version), json.dumps(value), self._ends(timeout), time.time()])
            return cursor.fetchone() is not None

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give the value a new end; say whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute(_TOUCH, [self._ends(timeout), self._hash(key, version), time.time()])
            return bool(cursor.rowcount)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget the value; say whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, [self._hash(key, version), time.time()])
            return bool(cursor.rowcount)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a counter in one statement.

        Raises:
            ValueError: if there is no such counter.
        """
        with connection.cursor() as cursor:
            cursor.execute(_INCREMENT, [delta, self._hash(key, version), time.time()])
            row = cursor.fetchone()
        if row is None:
            raise ValueError("there is no such counter")
        return int(row[0])

    def clear(self) -> None:
        """Forget everything."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_shared_cache")
