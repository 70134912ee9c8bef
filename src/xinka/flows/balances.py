"""Whose balance may be credited: money that comes just as an account ends is either seen, or finds it closed.

Who closes an account holds its row, looks what is in its balance, and ends it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from xinka.kernel.flow import Flow, Query
from xinka.platform.database.arrays import plain_array

#: Waits for somebody who is closing one of these, and for nobody else: people who pay or withdraw are not kept waiting.
_OPEN = """
SELECT id FROM accounts_user WHERE id = ANY($1::bigint[]) AND closed_at IS NULL ORDER BY id FOR KEY SHARE
"""


def open_accounts(user_ids: Iterable[int]) -> Flow[set[int]]:
    """Return which of these accounts are open; they stay so until the transaction has ended.

    Call it before the balances are locked: an account's row comes first, here as when a payout is asked for.
    """
    rows = yield Query(_OPEN, (plain_array(sorted(set(user_ids))),))
    return {user_id for (user_id,) in rows}
