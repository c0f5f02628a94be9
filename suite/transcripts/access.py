"""Who may read a transcript: those to whom its resource gives it."""

from __future__ import annotations

import uuid

from suite.accounts.public import Viewer
from suite.kernel.errors import NotFound
from suite.resources.public import ResourceKind, ResourceRole, access_resource
from suite.transcripts.models import Transcript


def access_transcript(*, viewer: Viewer, id: uuid.UUID, need: ResourceRole = ResourceRole.READER) -> Transcript:
    """The transcript `id`; raises `NotFound` for what is absent or not shared, `Forbidden` under `need`."""
    resource = access_resource(viewer=viewer, id=id, need=need, kind=ResourceKind.TRANSCRIPT)
    transcript = Transcript.objects.select_related("resource", "meeting", "capture").filter(pk=resource.pk).first()
    if transcript is None:
        raise NotFound
    return transcript
