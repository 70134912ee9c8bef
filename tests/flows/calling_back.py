"""Payouts by WeChat that wait for their payee, for tests of confirming them and of calling them back."""

from __future__ import annotations

import json
from datetime import timedelta

import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.flows.paying import Place
from xinka.flows.payouts.gateway import ASK_AGAIN, execute
from xinka.flows.payouts.mailing import MAIL_PAYOUT
from xinka.payments.providers.wechat import js_sdk
from xinka.payouts.details import SCOPE, package_place
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutState
from xinka.platform.vault import keys
from xinka.platform.vault.keys import sealing_key

#: The last two digits have the sandbox's payee wait to be asked; what ends with 09 takes a while to be called back.
ASKS, ASKS_AND_IS_SLOW = 40_008, 40_009


def open_place(live_server: LiveServer, settings: Settings) -> Place:
    """Return the sandbox's WeChat, and Ada who is to be paid there."""
    keys.forget()
    js_sdk.forget()
    settings.SITE_URL = live_server.url
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return Place("wechat", live_server.url)


def handed_over(place: Place) -> Payout:
    """Return a payout that WeChat has and its payee has not confirmed."""
    made = place.sending(ASKS)
    assert execute(made.id) == PayoutState.SENDING
    return now_of(made)


def waiting(place: Place, amount: int = ASKS) -> Payout:
    """Return a payout that WeChat has and its payee has not confirmed, without asking WeChat."""
    payout = place.sending(amount)
    sealed = sealing_key(SCOPE).seal(b"package", package_place(payout.id))
    Payout.objects.filter(id=payout.id).update(
        package=sealed, confirm_by=timezone.now() + timedelta(hours=20), attempts=1, first_sent_at=timezone.now()
    )
    return now_of(payout)


def now_of(payout: Payout) -> Payout:
    """Return a payout as it is now."""
    return Payout.objects.select_related("merchant").get(id=payout.id)


def looked_at(payout: Payout, *, after: timedelta = ASK_AGAIN) -> PayoutState:
    """Look again, as the worker does."""
    with time_machine.travel(timezone.now() + after):
        return execute(payout.id)


def mails() -> list[str]:
    """Return of what kind the letters are that wait to be written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [MAIL_PAYOUT.task])
        return [str(json.loads(row[0])["news"]) for row in cursor.fetchall()]
