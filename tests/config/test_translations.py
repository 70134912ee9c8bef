"""Texts are found in code and templates, kept in step, and an incomplete translation is told."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import gettext as django_gettext
from django.utils.translation import pgettext

from xinka.config import translations

_CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext
_("Pay now")
ngettext("%(n)s code", "%(n)s codes", 2)
pgettext("verb", "Order")
"""
_PAGE = """{% load i18n %}<h1>{% translate "Your order" %}</h1>
{% blocktranslate with shop=name trimmed %}Sold by {{ shop }}{% endblocktranslate %}"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    app = tmp_path / "house" / "shop"
    (app / "templates").mkdir(parents=True)
    for name, text in {"__init__.py": "", "apps.py": "", "views.py": _CODE, "templates/order.html": _PAGE}.items():
        (app / name).write_text(text, encoding="utf-8")
    return tmp_path / "house"


def _po(package: Path) -> Path:
    return package / "shop" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def _translate(package: Path, english: str, chinese: str) -> None:
    text = _po(package).read_text(encoding="utf-8")
    for empty in ('msgstr ""', 'msgstr[0] ""'):
        for entry in (f'msgid "{english}"\n{empty}', f'msgid_plural "{english}"\n{empty}'):
            text = text.replace(entry, entry.removesuffix('""') + f'"{chinese}"')
    _po(package).write_text(text, encoding="utf-8")


_CHINESE = {
    "Pay now": "立即付款",
    "%(n)s codes": "%(n)s 个卡密",
    "Order": "下单",
    "Your order": "您的订单",
    "Sold by %(shop)s": "由 %(shop)s 出售",
}


def _complete(package: Path) -> None:
    translations.update(package)
    for english, chinese in _CHINESE.items():
        _translate(package, english, chinese)


def test_texts_of_code_and_templates_are_extracted(package: Path) -> None:
    texts = translations.extract_all(package)[package / "shop"]
    assert set(texts) == {
        (None, "Pay now"),
        (None, "%(n)s code"),
        ("verb", "Order"),
        (None, "Your order"),
        (None, "Sold by %(shop)s"),
    }


def test_sentences_of_rooms_without_django_are_extracted(package: Path) -> None:
    code = """
WHY = sentence("because")
raise ProviderError("it said no", permanent=True, quote=words["why"])
raise OutcomeUnknown("it may be done", quote=sentence("no answer"))
raise ProviderError(f"a {text}")
"""
    (package / "shop" / "gateway.py").write_text(code, encoding="utf-8")
    texts = {text.singular for text in translations.texts_in(package / "shop" / "gateway.py")}
    assert texts == {"because", "it said no", "it may be done", "no answer"}


def test_a_complete_translation_has_no_faults_and_is_found_by_gettext(package: Path) -> None:
    _complete(package)
    assert translations.faults(package) == []
    assert translations.compile_stale(package) == 1
    assert translations.compile_stale(package) == 0
    with _po(package).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Your order") == "您的订单"
    assert compiled.ngettext("%(n)s code", "%(n)s codes", 2) == "%(n)s 个卡密"
    assert compiled.pgettext("verb", "Order") == "下单"


def test_a_new_text_is_missing_until_extracted_and_then_untranslated(package: Path) -> None:
    _complete(package)
    (package / "shop" / "more.py").write_text('_("Refund")\n', encoding="utf-8")
    assert translations.faults(package) == ["house/shop: missing: 'Refund' (more.py)"]
    translations.update(package)
    assert translations.faults(package) == ["house/shop: not translated: 'Refund' (more.py)"]


def test_a_text_that_left_the_code_is_stale_until_extracted(package: Path) -> None:
    _complete(package)
    (package / "shop" / "templates" / "order.html").write_text("", encoding="utf-8")
    assert translations.faults(package) == ["house/shop: stale: 'Sold by %(shop)s'", "house/shop: stale: 'Your order'"]
    translations.update(package)
    assert translations.faults(package) == []


def test_a_lost_or_invented_placeholder_is_told(package: Path) -> None:
    _complete(package)
    text = _po(package).read_text(encoding="utf-8")
    _po(package).write_text(text.replace("由 %(shop)s 出售", "由商家出售"), encoding="utf-8")
    assert translations.faults(package) == ["house/shop: lost placeholder: 'Sold by %(shop)s'"]
    _po(package).write_text(text.replace("由 %(shop)s 出售", "由 %(who)s 出售"), encoding="utf-8")
    assert translations.faults(package) == ["house/shop: unknown placeholder: 'Sold by %(shop)s'"]


def test_a_text_that_two_rooms_translate_differently_is_told(package: Path) -> None:
    desk = package / "desk"
    desk.mkdir()
    for name, text in {"__init__.py": "", "apps.py": "", "views.py": '_("Pay now")\n'}.items():
        (desk / name).write_text(text, encoding="utf-8")
    _complete(package)
    _say(desk, "Pay now", "立即付款")
    assert translations.faults(package) == []
    _say(desk, "Pay now", "付钱")
    told = "house/shop: said in two ways: 'Pay now' is '立即付款' here, '付钱' in desk"
    assert translations.faults(package) == [told]


def _say(app: Path, english: str, chinese: str) -> None:
    po = app / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    entry = re.compile(f'(msgid "{english}"\nmsgstr) "[^\n]*"')
    po.write_text(entry.sub(rf'\1 "{chinese}"', po.read_text(encoding="utf-8")), encoding="utf-8")


def test_no_page_shows_the_translation_of_somebody_else() -> None:
    with translation.override("zh-hans"):
        shown = {
            (app.name, context, english): (chinese, pgettext(context, english) if context else django_gettext(english))
            for app in translations.applications()
            for (context, english), chinese in _translations_of(app).items()
        }
    assert shown
    assert {text: said for text, said in shown.items() if said[0] != said[1]} == {}


def _translations_of(app: Path) -> dict[tuple[str, str], str]:
    """What an application's own catalogue says, plurals aside."""
    path = app / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        entries = [entry for entry in read_po(file, locale="zh_Hans") if isinstance(entry.id, str) and entry.id]
    return {(entry.context or "", str(entry.id)): str(entry.string) for entry in entries}


def test_every_text_of_this_house_is_translated() -> None:
    assert translations.faults() == []
