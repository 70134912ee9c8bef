"""Selling: checkouts and verified money of one moment, in one statement, which is one transaction. No Django here.

Each statement that is sent, and each commit, costs the same whether it moves one order or fifty. Whatever arrives while
the last batch runs is therefore served together, whichever kind it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from xinka.flows import checkout, settle
from xinka.flows.checkout import CheckoutRequest, Placed
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query

#: How many parameters the part of the checkouts takes.
_N_OF_CHECKOUT = len(checkout.columns_of([]))


def _shifted(sql: str) -> str:
    """Return the part of the settlements with its parameters after those of the checkouts."""
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + _N_OF_CHECKOUT}", sql)


SELL = f"""
WITH {checkout.NEXT_STEPS}, {_shifted(settle.SETTLE_STEPS)}
SELECT n, 'placed' AS verdict, amount, currency, least, most, NULL::uuid AS order_id FROM won
UNION ALL SELECT n, verdict, amount, currency, least, most, NULL FROM judged WHERE verdict <> 'fit'
UNION ALL SELECT n, 'settled', NULL, NULL, NULL, NULL, order_id FROM freed
"""


def sell(
    requests: Sequence[CheckoutRequest], moneys: Sequence[VerifiedMoney]
) -> Flow[tuple[list[Placed | Refusal], list[Settlement | None]]]:
    """Place the requests and settle the moneys; see ``place`` and ``settle_plain`` for what the answers mean.

    Each statement may be a transaction of its own: what is answered by one does not depend on the next.
    """
    plain = checkout.plain_of(requests)
    if not plain or not moneys:
        placed = (yield from checkout.place(requests)) if requests else []
        settled = (yield from settle.settle_plain(moneys)) if moneys else []
        return placed, settled
    chosen = [requests[index] for index in plain]
    rows = yield Query(SELL, (*checkout.columns_of(chosen), *settle.columns_of(moneys)))
    answers = yield from checkout.judge_rows(requests, plain, [row for row in rows if row[1] != "settled"])
    placed = yield from checkout.finish(requests, plain, answers)
    return placed, settle.settlements(len(moneys), [(row[0], row[6]) for row in rows if row[1] == "settled"])
