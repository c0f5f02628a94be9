"""Celery's door to files."""

from __future__ import annotations

from celery import shared_task

from suite.files.services import orphans_sweep
from suite.kernel import clock


@shared_task
def files_sweep() -> None:
    """Remove files that nothing names any more."""
    orphans_sweep(now=clock.now())
