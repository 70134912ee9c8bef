"""What every gateway's answers are looked at for first: the status of the answer, and words that may go into a log."""

from __future__ import annotations

import re
from http import HTTPStatus

from xinka.kernel.errors import ProviderError, sentence
from xinka.payments.providers.http import Reply

_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]+")
_LONGEST = 160
#: What is quoted of a gateway that said nothing.
NO_REASON = sentence("no reason given")


def check_ok(reply: Reply, answered: str = sentence("the gateway answered")) -> None:
    """Return if an answer has status 200, for gateways that say every yes and no with it.

    Raises:
        ProviderError: otherwise; permanent where asking again cannot help.
    """
    if reply.status == HTTPStatus.OK:
        return
    is_lasting = HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    permanent = is_lasting and reply.status not in _WORTH_ANOTHER_TRY
    raise ProviderError(answered, permanent=permanent, quote=f"HTTP {reply.status}")


def quotable(words: str, *secrets: str) -> str:
    """Return a gateway's own words for a log: short, printable, and without our key should it echo it."""
    for secret in secrets:
        words = words.replace(secret, "***")
    return _UNPRINTABLE.sub(" ", words).strip()[:_LONGEST]
