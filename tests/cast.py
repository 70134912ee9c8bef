"""The cast of the tests and their shop: Ada sells, Bo is her clerk, Cy buys, Dee is staff, Eve is an outsider.

Everything is done through the flows that the shop itself uses, so that no test works on rows the shop never writes.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from allauth.account.internal.flows import login
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from xinka.accounts.models import User
from xinka.accounts.staff_roles import StaffRole
from xinka.catalog.models import Category, DeliveryOrder, PriceTier, Product, ProductState, Sku, StockMode, Tint
from xinka.flows.checkout import CheckoutRequest, Placed, place
from xinka.flows.settle import Settlement, VerifiedMoney, settle_plain, settle_unusual
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import Membership, Merchant, Role
from xinka.orders.access import OrderAccess, contact_place, kept_password
from xinka.orders.contact import normalise_contact
from xinka.orders.models import Order
from xinka.payments.models import Channel, Payment
from xinka.platform.database.django_drive import run
from xinka.platform.vault.keys import CHANNELS, CONTACTS, blind_index, merchant_scope, sealing_key
from xinka.stock.models import BatchState, StockBatch, StockCode, UnsoldCode

PASSWORD = "seven quiet herons wade"
CY = "cy@example.com"
EVE = "eve@example.com"
#: A merchant key of the sandbox gateway, strong enough for the provider's own check.
KEY = "kT4vXq9LmZ2rWc7HsYb5NdPg8JfAeUoR"


@dataclass
class Ware:
    """A product with its first variant and the codes that were stocked for it, in order."""

    product: Product
    sku: Sku
    codes: list[str] = field(default_factory=list)


@dataclass
class Bought:
    """An order as the buyer knows it."""

    order_id: UUID
    payment_id: UUID
    amount: int
    password: str
    channel: Channel

    @property
    def order(self) -> Order:
        """The row as it is now."""
        return Order.objects.get(id=self.order_id)

    @property
    def cookie(self) -> str:
        """What the buyer's browser holds."""
        return access().cookie_value(self.order_id)


def access() -> OrderAccess:
    """Return the shop's own proofs of who may open an order."""
    return OrderAccess(settings.ENVIRONMENT.derive("order-access"))


def person(
    email: str, *, staff: bool = False, verified: bool = True, roles: Sequence[StaffRole] = (StaffRole.OPERATOR,)
) -> User:
    """Return somebody with an account; ``roles`` are what staff do."""
    staff_roles = [role.value for role in roles] if staff else []
    user = User.objects.create_user(email=email, password=PASSWORD, is_staff=staff, staff_roles=staff_roles)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def proved(browser: Client) -> Client:
    """Write into a browser's session that its owner has just proved who they are, as the page that asks for it does."""
    session = browser.session
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = session[SESSION_KEY]
    session.save()
    return browser


def adas_shop(*, verified: bool = True, slug: str = "ada-cards") -> Merchant:
    """Return Ada's merchant, with Ada as its owner and Bo as her clerk."""
    merchant = Merchant.objects.create(
        slug=slug, name="艾达卡铺", name_en="Ada's cards", verified_at=timezone.now() if verified else None
    )
    for email, role in ((f"ada@{slug}.example", Role.OWNER), (f"bo@{slug}.example", Role.CLERK)):
        Membership.objects.create(merchant=merchant, user=person(email), role=role)
    return merchant


def shelf(slug: str = "games") -> Category:
    """Return a category."""
    made, _ = Category.objects.get_or_create(
        slug=slug, defaults={"name": "游戏点卡", "name_en": "Game cards", "glyph": "game", "tint": Tint.GAME}
    )
    return made


def ware(
    merchant: Merchant,
    codes: Sequence[str] | int = 0,
    *,
    slug: str = "star-300",
    product: dict[str, object] | None = None,
    sku: dict[str, object] | None = None,
    tiers: dict[int, int] | None = None,
) -> Ware:
    """Return a product on sale with ``codes`` (texts, or how many to make up) in stock."""
    made = Product.objects.create(
        **{
            "slug": slug,
            "merchant": merchant,
            "category": shelf(),
            "title": "星海远征 点卡 300 点",
            "title_en": "Star Voyage card 300",
            "face": "300 点",
            "state": ProductState.LIVE,
            **(product or {}),
        }
    )
    variant = Sku.objects.create(**{"product": made, "price": 4900, **(sku or {})})
    for least, unit_price in (tiers or {}).items():
        PriceTier.objects.create(sku=variant, min_quantity=least, unit_price=unit_price)
    if isinstance(codes, int):
        codes = [f"{slug.upper()}-{n:04d}-{secrets.token_hex(4)}" for n in range(codes)]
    stock_up(variant, codes)
    return Ware(made, variant, list(codes))


