"""What other apps may use of meetings."""

from suite.meetings.models import Capture, CapturedTrack, Meeting, Participation
from suite.meetings.pages import Section, add_section
from suite.meetings.selectors import list_meetings, list_ready_rooms
from suite.meetings.services.sounds import sounds_delete

__all__ = [
    "Capture",
    "CapturedTrack",
    "Meeting",
    "Participation",
    "Section",
    "add_section",
    "list_meetings",
    "list_ready_rooms",
    "sounds_delete",
]
