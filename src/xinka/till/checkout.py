"""``POST /checkout``: from a form or JSON to a placed order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
import psycopg
import structlog

from xinka.flows.checkout import CheckoutRequest, Placed
from xinka.kernel import ids
from xinka.kernel.errors import BadInput, Refusal
from xinka.kernel.places import place_of
from xinka.orders.access import COOKIE, COOKIE_FOR, LEAST_PASSWORD, contact_place, kept_password, order_path
from xinka.orders.contact import normalise_contact
from xinka.orders.errors import NoSuchChannel, PriceChanged
from xinka.platform.batching import Overloaded
from xinka.platform.database.away import DatabaseAway, is_away
from xinka.platform.maintenance.state import ShopClosed
from xinka.platform.vault.envelope import BlindIndex
from xinka.till import placed_before
from xinka.till.context import Till
from xinka.till.engine import OutcomeUnknown
from xinka.till.http import Request, Response, json_response, parse_form, refusal_response
from xinka.till.logs import tell_database_unavailable, tell_refused
from xinka.till.serving.heads import PRIVATE

_LIMIT = 16 * 1024
#: Seconds that a connection is not read after its visitor was turned away: shorter than he was told to wait, for behind
#: a proxy a gateway's notice may come on it next.
_REST = 1.0
_MAX_PASSWORD = 64
#: A checkout that is sent again gets the order's answer, cookie included: nobody may hit upon somebody else's key.
_LEAST_KEY = 16
_MAX_KEY = 64
_MAX_CODE = 80
_MAX_ID = 2**63 - 1
_NUMBERS = ("sku", "quantity", "expected", "chosen", "sale")
_OPTIONAL = frozenset({"chosen", "sale"})
#: Without scripts the search for a number to choose is part of the order form; an order has no use for what was sought.
_SEARCH = "code"
#: How our pages make a request's key: 48 bits of Unix milliseconds, then 80 of chance.
_DATED_KEY = re.compile("[0-9a-f]{32}")
_TIME_DIGITS = 12

log = structlog.get_logger("xinka.till")


class CheckoutForm(msgspec.Struct, forbid_unknown_fields=True):
    """What a checkout says; ``expected`` is the total in minor units that the page showed.

    ``coupon`` is the code of a coupon or a gift card, and ``sale`` the flash sale whose price the page showed.
    """

    sku: int
    quantity: int
    contact: str
    channel: str
    expected: int
    chosen: int = 0
    password: str = ""
    request_key: str = ""
    coupon: str = ""
    sale: int = 0


class ForeignOrigin(Refusal):
    """The form was sent from another site."""

    code = "foreign_origin"
    status = HTTPStatus.FORBIDDEN
    zh = "这个请求来自别的网站。请在本站的商品页下单。"
    en = "This request came from another site. Please order on the product page of this shop."


_decode = msgspec.json.Decoder(CheckoutForm).decode


async def checkout(till: Till, request: Request) -> Response:
    """Place an order; a form is answered with a redirect to its payment page, JSON with JSON.

    Raises:
        Overloaded: if too many wait already. It is said here and now: in a rush, reading and sealing what cannot be
            taken, or a page of Django's for each who is turned away, would leave nothing for those who were let in.
    """
    _turn_away_if_full(till, request)
    wants_json = request.wants_json()
    form: CheckoutForm | None = None
    try:
        _refuse_foreign(till, request)
        form = parse_checkout(
            await request.body(_LIMIT), is_json=request.header("content-type").startswith("application/json")
        )
        refuse_while_closed(till)
        placed = await till.engine.place(await _wanted(till, form, request))
    except Refusal as refusal:
        tell_refused(refusal, request.address)
        if wants_json:
            return refusal_response(refusal, request.language())
        return _show_refusal(till, refusal, form)
    except (psycopg.OperationalError, OutcomeUnknown) as error:
        if wants_json:
            raise
        tell_database_unavailable(error)
        is_unknown = isinstance(error, OutcomeUnknown) or is_away(error)
        return _show_refusal(till, DatabaseAway() if is_unknown else Overloaded(), form)
    path = order_path(placed.order_id)
    cookie = _cookie(till, placed, path)
    if wants_json:
        answer = {
            "order": path.rpartition("/")[2],
            "payment": ids.show("pay", placed.payment_id),
            "amount": placed.amount,
            "pay_url": f"{path}/pay",
        }
        return json_response(answer, headers=[cookie])
    headers = [("location", f"{path}/pay"), placed_before.remember(till, placed.order_id), cookie]
    return Response(HTTPStatus.SEE_OTHER, b"", headers, PRIVATE)


def _turn_away_if_full(till: Till, request: Request) -> None:
    """Turn a visitor away, whose connection is not read again at once; raises ``Overloaded``."""
    try:
        till.engine.refuse_if_full()
    except Overloaded:
        request.exchange.rest = _REST
        raise


async def _wanted(till: Till, form: CheckoutForm, request: Request) -> CheckoutRequest:
    """Return what is ordered; a browser that asks for the same again asks for the order that is still unpaid."""
    wanted = seal_request(till, form, request)
    if not request.wants_json():
        wanted.request_key = await placed_before.key_of_the_same(till, wanted, request) or wanted.request_key
    return wanted


def refuse_while_closed(till: Till) -> None:
    """Refuse new orders while the shop is closed; what was ordered before is paid and delivered as always.

    Raises:
        ShopClosed: if it is.
    """
    now = datetime.now(UTC)
    if till.maintenance is not None and till.maintenance.is_closed(now):
        raise till.maintenance.refusal(now)


def _refuse_foreign(till: Till, request: Request) -> None:
    """Refuse forms of other sites: browsers say where a request comes from, and programs have no cookies to abuse."""
    site = request.header("sec-fetch-site")
    origin = request.header("origin")
    if site not in ("", "same-origin", "none") or origin not in ("", till.environment.site_url):
        # A shop reached under another of its own names (127.0.0.1 for localhost) still matches its own Host header.
        if site == "same-origin" or (not site and origin.partition("://")[2] == request.header("host")):
            return
        raise ForeignOrigin


def parse_checkout(body: bytes, *, is_json: bool) -> CheckoutForm:
    """Read a checkout from JSON or a form.

    Raises:
        BadInput: naming the field that is wrong.
    """
    try:
        form = _decode(body) if is_json else _from_fields(parse_form(body))
    except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
        detail = str(error) if isinstance(error, msgspec.MsgspecError) else "malformed form"
        raise BadInput(field="body", why_zh="提交的内容看不懂", why_en=detail) from None
    for name in _NUMBERS:
        if not 0 <= getattr(form, name) <= _MAX_ID:
            raise BadInput(field=name, why_zh="数字超出范围", why_en="the number is out of range")
    if form.quantity > 1_000_000:
        raise BadInput(field="quantity", why_zh="数量太大", why_en="the quantity is too large")
    if len(form.coupon) > _MAX_CODE:
        raise BadInput(field="coupon", why_zh=f"最多 {_MAX_CODE} 个字符", why_en=f"at most {_MAX_CODE} characters")
    if form.request_key and not _LEAST_KEY <= len(form.request_key) <= _MAX_KEY:
        raise BadInput(
            field="request_key",
            why_zh=f"要 {_LEAST_KEY} 到 {_MAX_KEY} 个字符，随机生成，不能让人猜到",
            why_en=f"{_LEAST_KEY} to {_MAX_KEY} characters are needed, made at random so that nobody guesses them",
        )
    if form.password and not _is_good_password(form.password):
        raise BadInput(
            field="password",
            why_zh=f"要 {LEAST_PASSWORD} 到 {_MAX_PASSWORD} 个字符；留空就由我们生成",
            why_en=f"{LEAST_PASSWORD} to {_MAX_PASSWORD} characters are needed; leave it empty and we make one",
        )
    return form


def _is_good_password(text: str) -> bool:
    """Whether a password may stay: what is blank counts as none."""
    return len(text) <= _MAX_PASSWORD and not 0 < len(kept_password(text)) < LEAST_PASSWORD


def _from_fields(fields: dict[str, str]) -> CheckoutForm:
    values: dict[str, object] = {name: text for name, text in fields.items() if name != _SEARCH}
    for name in _NUMBERS:
        text = fields.get(name, "")
        if text == "" and name in _OPTIONAL:
            values.pop(name, None)
        elif text.isascii() and text.isdigit() and len(text) < 19:
            values[name] = int(text)
        else:
            raise BadInput(field=name, why_zh="要填整数", why_en="a whole number is needed")
    return msgspec.convert(values, CheckoutForm)


def stored_request_key(index: BlindIndex, text: str) -> str:
    """Return what an order keeps of the key that makes a request count once: 32 hexadecimal digits, always the same.

    A key as our pages make it begins with the time. That part is kept before the hash, so that new orders stand side by
    side in the index, where random ones would each touch a page of their own among those of all the past.
    """
    hashed = index.hex(text.encode())
    return text[:_TIME_DIGITS] + hashed[:-_TIME_DIGITS] if _DATED_KEY.fullmatch(text) else hashed


def request_hash(index: BlindIndex, facts: bytes) -> int:
    """Return by what an order knows that just the same was asked for again: 64 bits, signed as the database has them.

    Keyed, for the contact and the password are among the facts, and the others stand beside the hash in the clear.
    """
    return int.from_bytes(index.raw(b"facts|" + facts)[:8], "big", signed=True)


def seal_request(till: Till, form: CheckoutForm, request: Request) -> CheckoutRequest:
    """Turn a checked form into what the flow takes: contact sealed, keys hashed, ids made.

    Raises:
        BadInput: if the contact is neither a mail address nor a QQ number.
        NoSuchChannel: if there is no such way to pay.
        CodeUnknown: if what stands for a code cannot be one.
    """
    contact = normalise_contact(form.contact).encode()
    channel = till.channels.get(form.channel)
    if channel is None:
        raise NoSuchChannel
    wish, referrer_id, buyer_id = till.wishes.read(form.coupon, form.sale, request)
    order_id = ids.new_uuid()
    password = kept_password(form.password) or till.access.made_password(order_id)
    key = stored_request_key(till.request_index, form.request_key) if form.request_key else ids.new_uuid().hex
    facts = f"{form.sku}|{form.quantity}|{form.chosen}|{form.expected}|{channel.id}|{form.password}|".encode() + contact
    if wish is not None:
        facts += f"|{wish.code}|{wish.sale_id}".encode()
    return CheckoutRequest(
        order_id=order_id,
        payment_id=ids.new_uuid(),
        sku_id=form.sku,
        quantity=form.quantity,
        chosen=form.chosen,
        expected=form.expected,
        channel_id=channel.id,
        request_key=key,
        request_hash=request_hash(till.request_index, facts),
        contact=till.contacts.seal(contact, contact_place(order_id)),
        contact_key=till.contact_index.hex(contact),
        address_key=till.address_index.hex(place_of(request.address).encode()),
        language=request.language(),
        password_key=till.password_index.hex(password.encode()),
        wish=wish,
        referrer_id=referrer_id,
        buyer_id=buyer_id,
    )


def _cookie(till: Till, placed: Placed, path: str) -> tuple[str, str]:
    value = till.access.cookie_value(placed.order_id)
    name = COOKIE.name(secure=till.environment.secure)
    secure = "; Secure" if till.environment.secure else ""
    return (
        "set-cookie",
        f"{name}={value}; Path={path}; Max-Age={COOKIE_FOR}; HttpOnly; SameSite=Lax{secure}",
    )


def _goods(form: CheckoutForm) -> dict[str, int]:
    """Return what was to be bought, as the page of a refusal is told it."""
    chosen = {"chosen": form.chosen} if form.chosen else {}
    return {"sku": form.sku, "quantity": form.quantity, **chosen}


def _show_refusal(till: Till, refusal: Refusal, form: CheckoutForm | None) -> Response:
    """Send a browser to the page that explains a refusal and offers the way on; no code is ever in an address."""
    facts = {name: value for name, value in refusal.params.items() if isinstance(value, str | int)}
    if isinstance(refusal, ShopClosed):
        facts = {}  # the page knows by itself until when, and sentences do not belong into an address
    if form is not None:
        facts |= _goods(form)
        if isinstance(refusal, PriceChanged):
            facts["shown"] = form.expected  # without scripts a page goes on showing the total of its first quantity
    query = {"code": refusal.code, **facts}
    headers = [("location", f"/checkout/refused?{urlencode(query)}")]
    if form is not None and form.coupon and isinstance(refusal, PriceChanged):
        headers.append(till.wishes.remember_code(form.coupon, secure=till.environment.secure))
    return Response(HTTPStatus.SEE_OTHER, b"", headers, PRIVATE)
