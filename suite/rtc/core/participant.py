"""A participant: who they are, what they may, their connections and what they publish and follow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from livekit.protocol import models, rtc

from suite.rtc.core import media
from suite.rtc.core.congestion.line import Line
from suite.rtc.core.grants import KINDS, Grants
from suite.rtc.core.http_session import HttpSession
from suite.rtc.core.inputs import ConnectionId
from suite.rtc.core.subscription import Slot, Subscription
from suite.rtc.core.track import Track


@dataclass(slots=True)
class Transport:
    """The server's end of one peer connection."""

    id: media.TransportId
    ufrag: str
    password: str
    session: int
    version: int = 0
    opened: bool = False
    connected: bool = False
    remote_set: bool = False
    with_data: bool = False  # the peer's description had a data section
    remote_ufrag: str = ""
    channels: set[str] = field(default_factory=set)
    slots: dict[str, Slot] = field(default_factory=dict)
    bit_rate: int | None = None  # the last estimate of what the peer can receive, bit/s
    limit: int | None = None  # what pictures and sound may take after trouble on the line
    line: Line = field(default_factory=Line)
    pretended: bool = False  # the limit is one that the client asked for


@dataclass(slots=True)
class Negotiation:
    """Of the subscriber's sections: one round at a time. `offer` counts the server's own offers (v0)."""

    waiting: list[Subscription] = field(default_factory=list)
    in_flight: bool = False
    again: bool = False
    offer: int = 0
    offered: list[str] = field(default_factory=list)  # mids in the order of the last offer
    first: rtc.SessionDescription | None = None  # the client's own of its join request, until it is answered


@dataclass(slots=True)
class DataTrack:
    """A data track and the handle under which each reader, by its sid, knows it."""

    info: models.DataTrackInfo
    readers: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class DataWish:
    """A data track that somebody wants to follow; it has a handle while it flows."""

    handle: int | None = None
    told_permitted: bool | None = None
    publisher_identity: str = ""
    publisher_sid: str = ""


@dataclass(slots=True)
class Participant:
    sid: str
    grants: Grants
    joined_at: float
    connection: ConnectionId | None
    single: bool  # one peer connection both ways (v1)
    client: models.ClientInfo
    settings: rtc.ConnectionSettings
    publisher: Transport
    subscriber: Transport  # the publisher's own in v1
    state: models.ParticipantInfo.State = models.ParticipantInfo.JOINING
    version: int = 0
    metadata: str = ""
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    is_publisher: bool = False
    known: bool = False  # the others were told of it
    disconnect_reason: models.DisconnectReason = models.DisconnectReason.UNKNOWN_REASON
    pending: dict[str, Track] = field(default_factory=dict)  # by the client's own track id
    tracks: dict[str, Track] = field(default_factory=dict)  # bound to a section, by sid
    subscriptions: dict[str, Subscription] = field(default_factory=dict)  # by track sid
    negotiation: Negotiation = field(default_factory=Negotiation)
    permission: rtc.SubscriptionPermission = field(default_factory=lambda: rtc.SubscriptionPermission(all_participants=True))
    last_sequence: int = 0  # of the reliable packets that came from here
    sent: deque[tuple[int, bytes, frozenset[str]]] = field(default_factory=deque)  # sequence, packet, destinations
    sent_bytes: int = 0
    quality: models.ConnectionQuality = models.ConnectionQuality.EXCELLENT
    loss: float = 0.0
    drop_on_resume: bool = False  # asked for by a client's simulation, as is the next
    refreshed_at: float = 0.0  # when it was given its last token
    refuse_resume: bool = False
    permitted_at: float = 0.0  # when the server's caller last changed the rights; 0 where they are the token's
    changed_at: float = 0.0  # when name, metadata or attributes last changed
    muted_sources: set[int] = field(default_factory=set)  # that the server muted before its worker was lost
    blobs: dict[bytes, models.DataBlob] = field(default_factory=dict)
    data_tracks: dict[int, DataTrack] = field(default_factory=dict)  # by the client's own handle
    data_wishes: dict[str, DataWish] = field(default_factory=dict)  # by track sid
    data_handle: int = 0  # the last that was given
    http: HttpSession | None = None  # of somebody who came by WHIP or WHEP and has no signalling

    @property
    def identity(self) -> str:
        return self.grants.identity

    @property
    def hidden(self) -> bool:
        return self.grants.hidden

    @property
    def auto_subscribe(self) -> bool:
        return self.settings.auto_subscribe

    @property
    def transports(self) -> list[Transport]:
        return [self.publisher] if self.single else [self.publisher, self.subscriber]

    @property
    def primary(self) -> Transport:
        """The connection whose start makes the participant active."""
        return self.subscriber if not self.single and self.grants.can_subscribe else self.publisher

    def info(self) -> models.ParticipantInfo:
        """What others are told of this participant."""
        return models.ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            state=self.state,
            tracks=[track.info for track in self.tracks.values() if track.announced],
            metadata=self.metadata,
            joined_at=int(self.joined_at),
            joined_at_ms=int(self.joined_at * 1000),
            name=self.name,
            version=self.version,
            permission=self.grants.permission(),
            is_publisher=self.is_publisher,
            kind=KINDS.get(self.grants.kind, models.ParticipantInfo.STANDARD),
            attributes=self.attributes,
            disconnect_reason=self.disconnect_reason,
            data_tracks=[track.info for track in self.data_tracks.values()],
            client_protocol=self.client.client_protocol,
            capabilities=self.client.capabilities,
        )
