"""What every template knows about the site and the visitor, under the one name ``look``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from xinka.platform.look.addresses import page_of_form
from xinka.platform.look.policy import cache_tags_of
from xinka.platform.look.preferences import CHINESE, KEYS_COOKIE, KEYS_OFF, THEME_COOKIE, theme_of
from xinka.platform.maintenance.state import HEADER, Maintenance, is_closed_now, of_header


@dataclass(frozen=True)
class Look:
    """Facts for templates; nothing here touches the database until it is asked for."""

    request: HttpRequest
    lang: str
    theme: str
    path: str
    public: bool

    @property
    def site_name(self) -> str:
        """The shop's name in the visitor's language."""
        return str(getattr(settings, "SITE_NAME", "")) or gettext("Xinka")

    @property
    def url(self) -> str:
        """The shop's address, without a slash at the end."""
        return str(getattr(settings, "SITE_URL", "")).rstrip("/")

    @property
    def host(self) -> str:
        """The host the visitor should see in the address bar."""
        return urlsplit(self.url).netloc

    @property
    def html_lang(self) -> str:
        """The language tag of the page (BCP 47)."""
        return "zh-Hans" if self.lang == CHINESE else self.lang

    @property
    def has_keys(self) -> bool:
        """Whether single keys do something in a workspace."""
        return KEYS_COOKIE.of(self.request.COOKIES) != KEYS_OFF

    @property
    def is_sandbox(self) -> bool:
        """Whether payments are pretended here."""
        return bool(getattr(settings, "SANDBOX", False))

    @property
    def maintenance(self) -> Maintenance | None:
        """A closure of the shop that was announced or has begun, as the till told of it."""
        return of_header(self.request.headers.get(HEADER, ""))

    @property
    def is_closed(self) -> bool:
        """Whether the shop takes no new orders just now."""
        return is_closed_now(self.maintenance)

    @property
    def closed_until(self) -> datetime | None:
        """Until when, where somebody can say."""
        return self.maintenance.until_still(timezone.now()) if self.maintenance else None

    @property
    def closed_words(self) -> str:
        """What the operator says of it, in the visitor's language; empty where the house's own words will do."""
        if self.maintenance is None:
            return ""
        return self.maintenance.words_en if self.lang.startswith("en") else self.maintenance.words_zh

    @property
    def is_merchant(self) -> bool:
        """Whether the signed-in person works for a merchant."""
        return bool(getattr(self._user, "is_merchant", False))

    @property
    def is_staff(self) -> bool:
        """Whether the signed-in person runs the site."""
        return bool(getattr(self._user, "is_staff", False))

    @property
    def _user(self) -> object:
        return getattr(self.request, "user", None)


def look_of(request: HttpRequest) -> Look:
    """Return the facts of one request, also where no middleware has run."""
    theme = getattr(request, "theme", None)
    return Look(
        request=request,
        lang=getattr(request, "LANGUAGE_CODE", None) or CHINESE,
        theme=theme if isinstance(theme, str) else theme_of(THEME_COOKIE.of(request.COOKIES)),
        path=request.get_full_path() if request.method in {"GET", "HEAD"} else page_of_form(request),
        public=bool(cache_tags_of(request)),
    )


def look(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``look`` in every template."""
    return {"look": look_of(request)}
