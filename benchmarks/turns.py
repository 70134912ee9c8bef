"""Generators of load wait for their turn: on machines of their own they would interrupt nobody."""

from __future__ import annotations

import os


def interrupt_nobody() -> None:
    """Make this process a batch job of the kernel, which never takes the processor from another before its time."""
    if hasattr(os, "SCHED_BATCH"):  # Linux; elsewhere whoever is measured is interrupted, and slower by that
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
