"""What the server offers a subscriber that has a peer connection of its own for it (v0): fixed numbers, as LiveKit's."""

from __future__ import annotations

from typing import Final

from suite.rtc.core.sdp.description import OfferedCodec
from suite.rtc.core.sdp.policy import ABSOLUTE_SEND_TIME, DEPENDENCY_DESCRIPTOR, FEEDBACK, TRANSPORT_CC

VIDEO_FEEDBACK: Final = sorted(FEEDBACK)
EXTENSIONS: Final[dict[str, dict[str, int]]] = {
    "audio": {},
    "video": {DEPENDENCY_DESCRIPTOR: 1, ABSOLUTE_SEND_TIME: 3, TRANSPORT_CC: 4},
}


def _video(payload_type: int, name: str, rtx: int, parameters: str = "") -> OfferedCodec:
    return OfferedCodec(payload_type, name.lower(), f"{name}/90000", 90_000, parameters, list(VIDEO_FEEDBACK), rtx)


def _h264(payload_type: int, rtx: int, mode: int, profile: str) -> OfferedCodec:
    parameters = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return _video(payload_type, "H264", rtx, parameters)


CODECS: Final[dict[str, tuple[OfferedCodec, ...]]] = {
    "audio": (
        OfferedCodec(111, "opus", "opus/48000/2", 48_000, "minptime=10;useinbandfec=1"),
        OfferedCodec(63, "red", "red/48000/2", 48_000, "111/111"),
        OfferedCodec(0, "pcmu", "PCMU/8000", 8_000),
        OfferedCodec(8, "pcma", "PCMA/8000", 8_000),
    ),
    "video": (
        _video(96, "VP8", 97),
        _video(98, "VP9", 99, "profile-id=0"),
        _h264(108, 109, 1, "42e01f"),
        _h264(102, 103, 1, "42001f"),
        _h264(125, 126, 0, "42e01f"),
        _video(35, "AV1", 36),
        _video(116, "H265", 117),
    ),
}


def offered_codecs(kind: str, *, enabled: tuple[str, ...], first: str = "") -> list[OfferedCodec]:
    """The codecs of an offered section, the one that the track is sent with before the others."""
    return sorted((c for c in CODECS[kind] if c.name in enabled), key=lambda codec: codec.name != first)
