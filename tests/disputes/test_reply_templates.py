"""Templates filled in safely, bounded, and seen by those whose they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import cast
from xinka.accounts.models import User
from xinka.disputes import reply_templates
from xinka.disputes.errors import MayNotShare, TemplateNameTaken, TemplateNotFound, TooManyTemplates
from xinka.disputes.forms import ReplyTemplateForm
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import Shelf, Words, fill, forget_own, strange_placeholders
from xinka.platform.audit.models import AuditEntry

VALUES = {"order": "ord_1", "product": "{amount} {order}", "amount": "¥9.90", "deadline": "soon", "merchant": "Ada"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("About {order}.", "About ord_1."),
        ("{订单号}：{ 金额 }", "ord_1：¥9.90"),
        ("{ORDER} {Deadline}", "ord_1 soon"),
        # What a seller named a product is not looked through for more.
        ("{product}", "{amount} {order}"),
        ("{unknown} {} {{order}} }{", "{unknown} {} {ord_1} }{"),
        ("%(order)s {{ order }} {% now %} {order.id} {0}", "%(order)s {ord_1} {% now %} {order.id} {0}"),
        ("{or\nder}", "{or\nder}"),
    ],
)
def test_placeholders_are_filled_in_once_and_nothing_else_is(text: str, says: str) -> None:
    assert fill(text, VALUES) == says


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("{order} {订单号} {Merchant}", []),
        ("{buyer} and {order}", ["{buyer}"]),
        ("{order.id} {截止}", ["{order.id}", "{截止}"]),
        ("a { b and } c", ["{ b and }"]),
        ("a { and }", ["{ and }"]),
        ("} alone {", []),
    ],
)
def test_what_nothing_is_put_in_for_is_named(text: str, strange: list[str]) -> None:
    assert strange_placeholders(text) == strange


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"text": "", "text_en": ""}, "Write what it says, in one language at least."),
        ({"text_en": "Dear {buyer}"}, "Nothing is put in for {buyer}."),
        ({"text": "x" * 2001}, "at most 2000 characters"),
        ({"name": ""}, "required"),
        ({"name": "x" * 41}, "at most 40 characters"),
        ({"text": "a\u202eb"}, "turns the direction"),
    ],
)
def test_a_template_that_does_not_do_is_told_why(more: dict[str, str], told: str) -> None:
    from django.utils import translation

    with translation.override("en"):
        form = ReplyTemplateForm({"name": "Hello", "text": "您好", "text_en": "Hello"} | more, may_share=True)
        assert not form.is_valid()
        assert told in str(form.errors)


@pytest.fixture
def dee() -> User:
    return cast.person("dee@example.com", staff=True)


def words(name: str = "Hello") -> Words:
    return Words(name, "您好", "Hello")


def shelf(user: User, merchant_id: int | None = None, *, may_share: bool = False) -> Shelf:
    return Shelf(user, merchant_id, may_share=may_share)


pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_everybody_sees_their_own_and_the_shared_ones_of_their_place(dee: User) -> None:
    sia, shop, other = cast.person("sia@example.com", staff=True), cast.adas_shop(), cast.adas_shop(slug="other")
    bo = User.objects.get(email="bo@ada-cards.example")
    shelf(dee, may_share=True).add(words("B shared"), shared=True, now=NOW)
    shelf(dee).add(words("A own"), shared=False, now=NOW)
    shelf(sia).add(words("A sias"), shared=False, now=NOW)
    shelf(bo, shop.id).add(words("C bos"), shared=False, now=NOW)
    names = [
        [one.name for one in place.all()]
        for place in (shelf(dee), shelf(sia), shelf(bo, shop.id), shelf(bo, other.id), shelf(bo))
    ]
    assert names == [["A own", "B shared"], ["A sias", "B shared"], ["C bos"], [], ["B shared"]]
    for mine in ReplyTemplate.objects.filter(owner=sia):
        for act in (
            lambda one=mine: shelf(dee, may_share=True).one(one.pk),
            lambda one=mine: shelf(dee, may_share=True).change(one.pk, words(), now=NOW),
            lambda one=mine: shelf(dee, may_share=True).drop(one.pk),
            lambda one=mine: shelf(sia, shop.id, may_share=True).one(one.pk),
        ):
            with pytest.raises(TemplateNotFound):
                act()
    assert ReplyTemplate.objects.filter(owner=sia, name="A sias").count() == 1


def test_shared_ones_are_kept_by_whoever_may_and_are_in_the_audit(dee: User) -> None:
    sia = cast.person("sia@example.com", staff=True)
    with pytest.raises(MayNotShare):
        shelf(sia).add(words(), shared=True, now=NOW)
    made = shelf(dee, may_share=True).add(words(), shared=True, now=NOW)
    for act in (lambda: shelf(sia).change(made.pk, words("x"), now=NOW), lambda: shelf(sia).drop(made.pk)):
        with pytest.raises(MayNotShare):
            act()
    made.refresh_from_db()
    assert made.name == "Hello"
    shelf(dee, may_share=True).change(made.pk, words("Hi"), now=NOW + timedelta(minutes=1))
    shelf(dee, may_share=True).drop(made.pk)
    own = shelf(sia).add(words(), shared=False, now=NOW)
    shelf(sia).drop(own.pk)
    told = [(one.action, one.subject, one.details) for one in AuditEntry.objects.order_by("id")]
    assert told == [
        ("template.add", "shop", {"name": "Hello"}),
        ("template.change", "shop", {"name": "Hi"}),
        ("template.delete", "shop", {"name": "Hi"}),
    ]


def test_names_are_told_apart_and_there_are_so_many(dee: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_templates, "MOST_TEMPLATES", 2)
    mine = shelf(dee, may_share=True)
    first = mine.add(words("One"), shared=False, now=NOW)
    with pytest.raises(TemplateNameTaken):
        mine.add(words("one"), shared=False, now=NOW)
    mine.add(words("One"), shared=True, now=NOW)  # beside one's own, not among them
    second = mine.add(words("Two"), shared=False, now=NOW)
    with pytest.raises(TooManyTemplates):
        mine.add(words("Three"), shared=False, now=NOW)
    with pytest.raises(TemplateNameTaken):
        mine.change(second.pk, words("ONE"), now=NOW)
    assert mine.change(first.pk, words("one"), now=NOW).name == "one"
    assert ReplyTemplate.objects.count() == 3


def test_ones_own_go_with_the_account_and_shared_ones_stay(dee: User) -> None:
    mine = shelf(dee, may_share=True)
    mine.add(words("Own"), shared=False, now=NOW)
    mine.add(words("Shared"), shared=True, now=NOW)
    forget_own(dee)
    assert list(ReplyTemplate.objects.values_list("name", "owner")) == [("Shared", None)]
