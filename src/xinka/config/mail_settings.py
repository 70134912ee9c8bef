"""How mail leaves the shop (``EMAIL_URL``, ``XINKA_MAIL_FROM``) and whether it carries the goods themselves."""

from __future__ import annotations

from xinka.config.environment import BadEnvironment, load, read
from xinka.config.in_clear import refuse_clear_text
from xinka.platform.mail.address import BadMailUrl, django_settings

_ENVIRONMENT = load()
EMAIL_URL = read("EMAIL_URL", f"file://{_ENVIRONMENT.data_dir / 'mail'}")
try:
    _settings = django_settings(EMAIL_URL)
except BadMailUrl as error:
    raise BadEnvironment("EMAIL_URL", error.why_en, error.why_zh) from None
if "EMAIL_HOST" in _settings and not (_settings["EMAIL_USE_SSL"] or _settings["EMAIL_USE_TLS"]):
    refuse_clear_text(
        "EMAIL_URL",
        str(_settings["EMAIL_HOST"]),
        better_en="write smtp+starttls://…:587 or smtps://…:465",
        better_zh="改用 smtp+starttls://…:587 或 smtps://…:465",
    )
globals().update(_settings)
DEFAULT_FROM_EMAIL = read("XINKA_MAIL_FROM", f"信卡 Xinka <no-reply@{_ENVIRONMENT.site_host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

#: ``codes``: the mail carries what was bought; ``link``: only the way to it (docs/decisions).
MAIL_CODES = read("XINKA_MAIL_CODES", "codes")
if MAIL_CODES not in {"codes", "link"}:
    raise BadEnvironment("XINKA_MAIL_CODES", "must be codes or link", "只能是 codes 或 link")
