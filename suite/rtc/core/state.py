"""A room's state and the effects that it has yet to hand out; what the nouns of control work on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from livekit.protocol import egress, models, rtc, webhook

from suite.rtc.core import media
from suite.rtc.core.effects import CancelTimer, Effect, Media, Notify, Send, SetTimer
from suite.rtc.core.identifiers import Identifiers
from suite.rtc.core.inputs import ConnectionId, RequestId
from suite.rtc.core.participant import Participant, Transport
from suite.rtc.core.settings import Settings
from suite.rtc.core.track import Track

MIMES = {
    "pcmu": "audio/PCMU", "pcma": "audio/PCMA", "opus": "audio/opus", "red": "audio/red",
    "vp8": "video/VP8", "h264": "video/H264", "vp9": "video/VP9", "av1": "video/AV1", "h265": "video/H265",
}  # fmt: skip


@dataclass(slots=True)
class RoomState:
    """One room. `now` is the time of the input that is being handled."""

    name: str
    sid: str
    settings: Settings
    identifiers: Identifiers
    created_at: float
    empty_timeout: int
    departure_timeout: int
    max_participants: int = 0
    metadata: str = ""
    told: bytes = b""  # the room as everyone was last told of it
    now: float = 0.0
    participants: dict[str, Participant] = field(default_factory=dict)  # by identity
    sids: dict[str, Participant] = field(default_factory=dict)
    tracks: dict[str, tuple[Participant, Track]] = field(default_factory=dict)  # bound to a section, by sid
    connections: dict[ConnectionId, Participant] = field(default_factory=dict)
    batch: dict[str, models.ParticipantInfo] = field(default_factory=dict)  # news that waits for company, by sid
    speaking: dict[str, float] = field(default_factory=dict)  # participant sid to level
    egresses: dict[str, egress.EgressInfo] = field(default_factory=dict)
    calls: dict[str, tuple[RequestId, str]] = field(default_factory=dict)  # by call id: who asked, whose sid was called
    effects: list[Effect] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # identities of which there is news to keep
    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # what was last said of each (`kept.py`)
    absent: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # those whom a lost worker knew
    ticking: bool = False
    kept_open: bool = False  # somebody is there who is neither agent nor recorder
    ended: bool = False

    def emit(self, *effects: Effect) -> None:
        self.effects.extend(effects)

    def command(self, command: media.Command) -> None:
        self.effects.append(Media(command))

    def send(self, participant: Participant, message: rtc.SignalResponse) -> None:
        """Send, where the participant has a signalling connection at present."""
        if participant.connection is not None:
            self.effects.append(Send(participant.connection, message))

    def set_timer(self, key: str, delay: float) -> None:
        self.effects.append(SetTimer(f"{self.name}\n{key}", self.now + delay))

    def cancel_timer(self, key: str) -> None:
        self.effects.append(CancelTimer(f"{self.name}\n{key}"))

    def by_sid(self, sid: str) -> Participant | None:
        return self.sids.get(sid)

    def by_transport(self, transport: media.TransportId) -> tuple[Participant, Transport] | None:
        """Whose transport it is; its id begins with the participant's sid."""
        participant = self.sids.get(transport.partition("/")[0])
        if participant is None:
            return None
        return next(((participant, t) for t in participant.transports if t.id == transport), None)

    def track(self, sid: str) -> tuple[Participant, Track] | None:
        """A published track and who publishes it."""
        return self.tracks.get(sid)

    def others(self, participant: Participant) -> Iterator[Participant]:
        return (p for p in self.participants.values() if p is not participant)

    def visible(self) -> Iterable[Participant]:
        return (p for p in self.participants.values() if not p.hidden)

    def counted(self) -> Iterable[Participant]:
        """Those whose number is told: nobody learns from it of the hidden."""
        return (p for p in self.visible() if not p.grants.dependent)

    def mimes(self) -> list[str]:
        """What may be published, LiveKit's names."""
        named = [MIMES[name] for name in (*self.settings.audio_codecs, *self.settings.video_codecs)]
        return [*named, "video/rtx"]

    def describe(self) -> models.Room:
        """The room as clients, callers and webhooks see it."""
        visible = list(self.visible())
        return models.Room(
            sid=self.sid,
            name=self.name,
            empty_timeout=self.empty_timeout,
            departure_timeout=self.departure_timeout,
            max_participants=self.max_participants,
            creation_time=int(self.created_at),
            creation_time_ms=int(self.created_at * 1000),
            enabled_codecs=[models.Codec(mime=mime) for mime in self.mimes()],
            metadata=self.metadata,
            num_participants=sum(1 for _ in self.counted()),
            num_publishers=sum(1 for p in visible if p.is_publisher),
            active_recording=any(e.status == egress.EGRESS_ACTIVE for e in self.egresses.values()),
        )

    def notify(
        self,
        event: str,
        *,
        participant: Participant | None = None,
        track: models.TrackInfo | None = None,
    ) -> None:
        """Tell the webhooks; news of a track names its room and participant only, as LiveKit does."""
        told = webhook.WebhookEvent(event=event, id=self.identifiers.sid("EV_"), created_at=int(self.now))
        if track is not None:
            whole = self.settings.full_room_in_webhooks
            told.room.CopyFrom(self.describe() if whole else models.Room(sid=self.sid, name=self.name))
            told.track.CopyFrom(track)
            if participant is not None:
                told.participant.CopyFrom(models.ParticipantInfo(sid=participant.sid, identity=participant.identity))
        else:
            told.room.CopyFrom(self.describe())
            if participant is not None:
                told.participant.CopyFrom(participant.info())
        self.effects.append(Notify(told))
