"""The one form that buyers, merchants and staff share: words."""

from __future__ import annotations

from typing import Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from xinka.disputes.actions import LONGEST_TEXT
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
