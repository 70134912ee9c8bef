"""Checkout: a batch of requests becomes orders with their codes reserved, in one statement. No Django here.

The story of one request: is it new, is the SKU on sale, is the quantity allowed and the price the one the page showed,
does the buyer not hold too many unpaid orders already; then take the next codes of the queue, write the order, its
first payment and the reservation. Whatever is refused leaves nothing behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from xinka.flows.choosing import next_alike
from xinka.flows.promotions import aside
from xinka.flows.promotions.spending import Basket, Offer, Wish, lock_for, note_referrals, offer_for, spend
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query, Row
from xinka.kernel.money import plain_amount
from xinka.orders import errors
from xinka.orders import sql as orders_sql
from xinka.payments import sql as payments_sql
from xinka.platform.database.arrays import bytes_array, plain_array, text_array
from xinka.promotions.pricing import PRICE
from xinka.stock import sql as stock_sql

#: How long codes stay reserved for an unpaid order, in seconds.
RESERVED_FOR = 15 * 60
#: Unpaid orders one contact, and one network address, may hold at a time; and units of one SKU, in multiples of what
#: one order may have. An address is shared by many people behind one router, so it may hold more.
UNPAID_PER_CONTACT = 5
UNPAID_PER_ADDRESS = 30
UNPAID_ORDERS_WORTH = 2


@dataclass(slots=True)  # not frozen: setting sixteen fields of a frozen one costs more than sealing the contact
class CheckoutRequest:
    """One request for one SKU, shaped and sealed by the caller; uuids are hexadecimal text for speed.

    ``expected`` is the total the page showed, in minor units; ``chosen`` the code the buyer picked, or 0. A ``wish`` is
    only there when it may change the price; ``referrer_id`` is who sent the buyer, and ``buyer_id`` who is signed in.
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
    wish: Wish | None = None
    referrer_id: int = 0
    buyer_id: int = 0


class Placed(NamedTuple):
    """The answer to a request that has its codes; ``is_new`` is false when the same request had come before."""

    order_id: UUID
    payment_id: UUID
    amount: int
    is_new: bool


#: What a request without a wish costs.
_PLAIN_PRICE = """
SELECT r.quantity * coalesce((SELECT t.unit_price FROM catalog_pricetier t WHERE t.sku_id = r.sku_id
    AND t.min_quantity <= r.quantity ORDER BY t.min_quantity DESC LIMIT 1), s.price)
  + CASE WHEN r.code_id <> 0 THEN s.choose_premium ELSE 0 END AS amount"""

_JUDGE = f"""
req AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::int[],
    $8::uuid[], $9::bigint[], $10::bytea[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[],
    $16::int[], $17::int[], $18::int[], $19::int[]) WITH ORDINALITY
    AS t(order_id, payment_id, sku_id, quantity, code_id, expected, channel_id, request_key,
      request_hash, contact, contact_key, address_key, language, password_key,
      nth_of_contact, units_of_contact, nth_of_address, units_of_address, n)),
judged AS MATERIALIZED (
  SELECT r.*, s.merchant_id, s.title, s.title_en, s.currency, s.mode, s.least, s.most, price.amount,
    CASE
      WHEN seen.found THEN 'seen'
      WHEN s.sku_id IS NULL OR (r.code_id <> 0 AND NOT s.choosable) THEN 'gone'
      WHEN r.quantity NOT BETWEEN s.least AND s.most OR (r.code_id <> 0 AND r.quantity <> 1) THEN 'quantity'
      WHEN NOT EXISTS (SELECT 1 FROM payments_channel c WHERE c.id = r.channel_id AND c.on AND c.currency = s.currency
        AND price.amount BETWEEN c.min_amount AND c.max_amount) THEN 'channel'
      WHEN r.expected <> price.amount THEN 'price'
      WHEN of_contact.n_orders + r.nth_of_contact > {UNPAID_PER_CONTACT}
        OR of_contact.n_units + r.units_of_contact > {UNPAID_ORDERS_WORTH} * s.most
        OR of_address.n_orders + r.nth_of_address > {UNPAID_PER_ADDRESS}
        OR of_address.n_units + r.units_of_address > {UNPAID_ORDERS_WORTH * UNPAID_PER_ADDRESS // UNPAID_PER_CONTACT}
          * s.most THEN 'unpaid'
      ELSE 'fit' END AS verdict
  FROM req r
  LEFT JOIN LATERAL (
    SELECT true AS found FROM orders_order o WHERE o.request_key = r.request_key LIMIT 1) seen ON true
  LEFT JOIN LATERAL (
    SELECT k.id AS sku_id, p.merchant_id, trim(p.title || ' ' || k.label) AS title,
      CASE WHEN p.title_en = '' AND k.label_en = '' THEN ''
        ELSE trim(coalesce(nullif(p.title_en, ''), p.title) || ' ' || coalesce(nullif(k.label_en, ''), k.label))
      END AS title_en, k.currency, k.mode,
      k.min_quantity AS least, k.max_quantity AS most, k.price, k.choosable, k.choose_premium
    FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE k.id = r.sku_id AND k.on_sale AND p.state = 'live' AND m.state = 'active') s ON true
  LEFT JOIN LATERAL ({_PLAIN_PRICE}) price ON true
  LEFT JOIN LATERAL (
    SELECT count(*) AS n_orders, coalesce(sum(cardinality(v.code_ids)) FILTER (WHERE v.sku_id = r.sku_id), 0) AS n_units
    FROM stock_reservation v WHERE v.contact_key = r.contact_key) of_contact ON true
  LEFT JOIN LATERAL (
    SELECT count(*) AS n_orders, coalesce(sum(cardinality(v.code_ids)) FILTER (WHERE v.sku_id = r.sku_id), 0) AS n_units
    FROM stock_reservation v WHERE v.address_key = r.address_key) of_address ON true),
"""

