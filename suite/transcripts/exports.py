"""Transcripts as files."""

from __future__ import annotations

from suite.transcripts.models import Transcript
from suite.transcripts.selectors import lines_of


def as_text(transcript: Transcript) -> str:
    """Plain text: `time  speaker: words`, one turn a line."""
    lines = [f"{line.clock}  {line.speaker} : {line.text}" for line in lines_of(transcript)]
    return "\n".join([transcript.resource.title, "", *lines, ""])
