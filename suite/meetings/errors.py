"""What meetings refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable
from suite.resources.errors import InUse


class UnknownRoom(NotFound):
    message = _("This link leads to no room: it is incomplete, or the room was closed. Ask the person who sent it to you.")


class MeetingEnded(Conflict):
    code = "meeting_ended"
    message = _("This meeting has ended. Open the room again to meet once more.")


class MeetingGoesOn(InUse):
    message = _("A meeting is going on in this room: end it for everybody first, then put the room in the trash.")


class NameMissing(BadInput):
    code = "name_missing"
    message = _("Please give your name, so that the others know who comes in.")


class NotAdmitted(Forbidden):
    code = "not_admitted"
    message = _("You are not in this meeting.")


class RemovedFromMeeting(Forbidden):
    code = "removed"
    message = _("A host removed you. If you think that this is a mistake, write to the person who invited you.")


class CaptureNotRunning(Conflict):
    code = "capture_not_running"
    message = _("No transcription is running.")


class SpeechOff(Unavailable):
    code = "speech_off"
    message = _("Transcription is switched off on this system.")


class RecorderFails(Unavailable):
    code = "recorder_fails"
    message = _("The recorder fails. It is tried again in a moment.")


class MediaServerSilent(Unavailable):
    code = "media_server_silent"
    message = _("The media server is not answering. Please try again in a moment.")
