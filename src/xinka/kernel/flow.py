"""A flow is a story written without I/O: it asks for statements and is sent their rows.

Written so, one flow serves the till (asynchronous, many requests in a batch), Django and the workers (synchronous, a
batch of one) and the tests, and cannot come to differ between them. A flow runs inside one transaction, which is the
driver's to open and to commit.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Row = tuple[Any, ...]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with numbered placeholders (``$1``…) and its parameters."""

    sql: str
    params: Sequence[object] = ()


Flow = Generator[Query, list[Row], Result]
