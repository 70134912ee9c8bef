"""The jobs of the shop's own letters, to buyers and to merchants."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from xinka.flows import back_in_stock, mailing, merchant_letters
from xinka.flows.channels.mailing import (
    MAIL_CHANNEL,
    MAIL_CHANNEL_ON_SERVER,
    News,
    mail_channel,
    mail_channel_on_server,
)
from xinka.flows.refunds.mailing import MAIL_STAFF_REFUND, mail_staff_refund
from xinka.flows.relay import MAIL_GOODS, MAIL_REFUND_DONE, MAIL_SHORT_PAID
from xinka.flows.staffing import MAIL_ROLES, mail_roles
from xinka.flows.teams.mailing import MAIL_INVITATION, MAIL_TEAM, mail_invitation, mail_team
from xinka.flows.trying_mail import MAIL_TRIAL, mail_trial
from xinka.platform.jobs.queue import MAIL
from xinka.platform.jobs.retries import Backoff

#: 5 s, 20 s, 80 s … 5½ h: a mail server may be away for most of a day.
_PATIENT = Backoff(first=5.0)


@app.task(name=MAIL_GOODS.task, queue=MAIL, retry=_PATIENT)
def mail_goods(subject: str) -> None:
    """Mail a delivered order to its buyer."""
    mailing.mail_goods(UUID(subject))


@app.task(name=MAIL_SHORT_PAID.task, queue=MAIL, retry=_PATIENT)
def mail_short_paid(subject: str) -> None:
    """Tell a buyer that part of the price is missing."""
    mailing.mail_short_paid(UUID(subject))


@app.task(name=MAIL_REFUND_DONE.task, queue=MAIL, retry=_PATIENT)
def mail_refund_done(subject: str) -> None:
    """Tell a buyer that money is on its way back."""
    mailing.mail_refund_done(UUID(subject))


@app.task(name=mailing.MAIL_REFUND_BOUNCED.task, queue=MAIL, retry=_PATIENT)
def mail_refund_bounced(subject: str) -> None:
    """Tell a buyer that money which had gone back was returned to us."""
    mailing.mail_refund_bounced(UUID(subject))


@app.task(name=mailing.MAIL_ORDER_LINKS.task, queue=MAIL, retry=_PATIENT)
def mail_order_links(contact_key: str, language: str) -> None:
    """Mail somebody the links to their orders."""
    mailing.mail_order_links(UUID(contact_key), language)


@app.task(name=back_in_stock.MAIL_QUESTION.task, queue=MAIL, retry=_PATIENT)
def mail_back_question(subject: str) -> None:
    """Ask a mailbox whether it wants to hear when something is back in stock."""
    back_in_stock.mail_question(UUID(subject))


@app.task(name=back_in_stock.MAIL_BACK.task, queue=MAIL, retry=_PATIENT)
def mail_back_in_stock(subject: str) -> None:
    """Tell somebody that what they wait for is back in stock."""
    back_in_stock.mail_back(UUID(subject))


@app.task(name=merchant_letters.MAIL_SHOP_OPEN.task, queue=MAIL, retry=_PATIENT)
def mail_shop_open(merchant_id: int, user_id: int) -> None:
    """Tell an owner that their shop is open."""
    merchant_letters.mail_shop_open(merchant_id, user_id)


@app.task(name=merchant_letters.MAIL_STANDING.task, queue=MAIL, retry=_PATIENT)
def mail_standing(merchant_id: int, at: str) -> None:
    """Tell owners that their shop was suspended, or sells again."""
    merchant_letters.mail_standing(merchant_id, at)


@app.task(name=merchant_letters.MAIL_LOW_STOCK.task, queue=MAIL, retry=_PATIENT)
def mail_low_stock(sku_id: int, unsold: int) -> None:
    """Tell a merchant that a product runs low."""
    merchant_letters.mail_low_stock(sku_id, unsold)


@app.task(name=merchant_letters.MAIL_MUCH_LOW.task, queue=MAIL, retry=_PATIENT)
def mail_much_low(merchant_id: int, n: int, sku_ids: list[int], at: str) -> None:
    """Tell a merchant of many products that run low."""
    merchant_letters.mail_much_low(merchant_id, n, sku_ids, at)


@app.task(name=MAIL_STAFF_REFUND.task, queue=MAIL, retry=_PATIENT)
def mail_refund_by_staff(subject: str) -> None:
    """Tell a merchant that staff gave money of an order back."""
    mail_staff_refund(UUID(subject))


@app.task(name=MAIL_CHANNEL.task, queue=MAIL, retry=_PATIENT)
def mail_change_of_channel(subject: str, news: str) -> None:
    """Tell staff that a change of a channel waits, or was made."""
    mail_channel(UUID(subject), News(news))


@app.task(name=MAIL_CHANNEL_ON_SERVER.task, queue=MAIL, retry=_PATIENT)
def mail_change_of_channel_on_server(entry_id: int) -> None:
    """Tell staff that a channel was changed by command."""
    mail_channel_on_server(entry_id)


@app.task(name=MAIL_ROLES.task, queue=MAIL, retry=_PATIENT)
def mail_change_of_roles(entry_id: int) -> None:
    """Tell those who look after money that somebody's roles were changed."""
    mail_roles(entry_id)


@app.task(name=MAIL_INVITATION.task, queue=MAIL, retry=_PATIENT)
def mail_invitation_to_team(subject: str) -> None:
    """Mail somebody the link to an invitation."""
    mail_invitation(UUID(subject))


@app.task(name=MAIL_TEAM.task, queue=MAIL, retry=_PATIENT)
def mail_change_of_team(entry_id: int) -> None:
    """Tell owners that their team was changed."""
    mail_team(entry_id)


@app.task(name=MAIL_TRIAL.task, queue=MAIL, retry=_PATIENT)
def try_mail(user_id: int, about: str) -> None:
    """Send staff the test letter they asked for."""
    mail_trial(user_id, UUID(about))
