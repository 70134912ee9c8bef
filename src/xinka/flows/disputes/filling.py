"""A template filled in for one case: what its placeholders stand for, in the language it is written in."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone, translation
from django.utils.translation import gettext

from xinka.disputes.errors import TemplateNotFound
from xinka.disputes.models import Case, ReplyTemplate
from xinka.disputes.reply_templates import Shelf, fill
from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.platform.look.preferences import CHINESE, ENGLISH
from xinka.platform.look.templatetags.look import amount

#: What each language calls itself.
_LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}


@dataclass(frozen=True)
class Choice:
    """A template in one of its languages, as a form offers it."""

    value: str
    words: str
    is_shared: bool


def choices_of(shelf: Shelf, case: Case) -> list[Choice]:
    """Return what can be put in, each template first in the language that its order was placed in."""
    spoken = Order.objects.only("language").get(id=case.order_id).language
    languages = sorted(_LANGUAGES, key=lambda one: one[:2] != spoken[:2])
    return [_choice(one, language) for one in shelf.all() for language in languages if one.text_in(language)]


def _choice(template: ReplyTemplate, language: str) -> Choice:
    words = f"{template.name} ({_LANGUAGES[language]})"
    return Choice(f"{template.pk}-{language}", words, template.is_shared)


def filled_in(shelf: Shelf, chosen: str, case: Case) -> str:
    """Return what a chosen template says about a case.

    Raises:
        TemplateNotFound: if there is none in that language, or it is not for this person.
    """
    number, _dash, language = chosen.partition("-")
    if not number.isascii() or not number.isdecimal() or len(number) > 18 or language not in _LANGUAGES:
        raise TemplateNotFound
    text = shelf.one(int(number)).text_in(language)
    if not text:
        raise TemplateNotFound
    return fill(text, _values(case, language))


def _values(case: Case, language: str) -> dict[str, str]:
    order = Order.objects.get(id=case.order_id)
    with translation.override(language):
        due = timezone.localtime(case.due_at).strftime("%Y-%m-%d %H:%M") if case.due_at else gettext("no deadline")
        name = (case.merchant.name_en if language == ENGLISH else "") or case.merchant.name
        return {
            "order": ids.show("ord", order.id),
            "product": order.title_in(language),
            "amount": str(amount(case.amount, case.currency)),
            "deadline": due,
            "merchant": name,
        }
