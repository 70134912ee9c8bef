"""What held up money on its way, in the language of whoever reads it.

Kept with a refund, a split or a payout is one English line: a sentence of ours, or what kind of failure it was and
then, each after a colon, sentences of ours and the gateway's own words. Ours are translated when shown, the gateway's
are quoted.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import Refusal
from xinka.payments.providers.answers import NO_REASON

_NOT_DONE = _("The gateway did not do it")
#: What a failure's own name, which stands first, means to a person.
_FAILURES = {
    **dict.fromkeys(("AlreadyPaid", "BillNotReady", "BusinessRefusal", "Declined", "KeyMissing"), _NOT_DONE),
    **dict.fromkeys(("NotOffered", "NotThere", "ProviderError", "Refused", "_Refused"), _NOT_DONE),
    "OutcomeUnknown": _("There was no certain answer"),
}
#: Heads that are no sentences.
_HEADS = {"payout": _("Not what a gateway may say")}
#: Behind these a sentence of ours follows. Behind any other stands what somebody else said, word for word: "Refused"
#: from a gateway is not the text of some page.
_LEADS = frozenset(
    {"PayPal refused the question", "payout", "profit sharing", "refund", "share", "this gateway does not offer"}
)


def hindrance_in_words(kept: str) -> str:
    """Return the kept line for the reader of this request."""
    kind, colon, rest = kept.partition(": ")
    if colon and kind in _FAILURES:
        return f"{gettext(_FAILURES[kind])}: {_in_words(rest)}"
    return _in_words(kept)


def _in_words(line: str) -> str:
    """Return the line with what is ours at its start translated, and the rest quoted."""
    parts = line.split(": ")
    for n_parts in range(len(parts), 0, -1):  # the longest first: a sentence may hold a colon itself
        head, rest = ": ".join(parts[:n_parts]), ": ".join(parts[n_parts:])
        told = gettext(_HEADS.get(head, head))
        if told != head:
            is_ours = head in _LEADS or rest == NO_REASON
            return f"{told}: {_in_words(rest) if is_ours else rest}" if rest else told
    return line


def kept_of(refusal: Refusal) -> str:
    """Return what is kept of a refusal: both of its sentences, for it has them already."""
    return f"{refusal.message('zh-hans')} {refusal.message('en')}"
