"""The one form that buyers, merchants and staff share: words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from xinka.disputes.actions import LONGEST_TEXT


class WordsForm(forms.Form):
    """What somebody says; files come beside it."""

    text = forms.CharField(
        label=_("Add to it"),
        help_text=_("The other side and our staff read it. Do not paste whole codes."),
        max_length=LONGEST_TEXT,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
