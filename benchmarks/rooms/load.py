"""What each person of the room sends: numbers as livekit-client and libwebrtc have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOM: Final = 30  # people
LARGE: Final = 100  # people, where the generator has cores of its own
SPEAKERS: Final = 3
SEEN: Final = 25  # cameras that each person sees

SPEAKING_EVERY: Final = 0.02  # s
SILENT_EVERY: Final = 0.4  # s, of Opus's DTX
SPEAKING_BYTES: Final = (80, 160)  # of a packet's payload, evenly spread: 48 kbit/s
SILENT_BYTES: Final = 24
SPEAKING_LEVEL: Final = 30  # -dBov (RFC 6464)
SILENCE: Final = 127

PIECE: Final = 1_150  # bytes of a payload at most
SPREAD: Final = 0.25  # of a picture's size, standard deviation
TEMPORAL: Final = (0, 2, 1, 2)  # layers of successive pictures (L1T3), as libwebrtc sends simulcast's VP8
NAMED: Final = 50  # packets that say their section and layer, until the server has surely learnt them

FEEDBACK_EVERY: Final = 0.1  # s, transport-cc
VIDEO_REPORT_EVERY: Final = 1.0  # s: a receiver report for each stream by itself, as libwebrtc sends them, 0.5 to 1.5 of this
SOUND_REPORT_EVERY: Final = 5.0
SENDER_REPORT_EVERY: Final = 1.0
CHECK_EVERY: Final = 2.5  # s, of consent
PING_EVERY: Final = 5.0  # s, of signalling


@dataclass(frozen=True)
class Layer:
    """One stream of a camera."""

    rid: str
    width: int
    height: int
    frames: int  # a second
    bit_rate: int
    keyframe: int  # bytes


LAYERS: Final = (Layer("q", 320, 180, 15, 150_000, 6_000), Layer("h", 640, 360, 20, 450_000, 18_000))


def sound_ssrc(person: int) -> int:
    """The SSRC of a person's microphone; every one is known to all of the generator's processes."""
    return 0x20000000 + 8 * person


def picture_ssrc(person: int, layer: int) -> int:
    """The SSRC of a layer of a person's camera."""
    return sound_ssrc(person) + 1 + layer


def seen_by(person: int, people: int) -> set[int]:
    """Whose cameras a person sees: those who come next, so that every camera is seen by as many."""
    return {(person + ahead) % people for ahead in range(1, min(SEEN, people - 1) + 1)}
