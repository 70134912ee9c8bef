"""Is this sender of mail who they seem? The shown name, the address beside it, and an address inside the shown name."""

from __future__ import annotations

import re

from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.hosts import read_host
from xinka.engines.lookalike.names import NameIndex
from xinka.engines.lookalike.verdict import Reason, Verdict

_LONGEST = 1_000
_FROM = re.compile(r"\"?([^<>]*?)\"?\s*<([^<>]*)>")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)


def judge_sender(text: str, domains: DomainIndex, names: NameIndex | None = None, owner: str | None = None) -> Verdict:
    """Judge a ``From`` line, ``Steam Support <help@steampowered.com>``.

    An official domain is clear whatever name is shown: whether it is forged is for DKIM and DMARC to say.
    """
    found = _FROM.fullmatch(text[:_LONGEST].strip())
    shown, address = found.groups() if found else ("", text[:_LONGEST])
    if "@" not in address:
        return names.judge(text, owner) if names is not None else domains.judge(text, owner)
    host = read_host(address)
    if host.domain in domains or host.label in domains:
        return Verdict("clear", 0.0, host.domain)
    verdict = domains.judge(address, owner)
    for other in _ADDRESS.findall(shown):
        inside = read_host(other)
        if inside.domain != host.domain and inside.domain in domains:
            why = (
                f"显示的是“{inside.domain}”，实际来自“{host.domain}”",
                f"shows {inside.domain}, comes from {host.domain}",
            )
            return Verdict("impostor", 0.98, inside.domain, (Reason("shown", *why), *verdict.reasons))
    by_name = names.judge(shown, owner) if names is not None and shown else verdict
    return max(verdict, by_name, key=lambda one: (one.decision != "clear", one.score))
