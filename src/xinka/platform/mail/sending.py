"""Hands letters over to the mail server, once each as far as we can know, and writes down what it answered.

A letter is marked as sent after the server took it. Whoever is killed in between sends it once more with the same
Message-ID, by which mailboxes recognise it.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from xinka.kernel.errors import ProviderError
from xinka.platform.jobs.retries import in_words, without_addresses
from xinka.platform.mail.letter import Letter, compose
from xinka.platform.mail.models import LetterState, SentLetter

_PERMANENT = 500
#: Of final answers those that another try may mend: X.7.Z is a server's policy, most of all that it takes no mail for
#: others from us, and X.2.2 a full mailbox (RFC 3463, 3.3 and 3.8). Some servers refuse to relay in words only.
_MAY_CHANGE = re.compile(r"\b5\.(7\.\d+|2\.2)\b|\brelay", re.IGNORECASE)


def send(letter: Letter) -> bool:
    """Hand a letter over; return false when that was done before, or whom it is for is not kept any more.

    Raises:
        ProviderError: if the server did not take it; ``permanent`` when this address will never be served.
    """
    if not letter.to:
        return False
    known = SentLetter.objects.filter(kind=letter.kind, subject=letter.about).first()
    if known is not None and known.state == LetterState.SENT:
        return False
    tries = known.attempts if known else 0
    try:
        compose(letter).send()
    except (smtplib.SMTPException, OSError) as error:
        failure = judge(error)
        state = LetterState.REFUSED if failure.permanent else LetterState.WAITING
        _note(letter, state, tries + 1, str(failure))
        # "from None": smtplib's errors carry the buyer's address, and tracebacks end up in logs.
        raise failure from None
    _note(letter, LetterState.SENT, tries + 1, "")
    return True


def send_each(letters: Iterable[Letter]) -> int:
    """Hand over the letters that tell several people the same; return how many were new.

    A mailbox that refuses keeps no other from its letter.

    Raises:
        ProviderError: after all were tried, if any was not taken; ``permanent`` when no other try can help.
    """
    n_new, failures = 0, list[ProviderError]()
    for letter in letters:
        try:
            n_new += send(letter)
        except ProviderError as failure:
            failures.append(failure)
    if failures:
        raise min(failures, key=lambda failure: failure.permanent)
    return n_new


def was_sent(kind: str, about: UUID) -> bool:
    """Whether a server has taken this letter."""
    return SentLetter.objects.filter(kind=kind, subject=about, state=LetterState.SENT).exists()


def judge(error: Exception) -> ProviderError:
    """Return what a failure means.

    Only a final no (RFC 5321, 4.2.1: 5yz) about the recipient or the message is for good; a wrong password or sender
    of ours, or a server that does not relay for us, is mended by the operator, and the letter waits for that.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _answered(code, text, permanent=code >= _PERMANENT)
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
        return _answered(error.smtp_code, error.smtp_error, permanent=False)
    if isinstance(error, smtplib.SMTPDataError):
        return _answered(error.smtp_code, error.smtp_error, permanent=error.smtp_code >= _PERMANENT)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error.smtp_code, error.smtp_error, permanent=False)
    return ProviderError(in_words(error))


def _answered(code: int, text: bytes | str, *, permanent: bool) -> ProviderError:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    printable = "".join(char if char.isprintable() else " " for char in said)
    may_change = _MAY_CHANGE.search(without_addresses(printable)) is not None
    words = without_addresses(" ".join(printable.split()))[:200]
    return ProviderError(f"{code} {words}", permanent=permanent and not may_change)


def _note(letter: Letter, state: LetterState, attempts: int, problem: str) -> None:
    now = timezone.now()
    SentLetter.objects.update_or_create(
        kind=letter.kind,
        subject=letter.about,
        defaults={
            "message_id": letter.message_id,
            "state": state,
            "attempts": attempts,
            "problem": problem,
            "tried_at": now,
            "sent_at": now if state == LetterState.SENT else None,
        },
    )