_WRITE = f"""
won AS MATERIALIZED (
  SELECT j.*, t.code_ids, t.reusable FROM judged j JOIN all_taken t ON t.n = j.n
  WHERE t.reusable OR cardinality(t.code_ids) = j.quantity),
{orders_sql.INSERT_WON},
{payments_sql.INSERT_WON},
{stock_sql.RESERVE}
"""

_ROWS = """
SELECT n, 'placed' AS verdict, amount, currency, least, most FROM won
UNION ALL SELECT n, verdict, amount, currency, least, most FROM judged WHERE verdict <> 'fit'
"""

#: The statement in two parts, so that :mod:`xinka.flows.selling` can make one of it and of a settlement.
NEXT_STEPS = (
    _JUDGE
    + "fit AS (SELECT * FROM judged WHERE verdict = 'fit' AND mode = 'unique'),"
    + stock_sql.TAKE_NEXT
    + ", reusable AS (WITH fit AS (SELECT * FROM judged WHERE verdict = 'fit' AND mode = 'reusable'),"
    + stock_sql.TAKE_REUSABLE
    + "SELECT * FROM taken), all_taken AS (SELECT * FROM taken UNION ALL SELECT * FROM reusable),"
    + _WRITE
)
PLACE_NEXT = f"WITH {NEXT_STEPS} {_ROWS}"
PLACE_CHOSEN = (
    "WITH "
    + _JUDGE
    + "fit AS (SELECT * FROM judged WHERE verdict = 'fit'),"
    + stock_sql.TAKE_CHOSEN
    + ", all_taken AS (SELECT * FROM taken),"
    + _WRITE
    + _ROWS
)
#: What a request with a wish costs: $20 flash price, $21 share of the level, $22 – $24 what its code takes off.
_WISHED_PRICE = PRICE.format(
    quantity="r.quantity",
    price="s.price",
    tier="(SELECT t.unit_price FROM catalog_pricetier t WHERE t.sku_id = r.sku_id AND t.min_quantity <= r.quantity"
    " ORDER BY t.min_quantity DESC LIMIT 1)",
    premium="CASE WHEN r.code_id <> 0 THEN s.choose_premium ELSE 0 END",
    flash="$20::bigint",
    level_bps="$21::bigint",
    off_fixed="$22::bigint",
    off_bps="$23::bigint",
    off_most="$24::bigint",
)
PLACE_NEXT_WISHED = PLACE_NEXT.replace(_PLAIN_PRICE, _WISHED_PRICE)
PLACE_CHOSEN_WISHED = PLACE_CHOSEN.replace(_PLAIN_PRICE, _WISHED_PRICE)


