"""How lists of all kinds show a room."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from suite.meetings.errors import MeetingGoesOn
from suite.meetings.selectors import open_meeting_of
from suite.resources.public import Kind


def hold_room(room_id: uuid.UUID) -> None:
    """Nobody's meeting is taken from under them: raises `MeetingGoesOn` while there is one."""
    if open_meeting_of(room_id) is not None:
        raise MeetingGoesOn


ROOM = Kind(
    url_name="meetings:room-by-id",
    icon="fr-icon-video-chat-line",
    untitled=_("Meeting room"),
    has_trash=True,
    holds=hold_room,
    loses=_(
        "Its link will lead nowhere, and the sound that is kept of its meetings is lost. The meetings’ pages, what was written "
        "and the transcripts stay. Nobody can bring the room back, not even those who run Suite. The log keeps that it was "
        "deleted, and by whom."
    ),
)
