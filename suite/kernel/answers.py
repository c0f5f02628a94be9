"""What an exception means to who asked: the same error of ours at every door."""

from __future__ import annotations

import errno
from typing import Final

import psycopg.errors
import redis
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import NotFound, SuiteError, Unavailable
from suite.kernel.logs import get_logger

log = get_logger(__name__)

# What a database or a Valkey raises that is away, hangs, restarts or has no room left; what was asked may work soon.
AWAY: Final = {
    "database": (OperationalError, InterfaceError),
    "valkey": (redis.ConnectionError, redis.TimeoutError),
}


def answer_to(error: BaseException | None) -> SuiteError | None:
    """The error to answer with; None for a fault of ours, which is not caught here."""
    if isinstance(error, SuiteError):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if _is_disk_full(error):
        log.error("disk_full", error=type(error).__name__)
        return Unavailable(_("There is no room left to keep this. Those who run Suite have to make some; then try again."))
    for engine, raised in AWAY.items():
        if isinstance(error, raised):
            log.warning("engine_away", engine=engine, error=type(error).__name__)
            return Unavailable()
    return None


def _is_disk_full(error: BaseException | None) -> bool:
    """Ours, Valkey's (which then takes no writes), or the database's."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if isinstance(error, redis.ResponseError):
        return str(error).startswith("MISCONF")
    return isinstance(error, OperationalError) and isinstance(error.__cause__, psycopg.errors.DiskFull)
