"""The door of tasks: each belongs to the act that asked for it, and whatever it raises has one handler."""

from __future__ import annotations

import logging
import uuid
from typing import Any, Final

from celery import Task

from suite.kernel.context import Origin, acting, origin
from suite.kernel.errors import SuiteError
from suite.kernel.ids import uuid7
from suite.kernel.logs import get_logger

log = get_logger(__name__)

HEADER: Final = "suite_correlation_id"


class SuiteTask(Task):
    """The base of every task."""

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Ask for the task; what is written of it has the id of the present act, where there is one."""
        current = origin()
        if current.opened:
            options["headers"] = {**(options.get("headers") or {}), HEADER: str(current.correlation_id)}
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting(Origin(correlation_id=_given(self.request.get(HEADER)))):
            return super().__call__(*args, **kwargs)

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Say so once: an error of ours by its code, any other with its trace; never what the task was given."""
        del args, kwargs, einfo
        with acting(Origin(correlation_id=_given(self.request.get(HEADER)))):
            if isinstance(exc, SuiteError):
                log.warning("task_refused", task=self.name, task_id=task_id, code=exc.code)
            else:
                log.error("task_failed", task=self.name, task_id=task_id, exc_info=exc)


def _given(text: str | None) -> uuid.UUID:
    """The id that came with the task; a new one where none did, as with what runs by the clock."""
    try:
        return uuid.UUID(text) if text else uuid7()
    except ValueError:
        return uuid7()


def is_news(record: logging.LogRecord) -> bool:
    """False for Celery's own words of a failed task: `on_failure` says it."""
    said: Any = getattr(record, "data", None)
    return not (isinstance(said, dict) and str(said.get("description", "")).startswith("raised"))
