"""What transcripts add to a meeting's page."""

from __future__ import annotations

from suite.accounts.public import Viewer
from suite.meetings.public import Meeting, Section
from suite.resources.public import readable_by
from suite.transcripts.selectors import progress_of, transcripts_of


def section(viewer: Viewer, meeting: Meeting) -> Section | None:
    """The meeting's transcripts that `viewer` may read, each with its progress."""
    found = transcripts_of(meeting).filter(resource__in=readable_by(viewer))
    shown = [{"transcript": one, "progress": progress_of(one)} for one in found]
    return Section(template="transcripts/section.html", context={"transcripts": shown}) if shown else None
