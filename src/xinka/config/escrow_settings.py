"""Who has custody of buyers' money."""

from __future__ import annotations

from xinka.config.environment import BadEnvironment, read

#: ``own_goods``: the shop sells only its own goods. ``provider_split``: a licensed provider holds the money and shares
#: it out. ``licensed``: the operator may hold it itself. docs/operate/escrow.md explains them.
CUSTODY = read("XINKA_CUSTODY", "own_goods").strip()
if CUSTODY not in {"own_goods", "provider_split", "licensed"}:
    raise BadEnvironment(
        "XINKA_CUSTODY",
        "must be own_goods, provider_split or licensed",
        "只能是 own_goods、provider_split 或 licensed",
    )
