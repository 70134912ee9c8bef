"""Names of merchants, categories and channels, in the language of whoever works here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from django import forms
from django.db.models import Model
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _ModelChoice = forms.ModelChoiceField[Model]
else:  # Django's own class takes no parameter
    _ModelChoice = forms.ModelChoiceField

#: Said before anything is typed.
SHORT_NAME_HELP = _("Letters, digits and hyphens, without spaces. It is a part of web addresses.")
#: In place of Django's words for a short name, which say "slug" and the name of a class.
SHORT_NAME_ERRORS = {
    "invalid": _("Take letters, digits and hyphens only, without spaces."),
    "unique": _("This short name is taken. Choose another."),
}


class Named(Protocol):
    """What has a name in Chinese and perhaps one in English."""

    name: str
    name_en: str


def is_english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")


def named(one: Named) -> str:
    """Return the name in the reader's language; the Chinese one where there is no other."""
    return (one.name_en if is_english() else "") or one.name


class NamedChoice(_ModelChoice):
    """One of several things that have names."""

    def label_from_instance(self, obj: Model) -> str:
        """Return the name that the reader reads."""
        return named(cast(Named, obj))
