"""How the till's log is written: one JSON object a line, so that nothing a visitor sends can look like a line of ours.

A trace names files and lines and never the values of variables: among those are contacts, passwords and open keys.
"""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, TextIO, cast

import structlog

from xinka.kernel.errors import Refusal
from xinka.platform.logs import Seldom, Unfailing, explain, settings

log = structlog.get_logger("xinka.till")
#: Of an address that leads to no channel, so much is worth reading.
_LONGEST_SLUG = 60
#: What every request meets while the database or the pages are away.
seldom = Seldom()


def _explained(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the fault that a line is about into it."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event.update(explain(error))
    return event


def configure() -> None:
    """Set up the log of this process, for ourselves and for libraries; all but printable ASCII is escaped in it."""
    logging.config.dictConfig(settings())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _explained,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # An order is not to fail because the disk of the log is full.
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unfailing(sys.stdout))),
        cache_logger_on_first_use=True,
    )


def tell_refused(refusal: Refusal, address: str) -> None:
    """Write down that the till said no, once for the many that hear the same; ``address`` is the last of them."""
    if n := seldom.count("till.refused", refusal.code):
        log.info("till.refused", code=refusal.code, address=address, n=n)


def tell_no_request(status: HTTPStatus, address: str) -> None:
    """Write down that something came that is no request, once for the many of a kind; nobody read what it said."""
    if n := seldom.count("till.no_request", status.name):
        log.info("till.no_request", code=status.name.lower(), address=address, n=n)


def tell_no_channel(slug: str, address: str) -> None:
    """Write down that a notice came for a channel there is not, once for many; ``slug`` is the last of them."""
    if n := seldom.count("notice.refused", "no_such_channel"):
        log.warning("notice.refused", channel=slug[:_LONGEST_SLUG], code="no_such_channel", address=address, n=n)


def tell_database_unavailable(error: Exception) -> None:
    """Write down that a request had no database, once for the many that have none at the same time."""
    if n := seldom.count("till.database_unavailable", type(error).__name__):
        log.error("till.database_unavailable", reason=type(error).__name__, n=n)
