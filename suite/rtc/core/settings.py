"""How a server behaves; LiveKit's names and defaults (config-sample.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Clients switch features on the version of the LiveKit release whose protocol a server speaks.
SERVER_VERSION: Final = "1.13.5"
PROTOCOL: Final = 17
PING_INTERVAL: Final = 5  # seconds
PING_TIMEOUT: Final = 15  # seconds
RESUME_WINDOW: Final = 15.0  # seconds that a participant without signalling is kept (LiveKit: reconnect timeout)
LAST_WINDOW: Final = 5.0  # seconds, where its media is gone as well
UPDATE_INTERVAL: Final = 2.0  # seconds that news of a listener may wait for company
QUALITY_INTERVAL: Final = 5.0  # seconds between connection quality updates
REFRESH_INTERVAL: Final = 300.0  # seconds between tokens that a participant is given to come back with (LiveKit: 5 min)
DOWNGRADE_DELAY: Final = 5.0  # seconds before a publisher is told that a layer is not wanted
PERMISSION_DELAY: Final = 0.2  # seconds, as LiveKit, before a change of subscription permission acts
METADATA_LIMIT: Final = 64_000  # bytes of metadata of a participant (LiveKit: limit.max_metadata_size)
ATTRIBUTES_LIMIT: Final = 64_000  # bytes of names and values
NAME_LIMIT: Final = 256
ROOM_NAME_LIMIT: Final = 256
IDENTITY_LIMIT: Final = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one worker: what its rooms take over when nobody says otherwise. Times are seconds."""

    fingerprint: str = ""
    candidates: tuple[str, ...] = ()
    node_id: str = "ND_suite"
    region: str = ""
    ice_servers: tuple[tuple[tuple[str, ...], str, str], ...] = ()  # (urls, user name, credential)
    auto_create: bool = True
    empty_timeout: int = 300
    departure_timeout: int = 20
    max_participants: int = 0
    audio_codecs: tuple[str, ...] = ("opus", "red")
    video_codecs: tuple[str, ...] = ("vp8", "h264", "vp9", "av1")
    egress_socket: str = ""
    max_rooms: int = 10_000
