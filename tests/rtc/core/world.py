"""A worker's control without a worker: clients that speak its protocol, a plane that only notes what it was told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from livekit.protocol import models, rtc

from suite.rtc.core import effects, media
from suite.rtc.core.control import Control
from suite.rtc.core.grants import Grants
from suite.rtc.core.identifiers import Identifiers
from suite.rtc.core.inputs import Asked, Joined, Reported, Signalled, SignallingClosed, TimerFired
from suite.rtc.core.settings import Settings

OPUS = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
VP8 = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
EXTENSIONS = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
VP8_CODEC = media.Codec(96, "video/vp8", 90_000, "", 97)
OPUS_CODEC = media.Codec(111, "audio/opus", 48_000)


def offer_text(*sections: tuple[str, str, str], ufrag: str = "abcd", rids: tuple[str, ...] = ()) -> str:
    """An offer with `(kind, direction, the track's cid)` sections and one for data."""
    mids = " ".join(str(n) for n in range(len(sections) + 1))
    text = f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
    text += f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{'p' * 24}\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
    for number, (kind, direction, cid) in enumerate(sections):
        payload_types, codecs = ("111 63", OPUS) if kind == "audio" else ("96 97", VP8)
        text += f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_types}\r\nc=IN IP4 0.0.0.0\r\na=mid:{number}\r\na={direction}\r\n"
        text += codecs + EXTENSIONS
        if cid:
            text += f"a=msid:stream {cid}\r\n"
        if cid and kind == "video" and rids:
            text += "".join(f"a=rid:{rid} send\r\n" for rid in rids) + f"a=simulcast:send {';'.join(rids)}\r\n"
    text += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    return text + f"a=mid:{len(sections)}\r\na=sctp-port:5000\r\n"


@dataclass
class Client:
    """One participant's end: what it was sent, and how it sends."""

    world: World
    connection: int
    identity: str
    received: list[rtc.SignalResponse] = field(default_factory=list)
    closed: int | None = None
    refused: effects.Refuse | None = None
    tokens: list[Grants] = field(default_factory=list)

    def all(self, kind: str) -> list[Any]:
        return [getattr(m, kind) for m in self.received if m.WhichOneof("message") == kind]

    def last(self, kind: str) -> Any:
        return self.all(kind)[-1]

    @property
    def sid(self) -> str:
        return str(self.last("join").participant.sid)

    def send(self, **message: Any) -> None:
        self.world.put(Signalled(self.connection, rtc.SignalRequest(**message)))

    def offer(self, *sections: tuple[str, str, str], number: int = 2, **more: Any) -> rtc.SessionDescription:
        """Offer, and return the answer."""
        self.send(offer=rtc.SessionDescription(type="offer", sdp=offer_text(*sections, **more), id=number))
        answer: rtc.SessionDescription = self.last("answer")
        return answer

    def publish(
        self, cid: str, *, video: bool = False, muted: bool = False, sections: tuple[tuple[str, str, str], ...] = ()
    ) -> str:
        """Publish a track and let its first packet arrive; the track's sid."""
        kind = models.TrackType.VIDEO if video else models.TrackType.AUDIO
        source = models.TrackSource.CAMERA if video else models.TrackSource.MICROPHONE
        layers = [models.VideoLayer(quality=q, width=320 << q, height=180 << q, bitrate=150_000 << (q * 2)) for q in range(3)]
        request = rtc.AddTrackRequest(
            cid=cid, type=kind, source=source, muted=muted, layers=layers if video else [],
            width=1280 if video else 0, height=720 if video else 0,
        )  # fmt: skip
        self.send(add_track=request)
        sid = str(self.last("track_published").track.sid)
        mine = ("video" if video else "audio", "sendonly", cid)
        self.offer(*sections, mine, rids=("q", "h", "f") if video else ())
        if not muted:
            self.world.report(media.LayerStarted(sid, 0, VP8_CODEC if video else OPUS_CODEC))
        return sid

    def leave(self) -> None:
        self.send(leave=rtc.LeaveRequest(reason=models.DisconnectReason.CLIENT_INITIATED))

    def knows(self, identity: str) -> models.ParticipantInfo | None:
        """What this client was last told of another."""
        known = None
        for message in self.received:
            people = [*message.update.participants, *message.join.other_participants]
            known = next((p for p in people if p.identity == identity), known)
        return known