def stock_up(sku: Sku, codes: Sequence[str], *, labels: Sequence[str] = ()) -> list[int]:
    """Put codes into the vault and into the queue of the unsold; return their numbers."""
    merchant_id = sku.product.merchant_id
    batch = StockBatch.objects.create(merchant_id=merchant_id, sku=sku, source="cast", state=BatchState.DONE)
    key, index, made = sealing_key(merchant_scope(merchant_id)), blind_index("code"), list[StockCode]()
    contents = [text.encode() for text in codes]
    for n, content in enumerate(contents):
        mark = content if sku.mode == StockMode.UNIQUE else b"%d:" % sku.id + content
        label = labels[n] if labels else ""
        made.append(StockCode(sku=sku, batch=batch, fingerprint=index.uuid(mark), envelope=b"", label=label))
    StockCode.objects.bulk_create(made)  # in one statement each: the walks through the books sell thousands of times
    queue = []
    for code, content in zip(made, contents, strict=True):
        code.envelope = key.seal(content, b"stock_stockcode.envelope:%d" % code.id)
        place_in_queue = {DeliveryOrder.OLDEST: code.id, DeliveryOrder.NEWEST: -code.id}.get(
            DeliveryOrder(sku.delivery_order), secrets.randbelow(10**15)
        )
        queue.append(UnsoldCode(sku_id=sku.id, place=place_in_queue, code_id=code.id))
    StockCode.objects.bulk_update(made, ["envelope"])
    UnsoldCode.objects.bulk_create(queue)
    if made:
        StockBatch.objects.filter(id=batch.id).update(first_code_id=made[0].id, last_code_id=made[-1].id)
    return [code.id for code in made]


def channel(slug: str = "alipay-md5", *, sign_type: str = "MD5", **more: object) -> Channel:
    """Return a channel of the sandbox gateway, set up as an operator would."""
    config = {
        "base_url": f"{settings.SITE_URL}/sandbox/",
        "pid": "1001",
        "key": KEY,
        "sign_type": sign_type,
        "plain_http": True,
    }
    config |= more.pop("config", {})  # type: ignore[arg-type]  # a mapping of settings, by contract
    envelope = sealing_key(CHANNELS).seal(json.dumps(config).encode(), b"payments_channel.config:" + slug.encode())
    values = {"name": "支付宝", "name_en": "Alipay", "provider": "epay", "method": "alipay", **more}
    return Channel.objects.create(slug=slug, config=envelope, **values)


def ask(
    sku: Sku, pay_by: Channel, *, quantity: int = 1, contact: str = CY, password: str = "", **more: object
) -> CheckoutRequest:
    """Return a request as the till shapes it; ``more`` replaces its fields."""
    order_id = new_uuid()
    address = normalise_contact(contact)
    secret = kept_password(password or access().made_password(order_id))
    unit = sku.price
    for tier in sku.tiers.all():
        unit = tier.unit_price if quantity >= tier.min_quantity else unit
    chosen = int(str(more.get("chosen", 0)))
    values: dict[str, object] = {
        "order_id": order_id,
        "payment_id": new_uuid(),
        "sku_id": sku.id,
        "quantity": quantity,
        "chosen": 0,
        "expected": unit * quantity + (sku.choose_premium if chosen else 0),
        "channel_id": pay_by.id,
        "request_key": secrets.token_hex(16),
        "request_hash": 1,
        "contact": sealing_key(CONTACTS).seal(address.encode(), contact_place(order_id)),
        "contact_key": blind_index("contact").hex(address.encode()),
        "address_key": secrets.token_hex(16),
        "language": "zh-hans",
        "password_key": blind_index("order-password").hex(secret.encode()),
    }
    return CheckoutRequest(**{**values, **more})  # type: ignore[arg-type]  # each value has its field's type


def checkout(request: CheckoutRequest) -> Placed:
    """Run one request through the till's own flow; a refusal is raised."""
    (answer,) = run(place([request]))
    if isinstance(answer, Refusal):
        raise answer
    return answer


def buy(
    sku: Sku, pay_by: Channel, *, quantity: int = 1, contact: str = CY, password: str = "", **more: object
) -> Bought:
    """Place an order and return what its buyer knows of it."""
    request = ask(sku, pay_by, quantity=quantity, contact=contact, password=password, **more)
    placed = checkout(request)
    known = password or access().made_password(placed.order_id)
    return Bought(placed.order_id, request.payment_id, placed.amount, known, pay_by)


def buy_together(requests: Sequence[CheckoutRequest], pay_by: Channel) -> list[Bought]:
    """Place orders in one batch, as the till does."""
    answers = run(place(requests))
    bought = []
    for request, placed in zip(requests, answers, strict=True):
        if isinstance(placed, Refusal):
            raise placed
        password = access().made_password(placed.order_id)
        bought.append(Bought(placed.order_id, request.payment_id, placed.amount, password, pay_by))
    return bought


def money_for(bought: Bought, *, amount: int | None = None, trade_no: str = "") -> VerifiedMoney:
    """Return the money a gateway would tell us of."""
    payment = Payment.objects.get(id=bought.payment_id)
    return VerifiedMoney(
        payment.channel_id, payment.id, trade_no or secrets.token_hex(10), bought.amount if amount is None else amount
    )


def settle(money: VerifiedMoney) -> Settlement:
    """Settle money as the till does: plainly, else by looking closely."""
    (settled,) = settle_together([money])
    return settled


def settle_together(moneys: Sequence[VerifiedMoney]) -> list[Settlement]:
    """Settle moneys in one batch; each is of a payment of its own."""

    def story() -> Flow[list[Settlement]]:
        settled = []
        for money, plain in zip(moneys, (yield from settle_plain(moneys)), strict=True):
            settled.append(plain if plain is not None else (yield from settle_unusual(money)))
        return settled

    return run(story())


def pay(bought: Bought) -> Settlement:
    """Pay an order in full."""
    return settle(money_for(bought))
