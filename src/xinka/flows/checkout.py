"""Checkout: a batch of requests becomes orders with their codes reserved, in one statement. No Django here.

The story of one request: is it new, is the SKU on sale, is the quantity allowed and the price the one the page showed,
does the buyer not hold too many unpaid orders already; then take the next codes of the queue, write the order, its
first payment and the reservation. Whatever is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query, Row
from xinka.kernel.money import plain_amount
from xinka.orders import errors, sql as orders_sql
from xinka.payments import sql as payments_sql
from xinka.platform.database.arrays import bytes_array, plain_array, text_array
from xinka.stock import sql as stock_sql

#: How long codes stay reserved for an unpaid order, in seconds.
RESERVED_FOR = 15 * 60
#: Unpaid orders one contact, and one network address, may hold at a time; and units of one SKU, in multiples of what
#: one order may have. An address is shared by many people behind one router, so it may hold more.
UNPAID_PER_CONTACT = 5
UNPAID_PER_ADDRESS = 30
UNPAID_ORDERS_WORTH = 2


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One request for one SKU, shaped and sealed by the caller; uuids are hexadecimal text for speed.

    ``expected`` is the total the page showed, in minor units; ``chosen`` the code the buyer picked, or 0.
    """

    order_id: UUID
    payment_id: UUID
    sku_id: int
    quantity: int
    chosen: int
    expected: int
    channel_id: int
    request_key: str
    request_hash: int
    contact: bytes
    contact_key: str
    address_key: str
    language: str
    password_key: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to a request that has its codes; ``is_new`` is false when the same request had come before."""

    order_id: UUID
    amount: int
    is_new: bool


_JUDGE = """
WITH req AS MATERIALIZED (
  SELECT t.*,
    row_number() OVER (PARTITION BY contact_key ORDER BY n) AS nth_of_contact,
    row_number() OVER (PARTITION BY address_key ORDER BY n) AS nth_of_address,
    sum(quantity) OVER (PARTITION BY contact_key, sku_id ORDER BY n) AS units_of_contact,
    sum(quantity) OVER (PARTITION BY address_key, sku_id ORDER BY n) AS units_of_address
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::int[], $8::uuid[],
    $9::bigint[], $10::bytea[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[]) WITH ORDINALITY
    AS t(order_id, payment_id, sku_id, quantity, code_id, expected, channel_id, request_key,
      request_hash, contact, contact_key, address_key, language, password_key, n)),
judged AS MATERIALIZED (
  SELECT r.*, s.merchant_id, s.title, s.currency, s.mode, s.least, s.most, price.amount,
    seen.id AS seen_id, seen.request_hash AS seen_hash, seen.amount AS seen_amount,
    CASE
      WHEN seen.id IS NOT NULL THEN 'seen'
      WHEN s.sku_id IS NULL OR (r.code_id <> 0 AND NOT s.choosable) THEN 'gone'
      WHEN r.quantity NOT BETWEEN s.least AND s.most OR (r.code_id <> 0 AND r.quantity <> 1) THEN 'quantity'
      WHEN NOT EXISTS (SELECT 1 FROM payments_channel c WHERE c.id = r.channel_id AND c.on AND c.currency = s.currency
        AND price.amount BETWEEN c.min_amount AND c.max_amount) THEN 'channel'
      WHEN r.expected <> price.amount THEN 'price'
      WHEN of_contact.n_orders + r.nth_of_contact > {per_contact}
        OR of_contact.n_units + r.units_of_contact > {worth} * s.most
        OR of_address.n_orders + r.nth_of_address > {per_address}
        OR of_address.n_units + r.units_of_address > {address_worth} * s.most THEN 'unpaid'
      ELSE 'fit' END AS verdict
  FROM req r
  LEFT JOIN orders_order seen ON seen.request_key = r.request_key
  LEFT JOIN LATERAL (
    SELECT k.id AS sku_id, p.merchant_id, trim(p.title || ' ' || k.label) AS title, k.currency, k.mode,
      k.min_quantity AS least, k.max_quantity AS most, k.price, k.choosable, k.choose_premium
    FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE k.id = r.sku_id AND k.on_sale AND p.state = 'live' AND m.state = 'active') s ON true
  LEFT JOIN LATERAL (
    SELECT r.quantity * coalesce((SELECT t.unit_price FROM catalog_pricetier t WHERE t.sku_id = r.sku_id
        AND t.min_quantity <= r.quantity ORDER BY t.min_quantity DESC LIMIT 1), s.price)
      + CASE WHEN r.code_id <> 0 THEN s.choose_premium ELSE 0 END AS amount) price ON true
  LEFT JOIN LATERAL (
    SELECT count(*) AS n_orders, coalesce(sum(cardinality(v.code_ids)) FILTER (WHERE v.sku_id = r.sku_id), 0) AS n_units
    FROM stock_reservation v WHERE v.contact_key = r.contact_key) of_contact ON true
  LEFT JOIN LATERAL (
    SELECT count(*) AS n_orders, coalesce(sum(cardinality(v.code_ids)) FILTER (WHERE v.sku_id = r.sku_id), 0) AS n_units
    FROM stock_reservation v WHERE v.address_key = r.address_key) of_address ON true),
