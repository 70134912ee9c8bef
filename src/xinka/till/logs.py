"""How the till's log is written: one JSON object a line, so that nothing a visitor sends can look like a line of ours.

A trace names files and lines and never the values of variables: among those are contacts, passwords and open keys.
"""

from __future__ import annotations

import logging

import structlog


def configure() -> None:
    """Set up the log of this process; all but printable ASCII is escaped in it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
