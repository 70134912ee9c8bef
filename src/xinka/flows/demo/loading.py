"""The demo: invented merchants, goods with stock, people to sign in as, two ways to pay at the pretend gateway.

Everything is written by the flows that real merchants and buyers use. Loading it again changes nothing; a shop that
holds anything of its own is left alone.
"""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from xinka.accounts.demo_people import PASSWORD, PEOPLE
from xinka.accounts.models import User
from xinka.catalog.actions import Variant, save_product
from xinka.catalog.models import Category, Kind, Product, ProductState, Sku, StockMode
from xinka.flows import stocking
from xinka.flows.demo.cases import open_cases
from xinka.flows.demo.payouts import freeze_one, pay_out
from xinka.flows.demo.promotions import make_things_cheaper
from xinka.flows.demo.sales import sell_for_two_weeks
from xinka.flows.track_records import count_records
from xinka.kernel.errors import Refusal
from xinka.merchants.models import Membership, Merchant
from xinka.payments.channels import config_place, seal_config
from xinka.payments.models import Channel
from xinka.platform.audit.actions import report
from xinka.platform.audit.models import Report
from xinka.platform.database.django_drive import run
from xinka.platform.vault.keys import open_envelope
from xinka.stock.actions import put_content
from xinka.stock.models import BatchState, StockBatch

_GOODS = Path(__file__).with_name("goods.yaml")
_MARK = "demo"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class ShopInUse(Refusal):
    """The shop holds people or goods of its own; demo goods do not belong beside them."""

    code = "shop_in_use"
    zh = "这个商店已经有自己的数据，演示数据只装进空的商店。"
    en = "This shop holds data of its own; the demo is loaded only into an empty one."


@dataclass(frozen=True, slots=True)
class PayWay:
    """One channel of the demo and its account at the pretend gateway."""

    slug: str
    name: str
    name_en: str
    glyph: str
    method: str
    settings: Mapping[str, object]
    provider: str = "epay"
    currency: str = "CNY"


def load(ways: Sequence[PayWay]) -> bool:
    """Fill an empty shop; return whether there was anything to do besides keeping the ways to pay in step.

    Raises:
        ShopInUse: if the shop holds data of its own.
    """
    mark = Report.objects.filter(name=_MARK).first()
    if mark is None and (User.objects.exists() or Product.objects.exists() or Channel.objects.exists()):
        raise ShopInUse
    with transaction.atomic():
        _open_ways(ways)
        if mark is None:
            _bring_people()
            _fill_shelves()
            report(_MARK, {"part": "goods"})
    if mark is not None and mark.details.get("part") == "all":
        return False
    _stock_up()
    with transaction.atomic():
        sell_for_two_weeks([way.slug for way in ways if way.provider == "epay"], cy=PEOPLE[0].email)
        open_cases("xinghe", cy=PEOPLE[0].email)
        make_things_cheaper("xinghe")
        ada, dee, fei = (User.objects.get(email=PEOPLE[n].email) for n in (1, 3, 4))
        pay_out("xinghe", owner=ada, finance=dee, second=fei)
        freeze_one("xinghe", asked_by=fei, granted_by=dee)
        run(count_records(timezone.now()))
        report(_MARK, {"part": "all"})
    return True


def close_ways(slugs: Sequence[str]) -> None:
    """Turn the demo's ways to pay off: the pretend gateway does not answer in a shop that is not a demo."""
    Channel.objects.filter(slug__in=slugs, on=True).update(on=False)


def _open_ways(ways: Sequence[PayWay]) -> None:
    """Write the channels, and write them again when the gateway's address has changed with the shop's port."""
    for position, way in enumerate(ways):
        known = Channel.objects.filter(slug=way.slug).first()
        if known and known.on and json.loads(open_envelope(known.config, config_place(way.slug))) == way.settings:
            continue
        fields = {
            "name": way.name,
            "name_en": way.name_en,
            "glyph": way.glyph,
            "provider": way.provider,
            "method": way.method,
            "currency": way.currency,
            "position": position,
            "on": True,
            "config": seal_config(way.slug, way.settings),
        }
        Channel.objects.update_or_create(slug=way.slug, defaults=fields)


@cache
def _goods() -> dict[str, Any]:
    import yaml  # here, because only an empty demo shop needs it

    return dict(yaml.safe_load(_GOODS.read_text(encoding="utf-8")))


