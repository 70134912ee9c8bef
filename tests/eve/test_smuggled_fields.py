"""No form takes more than it asks for: each is sent as a person would, then with every column there is smuggled in.

What a form does of its own accord it may do; nothing may stand in a row afterwards that only the smuggled fields said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client

from tests import cast
from tests.eve.demo_world import STARTS, changed_since, moment, people
from tests.eve.walking import Form, Parsed, body, walk
from xinka.merchants.models import Membership, Merchant, Role

pytestmark = pytest.mark.django_db

#: The number of everything that is Eve's, and what stands in no row but by smuggling.
EVES = 987_654_321
TEXT, DAY = "xk-smuggled", "2031-02-03"
NUMBER = "98765432-1987-4987-8987-987654321987"
MARKS = (str(EVES), TEXT, DAY, NUMBER)
_AT_ONCE = 400
#: Not forms of a person's: a proof once more, and what asks for a code that was mailed.
_LEFT_OUT = ("/account/reauthenticate", "/account/two-factor", "/account/login", "/account/logout", "/look/")
FILLED = {"number": "2", "date": "2030-01-01", "datetime-local": "2030-01-01T10:00", "email": "fay@example.com"}


class Effect(NamedTuple):
    """What a form did: the marks that stand in rows, and which states and switches were set to what."""

    marks: set[tuple[str, str]]
    set_to: set[tuple[str, str, str]]


@pytest.fixture
def world() -> dict[str, Client]:
    """The demo and its people, and Eve's shop, whose every number is known."""
    from xinka.config import demo  # models need the settings, which are read after this file

    assert demo.load()
    eve = cast.person("eve@example.com")
    shop = Merchant.objects.create(id=EVES, slug="eves-cards", name="伊芙", name_en="Eve's cards")
    Membership.objects.create(merchant=shop, user=eve, role=Role.OWNER)
    cast.ware(shop, 2, slug="eves-ware", product={"id": EVES}, sku={"id": EVES})
    return people()


def columns() -> dict[str, str]:
    """Return what is smuggled into each column there is, by its name and by the name of what it points to."""
    found: dict[str, str] = {}
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            for name in {column.name, column.attname}:
                found[name] = max(found.get(name, ""), _smuggled(column), key=_weight)
    return found


def _smuggled(column: models.Field[Any, Any]) -> str:
    if isinstance(column, models.BooleanField):
        return "on"
    if column.choices:
        return str(list(column.flatchoices)[-1][0])
    if isinstance(column, models.UUIDField):
        return NUMBER
    if isinstance(column, models.DateField):
        return f"{DAY}T04:05" if isinstance(column, models.DateTimeField) else DAY
    return str(EVES) if isinstance(column, models.IntegerField | models.ForeignKey) else TEXT


def _weight(value: str) -> int:
    return MARKS.index(value) + 1 if value in MARKS else len(value) and 9


def forms_of(browser: Client, *starts: str) -> Iterator[tuple[str, Form]]:
    """Yield each form that somebody meets on their way, once for each kind of address it is sent to."""
    seen = set()
    for path, answer in walk(browser, *starts):
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        for form in Parsed(body(answer)).forms:
            action = form.action or path.partition("?")[0]
            kind = "/".join(part if part.isalpha() else "#" for part in action.partition("?")[0].split("/"))
            mark = (kind, tuple(sorted(form.fields)))
            if form.method == "post" and mark not in seen and not action.startswith(_LEFT_OUT):
                seen.add(mark)
                yield action, form


def as_typed(form: Form) -> dict[str, str]:
    """Return what a person sends who fills in what is empty."""
    return {
        name: values[0] if values and values[0] else FILLED.get(form.kinds.get(name, ""), "Some words, 12 of them")
        for name, values in form.fields.items()
        if form.kinds.get(name) != "file"
    }


def sent(browser: Client, action: str, fields: dict[str, str]) -> Effect:
    """Send a form, look at what it did, and take it back."""
    cookies = {name: one.value for name, one in browser.cookies.items()}
    began = moment()
    with transaction.atomic():
        browser.post(action, fields)
        effect = Effect(set(), set())
        for model, row in changed_since(began):
            _look_at(model, row, effect)
        transaction.set_rollback(True)
    browser.cookies.clear()
    for name, value in cookies.items():
        browser.cookies[name] = value
    return effect


def _look_at(model: type[models.Model], row: dict[str, object], effect: Effect) -> None:
    for column in model._meta.concrete_fields:
        value = str(row[column.column])
        if any(mark in value for mark in MARKS):
            effect.marks.add((f"{model._meta.label}.{column.name}", value[:60]))
        if isinstance(column, models.BooleanField) or column.choices:
            effect.set_to.add((model._meta.label, column.name, value))


@pytest.mark.timeout(900)
def test_no_form_takes_what_it_does_not_ask_for(world: dict[str, Client]) -> None:
    smuggled, wrong, did = columns(), {}, []
    for who, browser in world.items():
        for action, form in list(forms_of(browser, *STARTS[who])):
            typed = as_typed(form)
            plain = sent(browser, action, typed)
            did += [f"{who} {action}"] if plain.set_to else []
            prefixes = {"", *(name.rpartition("-")[0] + "-" for name in typed if name[-1:].isalpha() and "-0-" in name)}
            more = {f"{p}{name}": value for p in prefixes for name, value in smuggled.items()}
            names = [name for name in more if name not in form.fields]
            for start in range(0, len(names), _AT_ONCE):
                extra = {name: more[name] for name in names[start : start + _AT_ONCE]}
                effect = sent(browser, action, {**typed, **extra})
                if effect.marks - plain.marks or effect.set_to - plain.set_to:
                    wrong[f"{who} {action}"] = (effect.marks - plain.marks, effect.set_to - plain.set_to)
            # And what the form does ask for, but with the number of something of Eve's.
            numbers = {name: str(EVES) for name, value in typed.items() if value.isdigit() and name in smuggled}
            effect = sent(browser, action, {**typed, **numbers})
            named_in_rows = {mark for mark in effect.marks if mark[1] == str(EVES) and mark[0].endswith("_id")}
            if named_in_rows:
                wrong[f"{who} {action} with Eve's numbers"] = (named_in_rows, set())
    assert wrong == {}
    assert len(did) > 15, "forms that do nothing prove nothing"


def test_the_look_out_sees_what_a_form_let_through() -> None:
    shop = cast.adas_shop()
    Merchant.objects.filter(id=shop.id).update(about=TEXT)
    began, effect = moment(), Effect(set(), set())
    assert list(changed_since(began)) == [], "what was there before is not the form's"
    with transaction.atomic():
        Merchant.objects.filter(id=shop.id).update(name_en=TEXT, state="suspended")
    for model, row in changed_since(began):
        _look_at(model, row, effect)
    assert ("merchants.Merchant.name_en", TEXT) in effect.marks
    assert ("merchants.Merchant", "state", "suspended") in effect.set_to
