"""What the ending of a domain says about who can have it: everybody, people of a country, institutions only."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

COMMON = frozenset(["", "com", "net", "org"])
#: Endings of countries that are sold to everybody as well, so that they say nothing of where a firm is.
SOLD_ABROAD = frozenset(["us", "eu", "gg", "pm", "im"])
_SOLD = "ru su tk ml ga cf gq cc ws pw to me io cn ai co tv"
_SOLD_TO_EVERYBODY = frozenset(_SOLD.split())
#: Endings that cost next to nothing: what stands under them in the morning may be gone at night.
_COSTING_NOTHING = "top xyz click icu vip cc tk ml ga cf gq pw ws cyou sbs bond cfd buzz rest monster quest lol"
CHEAP = frozenset(_COSTING_NOTHING.split())
#: Endings whose registry looks who asks: governments, schools and universities, armies, before a country or alone.
_INSTITUTIONS = frozenset(["gov", "gob", "gouv", "govt", "gv", "edu", "ac", "mil", "go", "gub"])
#: Where such an ending is nevertheless given to anybody.
_OPEN = frozenset(["edu.pl", "edu.kg", "go.to"])


def is_national(suffix: str) -> bool:
    """Say whether an ending is a country's, of those that are not mostly given away or sold to everybody."""
    country = suffix.rpartition(".")[2]
    return len(country) == 2 and country not in _SOLD_TO_EVERYBODY


def is_ordinary(suffix: str) -> bool:
    """Say whether an ending is a common one or a country's."""
    return suffix in COMMON or is_national(suffix)


def is_of_institutions(suffix: str) -> bool:
    """Say whether nobody but an institution gets a name under an ending (``edu.cn``, ``gov``, ``bj.gov.cn``)."""
    parts = suffix.split(".")
    if suffix in _OPEN or (len(parts) == 1 and parts[0] not in {"gov", "edu", "mil"}):
        return False
    return parts[-1] in {"gov", "edu", "mil"} or (len(parts[-1]) == 2 and parts[-2] in _INSTITUTIONS)


@cache
def _of_registries() -> PublicSuffixList:
    return PublicSuffixList(accept_encoded_idn=True, only_icann=True)


@cache
def is_shared(suffix: str) -> bool:
    """Say whether an ending is a firm's that lets others use a part of it (``github.io``, ``s3.amazonaws.com``)."""
    return "." in suffix and _of_registries().publicsuffix(suffix, accept_unknown=True) != suffix