def place(batch: Sequence[CheckoutRequest]) -> Flow[list[Placed | Refusal]]:
    """Place a batch of requests; the answers are in the order of the requests.

    Run it in a transaction of its own. Requests with equal ``request_key`` must not share a batch.

    Returns:
        For each request its :class:`Placed`, or the :class:`~xinka.kernel.errors.Refusal` that fits.
    """
    answers: dict[int, Placed | Refusal] = {}
    plain = plain_of(batch)
    if plain:
        rows = yield query_of(PLACE_NEXT, [batch[index] for index in plain])
        answers = yield from judge_rows(batch, plain, rows)
    return (yield from finish(batch, plain, answers))


def plain_of(batch: Sequence[CheckoutRequest]) -> list[int]:
    """Return the places of the requests that one statement may serve together."""
    return [index for index, request in enumerate(batch) if not request.chosen and request.wish is None]


def needs_transaction(request: CheckoutRequest) -> bool:
    """Whether a request takes more than one statement, which must all happen or none."""
    return bool(request.chosen or request.wish is not None or request.referrer_id)


def judge_rows(
    batch: Sequence[CheckoutRequest], indexes: list[int], rows: Sequence[Row]
) -> Flow[dict[int, Placed | Refusal]]:
    """Return the answers in the rows of the statement for those requests; who came away short of codes has none."""
    answers: dict[int, Placed | Refusal] = {}
    for row in rows:
        index = indexes[row[0] - 1]
        answers[index] = yield from _judge(batch[index], row)
    return answers


def finish(
    batch: Sequence[CheckoutRequest], plain: list[int], answers: dict[int, Placed | Refusal]
) -> Flow[list[Placed | Refusal]]:
    """Serve those that no common statement served, and return all answers in the order of the requests."""
    for index in plain:
        if index not in answers:
            # Others of the batch, or of another till's, may have asked for more than there was.
            answers[index] = yield from _try_alone(batch[index])
    if len(plain) < len(batch):
        yield from _place_singly(batch, answers)
    if referred := _referred(batch, answers):
        yield from note_referrals(referred)
    return [answers[index] for index in range(len(batch))]


def _place_singly(batch: Sequence[CheckoutRequest], answers: dict[int, Placed | Refusal]) -> Flow[None]:
    """Answer the requests that need a statement of their own: for a chosen code, or at a price of their own."""
    yield from lock_for([request.wish for request in batch if request.wish is not None])
    for index, request in enumerate(batch):
        if request.wish is not None:
            answers[index] = yield from _place_wished(request, request.wish)
        elif request.chosen:
            # A chosen code is taken after the others, so that it cannot also be the next of the queue.
            rows = yield from _rows_of_chosen(PLACE_CHOSEN, request)
            answers[index] = (yield from _judge(request, rows[0])) if rows else errors.ChosenGone()


def _rows_of_chosen(statement: str, request: CheckoutRequest, more: tuple[object, ...] = ()) -> Flow[list[Row]]:
    """Return the rows for a chosen code, or for one that looks the same; none if there is neither."""
    query = query_of(statement, [request])
    rows = yield Query(query.sql, (*query.params, *more))
    alike = None if rows else (yield from _alike(request))
    if alike is None:
        return rows
    query = query_of(statement, [alike])
    return (yield Query(query.sql, (*query.params, *more)))


def _alike(request: CheckoutRequest) -> Flow[CheckoutRequest | None]:
    """Return the request for another code with the label of the one that is gone, or nothing if there is none."""
    code_id = yield from next_alike(request.sku_id, request.chosen)
    return None if code_id is None else replace(request, chosen=code_id)


def _place_wished(request: CheckoutRequest, wish: Wish) -> Flow[Placed | Refusal]:
    """Place one request at the price its wish comes to, and count what it used; the caller holds the locks."""
    if (yield Query(orders_sql.BY_REQUEST, (request.request_key,))):
        return (yield from _repeat(request))
    keys = [request.contact_key, *([wish.buyer_key] if wish.buyer_key else [])]
    basket = Basket(request.sku_id, request.quantity, request.chosen, keys)
    offer = yield from offer_for(wish, basket)
    if not isinstance(offer, Offer):
        return errors.ProductGone() if offer is None else offer
    if wish.sale_id:
        yield from aside.let_out(wish.sale_id, request.quantity)
    answer = yield from _take_wished(request, offer)
    if isinstance(answer, Placed) and answer.is_new:
        yield from spend(request.order_id, offer, basket)
    elif wish.sale_id:
        yield from aside.match([wish.sale_id])  # what was let out for nothing
    return answer


