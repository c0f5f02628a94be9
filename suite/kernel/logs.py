"""Structured logs: one JSON line an event, with the correlation id, and nothing personal (no name, mail, address or text)."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import MutableMapping
from typing import Any

import structlog

from suite.kernel.context import origin

REDACTED = frozenset({"email", "name", "body", "text", "title", "token", "password", "secret", "authorization", "cookie"})


def _correlate(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["correlation_id"] = str(origin().correlation_id)
    for key in REDACTED & event.keys():
        event[key] = "[redacted]"
    return event


PROCESSORS: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _correlate,
]


def configure(settings: dict[str, Any] | None = None) -> None:
    """Set up Python's and structlog's loggers; `settings` may hold `level`."""
    level = (settings or {}).get("level", "INFO")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": PROCESSORS,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
            "root": {"handlers": ["out"], "level": level},
            "loggers": {
                "uvicorn.access": {"level": "WARNING"},
                "uvicorn.error": {"level": "WARNING"},  # it writes whole addresses, and signalling has its token in them
                "celery": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
            },
        }
    )
    structlog.configure(
        processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> Any:
    """The logger of a module: `log.info("meeting_ended", meeting_id=…)`."""
    return structlog.get_logger(name)