def _bring_people() -> None:
    now = timezone.now()
    merchants = {}
    for row in _goods()["merchants"]:
        joined = now - timedelta(days=row["joined"])
        merchant = Merchant.objects.create(
            slug=row["slug"],
            name=row["name"],
            name_en=row["name_en"],
            **_both("about", row["about"], " / "),
            kind=row["kind"],
            verified_at=joined + timedelta(days=3) if row["verified"] else None,
        )
        Merchant.objects.filter(id=merchant.id).update(joined_at=joined)  # the field sets itself to now
        merchants[row["slug"]] = merchant
    for person in PEOPLE:
        user = User.objects.create_user(
            email=person.email,
            password=PASSWORD,
            display_name=person.name_zh,
            is_staff=bool(person.staff_roles),
            staff_roles=[role.value for role in person.staff_roles],
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if person.merchant:
            Membership.objects.create(merchant=merchants[person.merchant], user=user, role=person.role)


def _fill_shelves() -> None:
    goods = _goods()
    shelves = {
        row["slug"]: Category.objects.create(**row, position=position) for position, row in enumerate(goods["shelves"])
    }
    merchants = {merchant.slug: merchant for merchant in Merchant.objects.all()}
    for row in reversed(_in_turns(goods["products"])):  # the shelves show the newest first
        merchant, shelf, kind = row["of"]
        product = Product(
            slug=row["slug"],
            merchant=merchants[merchant],
            category=shelves[shelf],
            kind=kind,
            title=row["title"],
            title_en=row["title_en"],
            face=row["face"],
            face_en=row.get("face_en", ""),
            **_both("summary", row["summary"], " / "),
            **_both("description", row["about"], " / "),
            **_both("how_to", goods["how_to"]["member" if shelf == "members" else kind], "\n\n"),
            **_both("after_payment", row.get("after_payment", ""), " / "),
            state=row.get("state", ProductState.LIVE),
        )
        save_product(product, [_variant(one, kind) for one in row["skus"]])


def _both(name: str, text: str, between: str) -> dict[str, str]:
    """Return a text in both languages as a product has it: the Chinese comes first."""
    chinese, _, english = text.partition(between)
    return {name: chinese.strip(), f"{name}_en": english.strip()}


def _in_turns(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the products so that the first page shows something of every shelf."""
    shelves: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        shelves.setdefault(row["of"][1], []).append(row)
    return [row for turn in zip_longest(*shelves.values()) for row in turn if row is not None]


def _variant(row: Mapping[str, Any], kind: str) -> Variant:
    is_reusable = "content" in row
    sku = Sku(
        label=row.get("label", ""),
        label_en=row.get("label_en", ""),
        price=row["price"],
        currency=row.get("currency", "CNY"),
        mode=StockMode.REUSABLE if is_reusable else StockMode.UNIQUE,
        delivery_order=row.get("order", "oldest"),
        min_quantity=row.get("min", 1),
        max_quantity=1 if is_reusable else row.get("max", 20 if kind == Kind.LICENCE else 50),
        choosable="nice_numbers" in row,
        choose_premium=row.get("premium", 0),
    )
    return Variant(sku, tuple(row.get("tiers", {}).items()))


def _stock_up() -> None:
    """Import what is not stocked yet, through the same door as a merchant's file."""
    for row in _goods()["products"]:
        skus = Sku.objects.filter(product__slug=row["slug"]).select_related("product")
        for sku, facts in zip(skus, row["skus"], strict=True):
            if StockBatch.objects.filter(sku=sku, state=BatchState.DONE).exists():
                continue
            if "content" in facts:
                put_content(sku, facts["content"])
            elif facts.get("codes") or "nice_numbers" in facts:
                stocking.import_text(_file(facts), sku.id)


def _file(facts: Mapping[str, Any]) -> str:
    """Return a CSV file of codes as the facts want them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("code", "label", "expires_on"))
    last_day = (date.today() + timedelta(days=facts["expires"])).isoformat() if "expires" in facts else ""  # noqa: DTZ011 - a calendar day, as printed on a card
    labels = _nice_numbers(facts["nice_numbers"]) if "nice_numbers" in facts else [""] * facts["codes"]
    writer.writerows((_code(facts["pattern"]), label, last_day) for label in labels)
    return text.getvalue()


def _code(pattern: str) -> str:
    return re.sub("[@#]", lambda sign: secrets.choice(_ALPHABET if sign[0] == "@" else "0123456789"), pattern)


def _nice_numbers(count: int) -> list[str]:
    """Return member numbers that somebody would choose: repeated and climbing digits, and round ones."""
    found = [str(digit) * 6 for digit in range(1, 10)]
    found += [f"{digit}{digit}{digit}{other}{other}{other}" for digit in range(1, 10) for other in range(10)]
    found += [f"{start}{start + 1}{start + 2}{start}{start + 1}{start + 2}" for start in range(1, 8)]
    found += [f"{head}8888" for head in range(10, 100)]
    return list(dict.fromkeys(found))[:count]
