"""What open meeting pages are told, and to whom: after the commit, through the channel layer."""

from __future__ import annotations

import uuid
from typing import Literal

from suite.kernel.groups import group, tell
from suite.meetings import selectors
from suite.meetings.contract import ServerMessage
from suite.meetings.models import Meeting, Participation


def in_meeting(meeting_id: uuid.UUID) -> str:
    """Everybody who was admitted."""
    return group("meeting", meeting_id)


def hosts_of(meeting_id: uuid.UUID) -> str:
    """Those who moderate."""
    return group("meeting-hosts", meeting_id)


def one(participation_id: uuid.UUID) -> str:
    """One device, waiting or admitted."""
    return group("participation", participation_id)


def tell_people(meeting: Meeting) -> None:
    """Who is in the meeting changed."""
    _send(in_meeting(meeting.id), {"type": "people", "people": selectors.people_in(meeting)})


def tell_waiting(meeting: Meeting) -> None:
    """Who waits at the door changed."""
    _send(hosts_of(meeting.id), {"type": "waiting", "waiting": selectors.waiting_for(meeting)})


def tell_transcription(meeting: Meeting) -> None:
    """Transcription started, stopped, or somebody answered: each page reads its own agreement afresh."""
    tell(in_meeting(meeting.id), {"type": "transcription.changed"})


def tell_one(participation: Participation, message: ServerMessage) -> None:
    _send(one(participation.id), message)


def tell_admitted(participation: Participation) -> None:
    """The door opened: the page fetches its token and joins the groups."""
    tell(one(participation.id), {"type": "entry.admitted"})


def tell_over(target: str, message_type: Literal["entry_refused", "removed", "ended"]) -> None:
    """The meeting, or one's part in it, is over: the page says so and the socket closes."""
    tell(target, {"type": "entry.over", "message": {"type": message_type}})


def _send(target: str, message: ServerMessage) -> None:
    tell(target, {"type": "socket.send", "message": message})
