"""Django's settings for a media server by itself: no database, no application, the same consumers and views."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

# What `run.py` read of the configuration; it is in this process alone, as it holds secrets.
_given: dict[str, Any] = json.loads(os.environ.get("RTC_STANDALONE") or "{}")

DEBUG = False
SECRET_KEY = secrets.token_hex(32)  # nothing here is signed with it
ALLOWED_HOSTS = ["*"]  # every request carries a token; there is no cookie to steal and no link to write
INSTALLED_APPS: list[str] = ["channels"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "suite.rtc.standalone.urls"
USE_TZ = True
DATABASES: dict[str, object] = {}
LOGGING_CONFIG = None

LIVEKIT_KEYS: dict[str, str] = _given.get("keys", {})
RTC_WORKER_SOCKETS: list[str] = _given.get("sockets", [])
RTC_VALKEY_URL: str = _given.get("valkey", "")
RTC_MESSAGE_LIMIT: int = _given.get("message_limit", 1 << 20)  # bytes
RTC_BODY_LIMIT: int = _given.get("body_limit", 10 << 20)
DATA_UPLOAD_MAX_MEMORY_SIZE = RTC_BODY_LIMIT or None
