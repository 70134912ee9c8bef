"""Django's settings. Values that differ between shops come from ``xinka.config.environment``."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from xinka.config import database_url
from xinka.config.crews import sandbox, worker_stalled_after
from xinka.config.environment import HSTS_SECONDS, load, read_int
from xinka.platform import logs
from xinka.platform.look.preferences import LANGUAGE_COOKIE

ENVIRONMENT = load()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = ENVIRONMENT.derive("django-secret-key").hex()
DEBUG = ENVIRONMENT.debug
SITE_URL = ENVIRONMENT.site_url
ALLOWED_HOSTS = [*ENVIRONMENT.hosts]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
USE_X_FORWARDED_HOST = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_XINKA_SCHEME", "https")  # set by the till alone, which strips it from requests

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "xinka.accounts",
    "procrastinate.contrib.django",
    "xinka.platform.look",
    "xinka.platform.vault",
    "xinka.platform.outbox",
    "xinka.platform.jobs",
    "xinka.platform.mail",
    "xinka.platform.audit",
    "xinka.platform.files",
    "xinka.platform.maintenance",
    "xinka.platform.ratelimits",
    "xinka.merchants",
    "xinka.catalog",
    "xinka.stock",
    "xinka.orders",
    "xinka.payments",
    "xinka.delivery",
    "xinka.ledger",
    "xinka.escrow",
    "xinka.disputes",
    "xinka.payouts",
    "xinka.promotions",
    "xinka.reconciling",
    "xinka.flows",
    "xinka.shop",
    "xinka.desk",
    "xinka.office",
    "xinka.sandbox",
    # After every room of ours: of two pages of a name, or two translations of a text, the first application's is shown.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "xinka.platform.look.middleware.SecurityHeaders",
    "xinka.accounts.even_answers.EvenAnswers",  # around sessions, whose writing is a part of the work
    "django.contrib.sessions.middleware.SessionMiddleware",
    "xinka.platform.look.middleware.Preferences",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xinka.accounts.pending.PendingProofs",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "xinka.platform.look.middleware.Refusals",
]

ROOT_URLCONF = "xinka.config.urls"
WSGI_APPLICATION = "xinka.config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {"default": database_url.as_django(ENVIRONMENT)}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "xinka.platform.look.context.look",
            ],
        },
    }
]

LOGGING = logs.settings()

#: How long it is kept whom an order went to, from the end of the trade: three years (E-commerce Law, article 31).
#: Cookies open an order for up to 90 days, and a card's bank may argue for months: less than half a year is too little.
CONTACTS_KEPT_DAYS = read_int("XINKA_CONTACTS_KEPT_DAYS", 3 * 366, least=180)
#: How many letters to people who wait for stock may wait for the mail server at a time, and leave in a minute at most.
BACK_IN_STOCK_MAILS = read_int("XINKA_BACK_IN_STOCK_MAILS", 60, least=1)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = LANGUAGE_COOKIE.name(secure=ENVIRONMENT.secure)
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "xinka.platform.look.storage.HashedFiles"},
}
MEDIA_ROOT = ENVIRONMENT.data_dir / "media"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-xk_session" if ENVIRONMENT.secure else "xk_session"
SESSION_COOKIE_SECURE = ENVIRONMENT.secure
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "__Host-xk_csrf" if ENVIRONMENT.secure else "xk_csrf"
CSRF_COOKIE_SECURE = ENVIRONMENT.secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "xinka.platform.look.views.csrf_failure"
SECURE_HSTS_SECONDS = HSTS_SECONDS if ENVIRONMENT.secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.secure
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" makes browsers send "Origin: null" with our own forms
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# Small files in memory, large ones nowhere: what may be large (stock files) brings a handler that seals as it reads.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

#: Whether the sandbox gateway answers under /sandbox/; never in a shop that takes real money.
SANDBOX = sandbox()
if SANDBOX:
    MIDDLEWARE.append("xinka.sandbox.wechat.open_platform.PretendBrowser")

#: Seconds without a heartbeat after which a worker counts as dead and its jobs go to others.
WORKER_STALLED_AFTER = worker_stalled_after()

from xinka.config.accounts_settings import *  # noqa: E402, F403 -- how people sign in, a page of its own
from xinka.config.dispute_settings import *  # noqa: E402, F403 -- how long everybody has in a dispute
from xinka.config.escrow_settings import *  # noqa: E402, F403 -- who has custody of buyers' money
from xinka.config.mail_settings import *  # noqa: E402, F403 -- how mail leaves the shop
from xinka.config.payout_settings import *  # noqa: E402, F403 -- how merchants get their money
