"""Celery's door to meetings: what asks the media server often, apart from the dispatcher that carries the revocation."""

from __future__ import annotations

from celery import shared_task

from suite.kernel import clock
from suite.kernel.logs import get_logger
from suite.meetings import door
from suite.meetings.errors import MediaServerSilent
from suite.meetings.models import CapturedTrack, Meeting
from suite.meetings.reconciliation import reconcile, reconcile_recordings
from suite.meetings.services import sounds

log = get_logger(__name__)
STALE_SECONDS = 30.0
CAPTURES_SECONDS = 3.0


@shared_task
def reconcile_meetings() -> None:
    """Compare what is open with what the media server holds; a silent server is asked again by the next sweep."""
    try:
        reconcile(now=clock.now())
    except MediaServerSilent:
        log.warning("media_server_silent")


@shared_task
def reconcile_captures() -> None:
    """Compare the sound being taken with the media server's recordings."""
    try:
        reconcile_recordings(now=clock.now())
    except MediaServerSilent:
        log.warning("media_server_silent")


def see_off_waiting() -> None:
    """Take from the door who has gone."""
    door.see_off(now=clock.now())


def wake_captures() -> None:
    """Ask for it where sound is being taken."""
    if CapturedTrack.objects.filter(ended_at=None).exclude(egress_id="").exists():
        reconcile_captures.apply_async(expires=CAPTURES_SECONDS)


@shared_task
def sound_expire() -> None:
    """Delete the sound whose days are over."""
    sounds.sounds_expire(now=clock.now())


@shared_task
def recordings_sweep() -> None:
    """Remove what a recorder left behind."""
    sounds.recordings_sweep(now=clock.now())


def wake_reconciliation() -> None:
    """Ask for it where a meeting is open."""
    if Meeting.objects.filter(ended_at=None).exists():
        reconcile_meetings.apply_async(expires=STALE_SECONDS)
