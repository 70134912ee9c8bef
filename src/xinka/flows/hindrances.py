"""What held up money on its way, in the language of whoever reads it.

Kept with a refund, a split or a payout is one English line: a sentence of ours, or what kind of failure it was and
then, after a colon, a sentence of ours or the gateway's own words. Ours are translated when shown, the gateway's are
quoted.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import Refusal

#: What a failure's own name means to a person.
_FAILURES = {
    "ProviderError": _("The gateway did not do it"),
    "OutcomeUnknown": _("There was no certain answer"),
    "payout": _("Not what a gateway may say"),
}


def hindrance_in_words(kept: str) -> str:
    """Return the kept line for the reader of this request."""
    head, colon, rest = kept.partition(": ")
    if not colon:
        return gettext(kept) if kept else ""
    return f"{gettext(_FAILURES.get(head, head))}: {hindrance_in_words(rest)}"


def kept_of(refusal: Refusal) -> str:
    """Return what is kept of a refusal: both of its sentences, for it has them already."""
    return f"{refusal.message('zh-hans')} {refusal.message('en')}"
