"""The only writers of the audit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils import timezone

from xinka.platform.audit.models import AuditEntry, Report

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

log = logging.getLogger(__name__)


def record(actor: AbstractBaseUser | None, action: str, subject: str, **details: str | int) -> AuditEntry:
    """Write down an act, in the transaction of the act itself; ``actor`` is ``None`` for the shop's own doing."""
    name = (str(actor) or f"#{actor.pk}") if actor else "xinka"
    log.info(action, extra={"actor": actor.pk if actor else None, "subject": subject})
    return AuditEntry.objects.create(
        actor_id=actor.pk if actor else None, actor_name=name, action=action, subject=subject, details=details
    )


def report(name: str, details: Mapping[str, object], *, holds: bool = True, took_ms: int = 0) -> None:
    """Keep the outcome of an examination in place of the one before."""
    fields = {"at": timezone.now(), "took_ms": took_ms, "holds": holds, "details": dict(details)}
    Report.objects.update_or_create(name=name, defaults=fields)
