"""Mails about what happened to an account, promised in the transaction of the act and handed over by the worker.

They warn of a thief, so a mail server that is away must not swallow them: they wait and are tried again. What one says
is sealed meanwhile, for it holds addresses, and forgotten once the server has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.utils.translation import override

from xinka.accounts.models import Notice
from xinka.kernel.ids import new_uuid
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.sending import judge
from xinka.platform.vault.keys import CONTACTS, open_envelope, sealing_key

if TYPE_CHECKING:
    from xinka.accounts.models import User

MAIL_NOTICE = Job("mail.account_notice", MAIL, priority=10)
#: How long one is kept that no server takes; after that it is no news.
KEPT_FOR = timedelta(days=30)


@transaction.atomic
def promise_notice(kind: str, user: User, facts: Mapping[str, str], *, now: datetime) -> None:
    """Have a mail of the table sent; ``facts`` are its words, and whose ``email``, in what ``language``, from where."""
    identifier = new_uuid()
    plain = json.dumps(dict(facts)).encode()
    sealed = sealing_key(CONTACTS).seal(plain, notice_place(identifier))
    Notice.objects.create(id=identifier, user=user, kind=kind, sealed=sealed, at=now)
    run(defer(MAIL_NOTICE, [{"subject": identifier}]))


def send_notice(notice_id: UUID) -> bool:
    """Hand one over and forget it; return false when there is none any more.

    Raises:
        ProviderError: if the server did not take it; ``permanent`` when this mailbox will never be served.
    """
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        return False
    facts = json.loads(open_envelope(notice.sealed, notice_place(notice.id)))
    with override(facts["language"]):
        mail = get_adapter().render_mail(notice.kind, facts["email"], {**facts, "timestamp": notice.at})
    host = mail.from_email.rpartition("@")[2].rstrip(">")
    # The same of every try, so that a mailbox knows it again.
    mail.extra_headers["Message-ID"] = f"<notice.{notice.id.hex}@{host}>"
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise judge(error) from None  # "from None": smtplib's errors carry the address
    notice.delete()
    return True


def forget_old_notices(now: datetime) -> int:
    """Forget those that no server took; return how many."""
    return Notice.objects.filter(at__lt=now - KEPT_FOR).delete()[0]


def notice_place(notice_id: UUID) -> bytes:
    """Return the associated data of what a notice says."""
    return b"accounts_notice.sealed:" + notice_id.bytes
