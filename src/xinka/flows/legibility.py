"""What was delivered can be read by who bought it: the contents are there, and they open with the keys of the shop.

That a content is there is proved for every delivery, by one statement. To open millions would take minutes each night,
so what is opened is bounded: each content that all buyers share (one that is lost hurts all of them), the newest first,
and beside them a sample of the codes that were sold once, another one every time. No Django here.

What the shop has forgotten with its order (``flows/forgetting.py``), and what it has given the money back for, is not
missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xinka.kernel.flow import Flow, Query, Row
from xinka.platform.database.arrays import bytes_array, plain_array
from xinka.platform.vault.envelope import SHORTEST, EnvelopeError, Keyring, WrappedKey
from xinka.stock.importing.sealing import code_place

#: How many contents and how many codes are opened, and how many are in memory at a time (16 KB each at the most).
MOST_CONTENTS = 20_000
MOST_CODES = 5_000
_TOGETHER = 250

_MISSED = "o.state = 'delivered' AND octet_length(o.contact) > 0"
#: An order, its product, its merchant, and how many of its codes are hurt.
_NAMED = f"""
SELECT o.id, o.title, m.name, count(*) AS codes FROM delivery_code d JOIN orders_order o ON o.id = d.order_id
LEFT JOIN stock_stockcode c ON c.id = d.code_id LEFT JOIN merchants_merchant m ON m.id = o.merchant_id
WHERE {_MISSED} AND {{hurt}} GROUP BY o.id, m.name ORDER BY o.id
"""
IS_THERE = _NAMED.format(hurt=f"coalesce(octet_length(c.envelope), 0) < {SHORTEST}")
_OF_CODES = f"{_NAMED.format(hurt='d.code_id = ANY($1::bigint[])')} LIMIT $2"
_OF_KEYS = f"{_NAMED.format(hurt='substring(c.envelope FROM 2 FOR 4) = ANY($1::bytea[])')} LIMIT $2"

_KEYS = "SELECT id, scope, wrapped, retired_at IS NULL FROM vault_data_key ORDER BY id"
_CONTENTS = "SELECT DISTINCT code_id FROM delivery_code WHERE reusable ORDER BY 1 DESC LIMIT $1"
#: Whole pages by chance: what is read does not grow with the table. It was counted when it was last analysed.
_HOW_MANY = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'delivery_code'::regclass"
_SAMPLE = "SELECT code_id FROM delivery_code TABLESAMPLE SYSTEM ($1::real) WHERE NOT reusable LIMIT $2"
_ENVELOPES = f"""
SELECT id, envelope FROM stock_stockcode WHERE id = ANY($1::bigint[]) AND octet_length(envelope) >= {SHORTEST}
"""


def opens(keyring: Keyring, most: int) -> Flow[list[Row]]:
    """Return orders, at most so many, of which something does not open though it is there."""
    closed_keys = yield from _open_keys(keyring)
    if closed_keys:
        return (yield Query(_OF_KEYS, (bytes_array(closed_keys), most)))
    contents = yield Query(_CONTENTS, (MOST_CONTENTS,))
    ((n_delivered,),) = yield Query(_HOW_MANY)
    percent = 100.0 if n_delivered <= MOST_CODES else 100.0 * MOST_CODES / n_delivered
    codes = yield Query(_SAMPLE, (percent, MOST_CODES))
    hurt: list[int] = []
    for some in _portions([code_id for (code_id,) in (*contents, *codes)]):
        sealed = yield Query(_ENVELOPES, (plain_array(some),))
        hurt += [code_id for code_id, envelope in sealed if not _opens(keyring, code_id, bytes(envelope))]
    return (yield Query(_OF_CODES, (plain_array(hurt), most))) if hurt else []


def _open_keys(keyring: Keyring) -> Flow[list[bytes]]:
    """Open every data key, and return those that do not, as envelopes name them."""
    closed = []
    for identifier, scope, wrapped, is_current in (yield Query(_KEYS)):
        try:
            keyring.add([WrappedKey(identifier, scope, bytes(wrapped), is_current)])
        except EnvelopeError:
            closed.append(int(identifier).to_bytes(4, "big"))
    return closed


def _portions(code_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (code_ids[start : start + _TOGETHER] for start in range(0, len(code_ids), _TOGETHER))


def _opens(keyring: Keyring, code_id: int, envelope: bytes) -> bool:
    try:
        keyring.open(envelope, code_place(code_id))
    except EnvelopeError:
        return False
    return True
