"""Django's settings for a media server by itself: no database, no application, the same consumers and views."""

from __future__ import annotations

import os

DEBUG = False
SECRET_KEY = os.environ.get("LIVEKIT_API_SECRET", "")
ALLOWED_HOSTS = ["*"]  # every request carries a token; there is no cookie to steal and no link to write
INSTALLED_APPS: list[str] = ["channels"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "suite.rtc.standalone.urls"
USE_TZ = True
DATABASES: dict[str, object] = {}
LOGGING_CONFIG = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LIVEKIT_API_KEY = os.environ.get("LIVEKIT_API_KEY", "")
LIVEKIT_API_SECRET = os.environ.get("LIVEKIT_API_SECRET", "")
RTC_WORKER_SOCKETS = [path for path in os.environ.get("RTC_WORKER_SOCKETS", "").split(",") if path]
