"""The forms that buyers, merchants and staff share: words, and templates of them."""

from __future__ import annotations

from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinka.disputes.actions import LONGEST_TEXT
from xinka.disputes.reply_templates import LONGEST_NAME, LONGEST_TEMPLATE, PLACEHOLDERS, Words, strange_placeholders
from xinka.platform.look.one_way import one_way


class WordsForm(forms.Form):
    """What somebody says; files come beside it."""

    text = forms.CharField(
        label=_("Add to it"),
        help_text=_("The other side and our staff read it. Do not paste whole codes."),
        max_length=LONGEST_TEXT,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    @classmethod
    def beside(cls, data: QueryDict) -> Self:
        """Return the words that came along with another button of the page; there need be none."""
        form = cls({"text": one_way(data.get("text", ""))})
        form.fields["text"].required = False
        return form

    @classmethod
    def with_more(cls, data: QueryDict, text: str) -> Self:
        """Return what was typed with a text behind it, to be read before it is sent."""
        typed = one_way(data.get("text", "")).strip()
        form = cls(initial={"text": f"{typed}\n\n{text}" if typed else text})
        form.fields["text"].widget.attrs["autofocus"] = True
        told = gettext("The template is put in. Nothing is sent yet: read it, then send it.")
        if data.get("files"):
            told += " " + gettext("Files have to be chosen again.")
        form.fields["text"].help_text = f"{told} {form.fields['text'].help_text}"
        return form


class ReplyTemplateForm(forms.Form):
    """A template as somebody writes it: in Chinese, in English, or both."""

    name = forms.CharField(label=_("Name of the template"), max_length=LONGEST_NAME, strip=True)
    text = forms.CharField(
        label=_("In Chinese"),
        required=False,
        max_length=LONGEST_TEMPLATE,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "lang": "zh-Hans"}),
    )
    text_en = forms.CharField(
        label=_("In English"),
        required=False,
        max_length=LONGEST_TEMPLATE,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "lang": "en"}),
    )
    shared = forms.BooleanField(label=_("Everybody who works here uses it, too"), required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]

    def clean_text(self) -> str:
        """Refuse placeholders that nothing would be put in for."""
        return _with_known_placeholders(self.cleaned_data["text"])

    def clean_text_en(self) -> str:
        """As in Chinese."""
        return _with_known_placeholders(self.cleaned_data["text_en"])

    def clean(self) -> dict[str, Any]:
        """See that it says something."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data.get("text") and not data.get("text_en"):
            self.add_error(None, gettext("Write what it says, in one language at least."))
        return data

    def words(self) -> Words:
        """Return what was written."""
        data = self.cleaned_data
        return Words(data["name"], data["text"], data["text_en"])


def _with_known_placeholders(text: str) -> str:
    if strange := strange_placeholders(text):
        known = ", ".join(f"{{{english}}}" for english in PLACEHOLDERS)
        told = gettext("Nothing is put in for %(strange)s. There are: %(known)s.")
        raise forms.ValidationError(told % {"strange": ", ".join(strange[:3]), "known": known})
    return text
