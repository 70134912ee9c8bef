"""The forms that Django checks for the shop; checkout's is the till's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xinka.kernel.errors import BadInput
from xinka.orders.contact import normalise_contact


class ContactForm(forms.Form):
    """A contact alone: a mail address, or a QQ number that stands for its mailbox."""

    contact = forms.CharField(
        label=_("E-mail or QQ number"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
    )

    def clean_contact(self) -> str:
        """Return the address the contact stands for."""
        try:
            return normalise_contact(self.cleaned_data["contact"])
        except BadInput as refusal:
            raise ValidationError(capfirst(str(refusal.params[f"why_{_language()}"]))) from None


class FindOrderForm(ContactForm):
    """Contact and order password. Without a password only a mail can be asked for."""

    password = forms.CharField(
        label=_("Order password"),
        max_length=64,
        required=False,
        help_text=_("It is on the order page and, if you chose it yourself, only in your head."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def clean(self) -> dict[str, Any]:
        """A NUL would be refused by the database; nobody's password has one."""
        cleaned = super().clean() or {}
        cleaned["password"] = str(cleaned.get("password", "")).replace("\x00", "")
        return cleaned


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"