class World:
    """Control, a clock and its clients."""

    def __init__(self, **settings: Any) -> None:
        defaults: dict[str, Any] = {"fingerprint": "CC:DD", "candidates": ("candidate:1 1 udp 1 127.0.0.1 9 typ host",)}
        self.control = Control(Settings(**{**defaults, **settings}), Identifiers(Random(7)))
        self.now = 1_000_000.0
        self.clients: dict[int, Client] = {}
        self.commands: list[media.Command] = []
        self.events: list[Any] = []
        self.replies: list[Any] = []
        self.ended: list[str] = []
        self.moved: list[str] = []
        self.kept: dict[str, dict[str, Any]] = {}
        self.timers: dict[str, float] = {}

    def put(self, happened: Any) -> list[effects.Effect]:
        done = self.control.handle(happened, self.now)
        for effect in done:
            self.note(effect)
        return done

    def note(self, effect: effects.Effect) -> None:  # noqa: C901 -- one line for each effect
        match effect:
            case effects.Send():
                self.clients[effect.connection].received.append(effect.message)
            case effects.SendToken():
                self.clients[effect.connection].tokens.append(effect.grants)
            case effects.Close():
                self.clients[effect.connection].closed = effect.code
            case effects.Refuse():
                self.clients[effect.connection].refused = effect
            case effects.Media():
                self.commands.append(effect.command)
            case effects.Notify():
                self.events.append(effect.event)
            case effects.Reply():
                self.replies.append(effect.result)
            case effects.SetTimer():
                self.timers[effect.key] = effect.at
            case effects.CancelTimer():
                self.timers.pop(effect.key, None)
            case effects.RoomEnded():
                (self.moved if effect.moved else self.ended).append(effect.name)
            case effects.Remember():
                records = self.kept.setdefault(effect.room, {})
                records.pop(effect.key, None)
                if effect.record is not None:
                    records[effect.key] = json.loads(json.dumps(effect.record))

    def join(
        self,
        identity: str,
        *,
        room: str = "r",
        single: bool = True,
        active: bool = True,
        request: rtc.JoinRequest | None = None,
        issued_at: float | None = None,
        **video: Any,
    ) -> Client:
        """Join; `active` lets its peer connection start at once."""
        client = Client(self, len(self.clients) + 1, identity)
        self.clients[client.connection] = client
        grants = Grants(
            identity=identity,
            name=f"Name of {identity}",
            issued_at=self.now if issued_at is None else issued_at,
            expires_at=self.now + 60,
            video={"room": room, "roomJoin": True, **video},
        )
        asked = request
        if asked is None:
            asked = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True))
            if single:
                asked.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=offer_text(), id=1))
        self.put(Joined(client.connection, grants, asked, single))
        if active and client.refused is None and client.all("join"):
            primary = "publisher" if single or video.get("canSubscribe") is False else "subscriber"
            self.report(media.TransportConnected(f"{client.sid}/{primary}"))
        return client

    def resume(self, client: Client, *, single: bool = True, sid: str = "") -> Client:
        """Come back on another connection."""
        request = rtc.JoinRequest(reconnect=True, participant_sid=sid or client.sid)
        return self.join(client.identity, single=single, request=request, active=False)

    def drop(self, client: Client) -> None:
        self.put(SignallingClosed(client.connection))

    def report(self, report: media.Report) -> None:
        self.put(Reported(report))

    def ask(self, method: str, message: Any) -> Any:
        """Call the server API: its answer or its refusal."""
        before = len(self.replies)
        self.put(Asked(len(self.replies) + 1000, method, message))
        return self.replies[before] if len(self.replies) > before else None

    def wait(self, seconds: float) -> None:
        """Let time pass: timers fire in order."""
        end = self.now + seconds
        while due := sorted((at, key) for key, at in self.timers.items() if at <= end):
            at, key = due[0]
            self.now = max(self.now, at)
            del self.timers[key]
            self.put(TimerFired(key))
        self.now = end

    def of(self, kind: type) -> list[Any]:
        """The commands of a kind that the plane was given."""
        return [command for command in self.commands if isinstance(command, kind)]

    def event_names(self) -> list[str]:
        return [str(event.event) for event in self.events]
