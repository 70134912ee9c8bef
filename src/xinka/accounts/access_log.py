"""Who asked for what is not theirs, as a line of the log (ASVS 5.0, V16.3.2): once is a mistake, often a search."""

from __future__ import annotations

import logging

from django.http import HttpRequest

from xinka.accounts.client_addresses import client_address
from xinka.platform.look.addresses import path_for_log

log = logging.getLogger(__name__)


def tell_refused(request: HttpRequest, why: str) -> None:
    """Note that somebody who is signed in was turned away, by their number; ``why`` is one of a few fixed words."""
    facts = {"user": request.user.pk, "why": why, "path": path_for_log(request), "address": client_address(request)}
    log.warning("access.refused", extra=facts)
