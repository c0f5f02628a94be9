"""The dependency descriptor (AV1 RTP, appendix A): only whether a coded video sequence begins with its packet."""

from __future__ import annotations


def starts_sequence(descriptor: bytes | bytearray) -> bool:
    """Whether the descriptor brings a template structure at the start of a frame: a picture that can be joined at."""
    return len(descriptor) > 3 and bool(descriptor[0] & 0x80) and bool(descriptor[3] & 0x80)
