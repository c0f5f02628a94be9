"""What the plane must know of a codec: its form, and where a picture can be joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suite.rtc.core.media import Codec

OTHER: Final = 0
OPUS: Final = 1
RED: Final = 2
VP8: Final = 3
VP9: Final = 4
H264: Final = 5
AV1: Final = 6
H265: Final = 7

FORMS: Final = {
    "audio/opus": OPUS, "audio/red": RED, "video/vp8": VP8, "video/vp9": VP9, "video/h264": H264, "video/av1": AV1,
    "video/h265": H265,
}  # fmt: skip


def parameters(fmtp: str) -> dict[str, str]:
    """`a=fmtp`'s parameters by lower-case name."""
    found = {}
    for part in fmtp.split(";"):
        name, _, value = part.strip().partition("=")
        found[name.lower()] = value.strip().lower()
    return found


def matching(codec: Codec, offered: Sequence[Codec]) -> Codec | None:
    """The codec of `offered` that can carry `codec`'s packets; None where there is none.

    H264's packetization mode and VP9's profile must agree; of H264's profiles the same one is preferred.
    """
    same = [one for one in offered if one.mime == codec.mime]
    if not same:
        return None
    ours = parameters(codec.fmtp)

    def distance(other: Codec) -> int:
        theirs = parameters(other.fmtp)
        far = 0
        for name, default, weight in (("packetization-mode", "0", 4), ("profile-id", "0", 4), ("profile", "0", 4)):
            far += weight * (ours.get(name, default) != theirs.get(name, default))
        mine, yours = ours.get("profile-level-id", "42e01f"), theirs.get("profile-level-id", "42e01f")
        return far + (mine[:2] != yours[:2]) + (mine[:4] != yours[:4])

    return min(same, key=distance)


def is_keyframe(form: int, buffer: bytes | bytearray, at: int, end: int) -> bool:
    """Whether the payload `buffer[at:end]` begins a picture that needs no earlier one."""
    try:
        if form in _KEYFRAMES:
            return _KEYFRAMES[form](buffer, at, end)
        if form == VP9:
            # RFC 9628: no inter-picture prediction, beginning of a frame, lowest spatial layer.
            first = buffer[at]
            return at < end and not first & 0x40 and bool(first & 0x08) and _vp9_lowest(buffer, at, end)
        if form == AV1:
            # AV1 RTP 4.4: N, the first packet of a coded video sequence.
            return at < end and bool(buffer[at] & 0x08)
    except IndexError:
        return False
    return form in {OPUS, RED}


def _vp8(buffer: bytes | bytearray, at: int, end: int) -> bool:
    """RFC 7741, 4.2 and 4.3: start of partition 0, and P of the frame header is 0."""
    first = buffer[at]
    if not first & 0x10 or first & 0x07:
        return False
    at += 1
    if first & 0x80:
        flags = buffer[at]
        at += 1
        if flags & 0x80:
            at += 2 if buffer[at] & 0x80 else 1
        if flags & 0x40:
            at += 1
        if flags & 0x30:
            at += 1
    return at < end and not buffer[at] & 1


def _vp9_lowest(buffer: bytes | bytearray, at: int, end: int) -> bool:
    first = buffer[at]
    if not first & 0x20:
        return True
    at += 1
    if first & 0x80:
        at += 2 if buffer[at] & 0x80 else 1
    return at < end and (buffer[at] >> 1) & 7 == 0


def _h264(buffer: bytes | bytearray, at: int, end: int) -> bool:
    """RFC 6184: a sequence parameter set, alone or in a STAP-A: an IDR slice without one cannot be joined at."""
    kind = buffer[at] & 31
    if kind == 24:
        at += 1
        while at + 2 < end:
            size = (buffer[at] << 8) | buffer[at + 1]
            if buffer[at + 2] & 31 == 7:
                return True
            at += 2 + size
        return False
    return at < end and kind == 7


def _h265(buffer: bytes | bytearray, at: int, end: int) -> bool:
    """RFC 7798: a video parameter set, the first of what a keyframe needs, alone or in an aggregation packet."""
    kind = buffer[at] >> 1 & 63
    if kind == 48:
        at += 2
        while at + 2 < end:
            size = (buffer[at] << 8) | buffer[at + 1]
            if buffer[at + 2] >> 1 & 63 == 32:
                return True
            at += 2 + size
        return False
    return at < end and kind == 32


_KEYFRAMES: Final = {VP8: _vp8, H264: _h264, H265: _h265}
