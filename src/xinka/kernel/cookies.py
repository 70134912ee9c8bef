"""Names of cookies: over TLS with the prefix that lets nobody but this host, by TLS, write them.

Without it a neighbour's page under the same domain, or whoever sits on the line before TLS begins, may plant one
(RFC 6265bis, section 4.1.3). Browsers keep the prefixes to TLS, so a shop without it goes on with the plain names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of the shop; ``is_of_all`` says that it holds for every path, which ``__Host-`` asks for."""

    plain: str
    is_of_all: bool
    #: Its name over TLS.
    guarded: str = field(init=False)

    def __post_init__(self) -> None:
        """Work out the guarded name."""
        object.__setattr__(self, "guarded", ("__Host-" if self.is_of_all else "__Secure-") + self.plain)

    def name(self, *, secure: bool) -> str:
        """Return the name it is written under."""
        return self.guarded if secure else self.plain

    @property
    def names(self) -> tuple[str, str]:
        """Return every name it may come under."""
        return self.guarded, self.plain

    def of(self, cookies: Mapping[str, str]) -> str:
        """Return its value, or nothing.

        What an earlier version of the shop wrote under the plain name counts where there is none under the guarded one.
        """
        found = cookies.get(self.guarded)
        return cookies.get(self.plain, "") if found is None else found
