"""A letter that says nothing: whether mail leaves the shop is seen before a buyer waits for it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xinka.accounts.models import User
from xinka.kernel.errors import Refusal
from xinka.kernel.ids import new_uuid
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send
from xinka.platform.ratelimits.limits import Limit, wait_after

MAIL_TRIAL = Job("mail.trial", MAIL)
#: What these letters are kept under.
TRIAL = "trial"
#: Test letters of one person, as (number, seconds): a mail server that is asked too often shuts the shop out.
AT_MOST = (5, 600)


class TooManyTrials(Refusal):
    """Somebody has sent many test letters just now."""

    code = "too_many_trials"
    status = 429
    zh = "测试信发得太多了，没有再发。{minutes} 分钟后再试。"
    en = "Many test letters were sent just now, so this one was not. Try again in {minutes} min."


def try_mail(user: User) -> None:
    """Have a test letter sent to whoever asks, in the transaction of the caller.

    Raises:
        TooManyTrials: if they have asked often.
    """
    if wait := wait_after([Limit(f"mail:trial:{user.pk}", *AT_MOST)]):
        raise TooManyTrials(minutes=-(-wait // 60))
    run(defer(MAIL_TRIAL, [{"user_id": user.pk, "about": str(new_uuid())}]))
    record(user, "mail.try", "shop")


def mail_trial(user_id: int, about: UUID) -> bool:
    """Send it; false when whoever asked has no account any more."""
    user = User.objects.filter(id=user_id, is_active=True).first()
    if user is None:
        return False
    language = user.language or "zh-hans"
    with translation.override(language):
        letter = Letter(
            kind=TRIAL,
            about=about,
            to=user.email,
            language=language,
            title=_("Test letter"),
            paragraphs=(
                _("You asked for it on the page System of the office. Mail leaves the shop and arrives."),
                _("Did it come into the spam folder? Then buyers' letters do, too: look at SPF, DKIM and DMARC."),
            ),
            facts=((_("Sent at"), timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")),),
            action=(_("To the page System"), f"{settings.SITE_URL}/office/system#mail"),
        )
        return send(letter)
