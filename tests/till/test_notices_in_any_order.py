"""The notices of one order in every order in which they can come: the goods once, and each fen accounted for."""

from __future__ import annotations

from collections import Counter as Tally
from itertools import permutations
from typing import TYPE_CHECKING

import psycopg

from tests.resilience.client import Client, genuine
from xinka.kernel import ids

if TYPE_CHECKING:
    from tests.till.counter import Counter

#: Two payments that are the price together, a third that is the price alone, and what says that nobody has paid (yet,
#: or any more): the buyer scanned two codes, one was closed, and the gateway's queue turned it all over.
EVENTS = {
    "waiting": {"trade_no": "a", "money": "20.00", "trade_status": "WAIT_BUYER_PAY"},
    "part": {"trade_no": "a", "money": "20.00"},
    "closed": {"trade_no": "a", "money": "20.00", "trade_status": "TRADE_CLOSED"},
    "rest": {"trade_no": "b", "money": "29.00"},
    "whole": {"trade_no": "c", "money": "49.00"},
}
PRICE, PAID = 4900, 2000 + 2900 + 4900

_WHAT_BECAME = """
SELECT o.id, o.state,
  (SELECT count(*) FROM delivery_code AS d WHERE d.order_id = o.id),
  (SELECT sum(amount) FROM payments_receipt AS r WHERE r.order_id = o.id),
  (SELECT sum(amount) FROM payments_refund AS r WHERE r.order_id = o.id)
FROM orders_order AS o JOIN payments_payment AS p ON p.order_id = o.id WHERE p.id = ANY(%s)
"""


def _tell(client: Client, payment: str, name: str) -> bytes:
    """Send one notice of a payment as the gateway would."""
    event = EVENTS[name]
    return client.get(genuine(payment, **{**event, "trade_no": f"{event['trade_no']}{payment[4:]}"})).body


def test_in_every_order_of_five_notices_the_goods_come_once_and_the_rest_goes_back(counter: Counter) -> None:
    turns = {counter.payment(): turn for turn in permutations(EVENTS)}
    answers: Tally[tuple[str, bytes]] = Tally()
    with counter.client() as client:
        for payment, turn in turns.items():
            answers.update((name, _tell(client, payment, name)) for name in turn)
        kinds = {name: {body for which, body in answers if which == name} for name in EVENTS}
        assert kinds["part"] == kinds["rest"] == kinds["whole"] == {b"success"}
        assert len(kinds["waiting"]) == len(kinds["closed"]) == 1, "what comes before must not change the answer"

        with psycopg.connect(counter.url) as connection:
            found = connection.execute(_WHAT_BECAME, [[ids.parse("pay", payment) for payment in turns]]).fetchall()
        assert Tally(row[1:] for row in found) == {("delivered", 1, PAID, PAID - PRICE): len(turns)}

        with counter.untouched():
            for payment, turn in turns.items():
                for name in reversed(turn):
                    _tell(client, payment, name)
