"""Texts read in one direction: whoever can turn it can make ``¥100`` look like ``¥001`` to the person who decides.

The characters that embed, override and isolate a direction (UAX #9, 2.1 to 2.4) are invisible and reach beyond the text
they stand in. Chinese and English need none of them; the letters of languages that run the other way turn themselves.
"""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: How much of a text is quoted to show where such a character stands.
_QUOTED = 12
_AFTER = _(
    "After “%(before)s” there is an invisible character that turns the direction of writing. "
    "Delete what stands there and type it again."
)
_AT_FIRST = _(
    "At the beginning there is an invisible character that turns the direction of writing. "
    "Delete the first word and type it again."
)


def read_one_way(value: object) -> None:
    """Accept a text without such characters; the refusal says after which words one stands, as it cannot be seen.

    Raises:
        ValidationError: otherwise.
    """
    found = _TURNING.search(value) if isinstance(value, str) else None
    if found is None:
        return
    before = found.string[: found.start()].strip()[-_QUOTED:]
    raise ValidationError(_AFTER if before else _AT_FIRST, code="turns_direction", params={"before": before})


def one_way(text: str) -> str:
    """Return a text that no form has looked at without such characters."""
    return _TURNING.sub("", text)


def watch_every_text_field() -> None:
    """Have every text field of every form refuse them, also of forms that are not written yet; passwords may be any."""
    from allauth.account.fields import PasswordField  # here, because it wants the applications to be ready

    forms.CharField.default_validators = [read_one_way]
    PasswordField.default_validators = []
