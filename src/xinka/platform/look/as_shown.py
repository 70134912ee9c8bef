"""Forms that change what is stored, as it was shown: of two who open one at once, the second sees what the first wrote.

The page carries the sign of what it showed in a hidden field ``seen``. Sent back with another sign than what is
stored has by then, and with other values, the form is shown again with what is different, and nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from django import forms
from django.utils.translation import get_language, gettext

SEEN = "seen"


def sign_of(shown: object) -> str:
    """Return a sign that changes with whatever is shown; ``shown`` is plain values, in one order."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def refuse_stale(
    form: forms.BaseForm, seen: str, sent: Mapping[str, str], beside: Iterable[forms.BaseForm] = ()
) -> None:
    """Add an error to a form that was sent, if what it and those ``beside`` it would write over is not what was shown.

    ``seen`` is the sign of what is stored now. Who saves once more, after looking, writes.
    """
    if sent.get(SEEN, seen) == seen:
        return
    if what := _what_differs([form, *beside]):
        told = gettext(
            "It was changed since you opened it, by a colleague or in another window. What is stored differs in: "
            "%(what)s. Look, then save again to have it as it stands here."
        )
        form.add_error(None, told % {"what": what})


def _what_differs(forms_sent: Iterable[forms.BaseForm]) -> str:
    """Return the names of the fields in which what was sent is not what is stored, as people read them."""
    names = [str(one.fields[name].label) for one in forms_sent for name in one.changed_data]
    return (", " if get_language() == "en" else "、").join(dict.fromkeys(names))
