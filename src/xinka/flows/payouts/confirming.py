"""A payee confirms a payout in the gateway's app (WeChat): what opens that is kept while it waits; owners are told.

The page is opened by its link, without signing in: people read mail on one device and have WeChat on another. Who has
the link sees the shop, the sum and how it ends, and can do one thing, let WeChat ask *its* user to confirm; WeChat
pays nobody but the payee. The link works for one payout, and as long as that waits it opens nothing else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from xinka.flows.payouts.mailing import MAIL_PAYOUT, News
from xinka.flows.payouts.payers import payer_of
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError
from xinka.payments.models import Channel
from xinka.payments.providers.errors import BadChannel
from xinka.payouts.access import allows_link
from xinka.payouts.details import SCOPE, package_place
from xinka.payouts.errors import PayoutNotFound
from xinka.payouts.models import Payout
from xinka.payouts.providers.protocol import ConfirmCall, ConfirmsInside, TransferResult
from xinka.payouts.states import PayoutState
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.platform.vault.envelope import EnvelopeError
from xinka.platform.vault.keys import open_envelope, sealing_key

log = logging.getLogger(__name__)


def keep_package(payout: Payout, found: TransferResult) -> bool:
    """Keep, sealed, what opens the payee's page, and have the owners told; false if it was kept before."""
    sealed = sealing_key(SCOPE).seal(found.package.encode(), package_place(payout.id))
    with transaction.atomic():
        waiting = Payout.objects.filter(id=payout.id, state=PayoutState.SENDING, package=None)
        is_news = waiting.update(package=sealed, confirm_by=found.confirm_by) == 1
        if is_news:
            run(defer(MAIL_PAYOUT, [{"subject": payout.id, "news": News.CONFIRM.value}]))
    payout.refresh_from_db(fields=["package", "confirm_by"])
    if is_news:
        log.info("payout.to_confirm", extra={"payout": ids.show("out", payout.id)})
    return is_news


def payout_at(shown_id: str, proof: str) -> Payout:
    """Return the payout that a link opens.

    Raises:
        PayoutNotFound: if the link is not one of ours, or its payout never had to be confirmed.
    """
    try:
        payout_id = ids.parse("out", shown_id)
    except BadIdentifier:
        raise PayoutNotFound from None
    if not allows_link(payout_id, proof):
        raise PayoutNotFound
    found = Payout.objects.select_related("merchant", "buyer").defer("account_sealed").filter(id=payout_id).first()
    if found is None or not found.channel_id:
        raise PayoutNotFound
    return found


@dataclass(frozen=True, slots=True)
class Confirming:
    """What the page can do where it is opened: call the app, or say why not."""

    call: ConfirmCall | None = None
    problem: str = ""


def confirming_at(payout: Payout, page_url: str, *, device: str, now: datetime) -> Confirming:
    """Return what a page at this address, opened on this device, calls to let the payee confirm; nothing elsewhere.

    ``problem`` is why it could not be had though this is the right app.
    """
    if payout.package is None or payout.called_back_at or (payout.confirm_by is not None and now >= payout.confirm_by):
        return Confirming()
    try:
        provider = payer_of(Channel.objects.get(id=payout.channel_id))
        if not isinstance(provider, ConfirmsInside) or provider.device != device:
            return Confirming()
        package = open_envelope(payout.package, package_place(payout.id)).decode()
        return Confirming(provider.confirm_call(package, page_url))
    except (ProviderError, BadChannel, EnvelopeError) as error:
        log.warning("payout.not_confirmable", extra={"payout": ids.show("out", payout.id), "why": str(error)})
        return Confirming(problem=str(error))
