"""How a server behaves; LiveKit's names and defaults (config-sample.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

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
LONGEST_TTL: Final = 86_400  # seconds that credentials for TURN may live
DEFAULT_TTL: Final = 14_400


@dataclass(frozen=True, slots=True)
class TurnServer:
    """LiveKit's `rtc.turn_servers`: with a secret its credentials are made for each participant, and end."""

    host: str
    port: int
    protocol: str = ""  # udp, tls, or tcp by default
    username: str = ""
    credential: str = ""
    secret: str = ""
    ttl: int = 0  # seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one worker: what its rooms take over when nobody says otherwise. Times are seconds."""

    fingerprint: str = ""
    candidates: tuple[str, ...] = ()
    node_id: str = "ND_suite"
    region: str = ""
    ice_servers: tuple[tuple[tuple[str, ...], str, str], ...] = ()  # (urls, user name, credential)
    stun_servers: tuple[str, ...] = ()  # host:port
    turn_servers: tuple[TurnServer, ...] = ()
    auto_create: bool = True
    empty_timeout: int = 300
    departure_timeout: int = 20
    max_participants: int = 0
    audio_codecs: tuple[str, ...] = ("pcmu", "pcma", "opus", "red")
    video_codecs: tuple[str, ...] = ("vp8", "h264", "vp9", "av1", "h265")
    egress_socket: str = ""
    max_rooms: int = 10_000
    enable_remote_unmute: bool = False
    full_room_in_webhooks: bool = False
    data_tracks: bool = True
    data_blobs: bool = False
    slow_reader: int = 0  # bit/s under which a reader of reliable data is slow; 0: none is waited for
    # LiveKit's `limit`; 0 for none.
    metadata_limit: int = 512 * 1024  # bytes
    attributes_limit: int = 64 * 1024  # bytes of names and values
    name_limit: int = 256
    room_name_limit: int = 256
    identity_limit: int = 256
    blob_key_limit: int = 256
    blobs_limit: int = 64_000  # bytes of one participant's blobs
    video_subscriptions: int = 0  # of one participant at a time
    audio_subscriptions: int = 0
    track_limit: int = 0  # tracks in and out, of all rooms of the worker
    byte_rate_limit: int = 0  # bytes/s in and out, of all rooms of the worker

    def changed(self, said: Mapping[str, Any]) -> Settings:
        """These settings with what a configuration says (JSON's types)."""
        taken: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
        if "turn_servers" in taken:
            taken["turn_servers"] = tuple(TurnServer(**server) for server in taken["turn_servers"])
        return replace(self, **taken)