def _take_wished(request: CheckoutRequest, offer: Offer) -> Flow[Placed | Refusal]:
    """Place one request at an offer's price, or say why not."""
    facts = offer.facts
    more = (facts.flash, facts.level_bps, facts.off_fixed, facts.off_bps, facts.off_most)
    if request.chosen:
        rows = yield from _rows_of_chosen(PLACE_CHOSEN_WISHED, request, more)
        return (yield from _judge(request, rows[0])) if rows else errors.ChosenGone()
    query = query_of(PLACE_NEXT_WISHED, [request])
    rows = yield Query(query.sql, (*query.params, *more))
    if not rows:
        return (yield from _count_left(request))
    return (yield from _judge(request, rows[0]))


def _referred(batch: Sequence[CheckoutRequest], answers: dict[int, Placed | Refusal]) -> list[tuple[UUID, int, int]]:
    """Return which new orders somebody sent the buyer for: order, who sent, who bought."""
    found = []
    for index, request in enumerate(batch):
        if request.referrer_id:
            answer = answers[index]
            if isinstance(answer, Placed) and answer.is_new:
                found.append((answer.order_id, request.referrer_id, request.buyer_id))
    return found


def query_of(sql: str, requests: list[CheckoutRequest]) -> Query:
    """Return a statement for these requests."""
    return Query(sql, columns_of(requests))


def columns_of(requests: list[CheckoutRequest]) -> tuple[object, ...]:
    """Return the requests column by column, as the statement's parameters."""
    return (
        plain_array([r.order_id.hex for r in requests]),
        plain_array([r.payment_id.hex for r in requests]),
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
        *_counts([(r.contact_key, r.sku_id, r.quantity) for r in requests]),
        *_counts([(r.address_key, r.sku_id, r.quantity) for r in requests]),
    )


def _counts(requests: list[tuple[str, int, int]]) -> tuple[str, str]:
    """Return for each request of (who, SKU, quantity) which of theirs it is in the batch, and of how many units."""
    if len({who for who, _, _ in requests}) == len(requests):  # nearly always: nobody comes twice within a moment
        return plain_array([1] * len(requests)), plain_array([quantity for _, _, quantity in requests])
    orders: Counter[str] = Counter()
    units: Counter[tuple[str, int]] = Counter()
    nths, totals = [], []
    for who, sku_id, quantity in requests:
        orders[who] += 1
        units[who, sku_id] += quantity
        nths.append(orders[who])
        totals.append(units[who, sku_id])
    return plain_array(nths), plain_array(totals)


def _judge(request: CheckoutRequest, row: Row) -> Flow[Placed | Refusal]:
    """Return the answer for one row of the statement."""
    _, verdict, amount, currency, least, most, *_ = row
    match verdict:
        case "placed":
            return Placed(request.order_id, request.payment_id, amount, is_new=True)
        case "seen":
            return (yield from _repeat(request))
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


def _repeat(request: CheckoutRequest) -> Flow[Placed | Refusal]:
    """Answer a request that had come before with what it was answered then."""
    ((order_id, request_hash, amount, payment_id),) = yield Query(orders_sql.BY_REQUEST, (request.request_key,))
    if request_hash != request.request_hash:
        return errors.RequestKeyReused()
    return Placed(order_id, payment_id, amount, is_new=False)


def _try_alone(request: CheckoutRequest) -> Flow[Placed | Refusal]:
    """Answer a request that came away short in company."""
    ((_, available),) = yield Query(stock_sql.COUNT_UNSOLD, (plain_array([request.sku_id]),))
    if available >= request.quantity:
        rows = yield query_of(PLACE_NEXT, [request])
        answers = yield from judge_rows([request], [0], rows)
        if answers:
            return answers[0]
        available = 0
    return errors.OnlySomeLeft(available=available) if available else errors.OutOfStock()


def _count_left(request: CheckoutRequest) -> Flow[Refusal]:
    """Return why there were not enough codes for a request."""
    ((_, available),) = yield Query(stock_sql.COUNT_UNSOLD, (plain_array([request.sku_id]),))
    left = min(available, request.quantity - 1)
    return errors.OnlySomeLeft(available=left) if left > 0 else errors.OutOfStock()
