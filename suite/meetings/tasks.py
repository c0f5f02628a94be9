"""Celery's door to meetings: what asks the media server often, apart from the dispatcher that carries the revocation."""

from __future__ import annotations

from celery import shared_task

from suite.kernel import clock
from suite.kernel.logs import get_logger
from suite.meetings.errors import MediaServerSilent
from suite.meetings.models import Meeting
from suite.meetings.reconciliation import reconcile

log = get_logger(__name__)
STALE_SECONDS = 30.0


@shared_task
def reconcile_meetings() -> None:
    """Compare what is open with what the media server holds; a silent server is asked again by the next sweep."""
    try:
        reconcile(now=clock.now())
    except MediaServerSilent:
        log.warning("media_server_silent")


def wake_reconciliation() -> None:
    """Ask for it where a meeting is open."""
    if Meeting.objects.filter(ended_at=None).exists():
        reconcile_meetings.apply_async(expires=STALE_SECONDS)
