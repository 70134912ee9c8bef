"""The WSGI application that answers everything the till does not."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")

application = get_wsgi_application()