""".format(
    per_contact=UNPAID_PER_CONTACT,
    per_address=UNPAID_PER_ADDRESS,
    worth=UNPAID_ORDERS_WORTH,
    address_worth=UNPAID_ORDERS_WORTH * UNPAID_PER_ADDRESS // UNPAID_PER_CONTACT,
)

_WRITE = f"""
won AS MATERIALIZED (
  SELECT j.*, t.code_ids, t.reusable FROM judged j JOIN all_taken t ON t.n = j.n
  WHERE t.reusable OR cardinality(t.code_ids) = j.quantity),
{orders_sql.INSERT_WON},
{payments_sql.INSERT_WON},
{stock_sql.RESERVE}
SELECT j.n, CASE WHEN w.n IS NOT NULL THEN 'placed' WHEN j.verdict = 'fit' THEN 'short' ELSE j.verdict END,
  j.amount, j.currency, j.least, j.most, j.seen_id, j.seen_hash, j.seen_amount
FROM judged j LEFT JOIN won w ON w.n = j.n
"""

PLACE_NEXT = (
    _JUDGE
    + "fit AS (SELECT * FROM judged WHERE verdict = 'fit' AND mode = 'unique'),"
    + stock_sql.TAKE_NEXT
    + ", reusable AS (WITH fit AS (SELECT * FROM judged WHERE verdict = 'fit' AND mode = 'reusable'),"
    + stock_sql.TAKE_REUSABLE
    + "SELECT * FROM taken), all_taken AS (SELECT * FROM taken UNION ALL SELECT * FROM reusable),"
    + _WRITE
)
PLACE_CHOSEN = (
    _JUDGE
    + "fit AS (SELECT * FROM judged WHERE verdict = 'fit'),"
    + stock_sql.TAKE_CHOSEN
    + ", all_taken AS (SELECT * FROM taken),"
    + _WRITE
)


def place(batch: Sequence[CheckoutRequest]) -> Flow[list[Placed | Refusal]]:
    """Place a batch of requests; the answers are in the order of the requests.

    Run it in a transaction of its own. Requests with equal ``request_key`` must not share a batch.

    Returns:
        For each request its :class:`Placed`, or the :class:`~xinka.kernel.errors.Refusal` that fits.
    """
    answers: dict[int, Placed | Refusal] = {}
    plain = [index for index, request in enumerate(batch) if not request.chosen]
    if plain:
        rows = yield _query(PLACE_NEXT, [batch[index] for index in plain])
        short = yield from _read(rows, batch, plain, answers)
        for index in short:
            answers[index] = yield from _try_alone(batch[index])
    # A chosen code is taken after, and in a statement of its own, so that it cannot also be the next of the queue.
    for index, request in enumerate(batch):
        if request.chosen:
            rows = yield _query(PLACE_CHOSEN, [request])
            if (yield from _read(rows, batch, [index], answers)):
                answers[index] = errors.ChosenGone()
    return [answers[index] for index in range(len(batch))]


def _query(sql: str, requests: list[CheckoutRequest]) -> Query:
    return Query(
        sql,
        (
            plain_array([r.order_id for r in requests]),
            plain_array([r.payment_id for r in requests]),
            plain_array([r.sku_id for r in requests]),
            plain_array([r.quantity for r in requests]),
            plain_array([r.chosen for r in requests]),
            plain_array([r.expected for r in requests]),
            plain_array([r.channel_id for r in requests]),
            plain_array([r.request_key for r in requests]),
            plain_array([r.request_hash for r in requests]),
            bytes_array([r.contact for r in requests]),
            plain_array([r.contact_key for r in requests]),
            plain_array([r.address_key for r in requests]),
            text_array([r.language for r in requests]),
            plain_array([r.password_key for r in requests]),
            RESERVED_FOR,
        ),
    )


def _read(
    rows: list[Row], batch: Sequence[CheckoutRequest], indexes: list[int], answers: dict[int, Placed | Refusal]
) -> Flow[list[int]]:
    """Turn the statement's rows into answers; return the indexes of requests that came away short of codes."""
    short = []
    for row in rows:
        index = indexes[row[0] - 1]
        request = batch[index]
        if row[1] == "placed":
            answers[index] = Placed(request.order_id, row[2], is_new=True)
        elif row[1] == "short":
            short.append(index)
        else:
            answers[index] = _judge(request, row)
    return short
    yield  # a flow of no statements, so that it composes with the others


def _judge(request: CheckoutRequest, row: Row) -> Placed | Refusal:
    """Return the answer for a verdict that took no codes."""
    _, verdict, amount, currency, least, most, seen_id, seen_hash, seen_amount = row
    match verdict:
        case "seen" if seen_hash == request.request_hash:
            return Placed(seen_id, seen_amount, is_new=False)
        case "seen":
            return errors.RequestKeyReused()
        case "quantity":
            return errors.BadQuantity(least=least, most=most)
        case "channel":
            return errors.NoSuchChannel()
        case "price":
            return errors.PriceChanged(amount=amount, price=f"{plain_amount(amount, currency)} {currency}")
        case "unpaid":
            return errors.TooManyUnpaid()
        case _:
            return errors.ProductGone()


def _try_alone(request: CheckoutRequest) -> Flow[Placed | Refusal]:
    """Answer a request that came away short in a batch: others before it may have asked for more than there was."""
    ((_, available),) = yield Query(stock_sql.COUNT_UNSOLD, (plain_array([request.sku_id]),))
    if available >= request.quantity:
        rows = yield _query(PLACE_NEXT, [request])
        answers: dict[int, Placed | Refusal] = {}
        if not (yield from _read(rows, [request], [0], answers)):
            return answers[0]
        available = 0
    return errors.OnlySomeLeft(available=available) if available else errors.OutOfStock()
