"""What the environment says, read once, refused in one sentence where it is missing or unsafe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
DEMONSTRATION = "demonstration"
PRODUCTION = "production"
EXAMPLE_SECRETS = ("secret", "changeme", "change-me", "example", "devkey", "demonstration", "insecure")
SHORTEST_SECRET = 32  # characters
# Of connections to PostgreSQL, for one process; a free one is waited for this long, in seconds.
POOL = {"min_size": 1, "max_size": 12, "timeout": 5}


def get(name: str, default: str | None = None) -> str:
    """The variable `name`; raises `ImproperlyConfigured` where it is absent and has no default."""
    value = os.environ.get(name, default)
    if value is None or value == "":
        if default is not None:
            return default
        raise ImproperlyConfigured(f"{name} is not set: give it in the environment, or start everything with `make run`.")
    return value


def get_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in get(name, default).split(",") if part.strip()]


def get_days(name: str, default: str) -> int:
    """A number of whole days, 1 to 3650; anything else is refused."""
    value = get(name, default)
    if not value.isdecimal() or not 1 <= int(value) <= 3650:
        raise ImproperlyConfigured(f"{name} is «{value}»: it is a number of days, from 1 to 3650.")
    return int(value)


def get_seconds(name: str, default: str) -> float:
    """A number of seconds, 0.1 to 3600; anything else is refused."""
    value = get(name, default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise ImproperlyConfigured(f"{name} is «{value}»: it is a number of seconds, from 0.1 to 3600.")
    return seconds


def get_secret(name: str, *, mode: str) -> str:
    """A secret; in production an example value or one under `SHORTEST_SECRET` characters is refused."""
    value = get(name)
    if mode == PRODUCTION and (len(value) < SHORTEST_SECRET or any(word in value.lower() for word in EXAMPLE_SECRETS)):
        raise ImproperlyConfigured(f"{name} is too short or an example: production needs {SHORTEST_SECRET} random characters.")
    return value


def mode() -> str:
    """`demonstration` or `production`; anything else is refused."""
    value = get("SUITE_MODE", PRODUCTION)
    if value not in {DEMONSTRATION, PRODUCTION}:
        raise ImproperlyConfigured(f"SUITE_MODE is «{value}»: it can be {DEMONSTRATION} or {PRODUCTION}.")
    return value


def database(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://: Suite runs on PostgreSQL only.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or unquote(parts.hostname or "")
    port = query.pop("port", None) or parts.port or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "suite",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "CONN_HEALTH_CHECKS": True,
        # Seconds for a connection, and milliseconds for TCP to be acknowledged: a line that is dead is given up.
        "OPTIONS": {"connect_timeout": "5", "tcp_user_timeout": "10000", **query, "pool": POOL},
    }


def speech_engines() -> dict[str, Any]:
    """Which engines listen: the packages' small models, an operator's model folder, or an OpenAI-compatible server."""
    engines: dict[str, Any] = {}
    if url := os.environ.get("SPEECH_HTTP_URL"):
        engines |= {"speech_to_text": "http", "http_url": url, "http_key": get("SPEECH_HTTP_KEY", "")}
        engines |= {"http_model": get("SPEECH_HTTP_MODEL", "large-v2")}
    elif folder := os.environ.get("SPEECH_WHISPER_FOLDER"):
        engines |= {"whisper_folder": Path(folder), "whisper_sha256": get("SPEECH_WHISPER_SHA256")}
        engines |= {"whisper_device": get("SPEECH_DEVICE", "cpu"), "whisper_compute_type": get("SPEECH_COMPUTE_TYPE", "int8")}
    return engines
