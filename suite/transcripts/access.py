"""Who may read a transcript, and listen to it: those to whom its resource gives it."""

from __future__ import annotations

import uuid

from suite.accounts.public import Viewer
from suite.kernel.errors import NotFound
from suite.meetings.public import CapturedTrack
from suite.resources.public import ResourceKind, ResourceRole, access_resource
from suite.transcripts.models import Transcript


def access_transcript(*, viewer: Viewer, id: uuid.UUID) -> Transcript:
    """The transcript `id`; raises `NotFound` for what is absent or not shared."""
    resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER, kind=ResourceKind.TRANSCRIPT)
    transcript = Transcript.objects.select_related("resource", "meeting", "capture").filter(pk=resource.pk).first()
    if transcript is None:
        raise NotFound
    return transcript


def access_sound(*, viewer: Viewer, id: uuid.UUID, track_id: uuid.UUID) -> tuple[Transcript, CapturedTrack]:
    """The transcript `id` and the sound of one of its tracks, for whoever may read it.

    Raises `NotFound` for what is absent, not shared, of another transcript, or deleted: nobody learns which.
    """
    transcript = access_transcript(viewer=viewer, id=id)
    tracks = CapturedTrack.objects.select_related("blob").filter(capture_id=transcript.capture_id, blob__isnull=False)
    track = tracks.filter(pk=track_id).first()
    if track is None:
        raise NotFound
    return transcript, track
