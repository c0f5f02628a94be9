"""A whole worker on a network that exists in memory: the real control, the real packet tables, time and chance of a seed.

DTLS and SRTP are left out, and the Python twin of the packet kernel runs: the compiled one sends on sockets by itself.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

from livekit.protocol import models, rtc

from suite.rtc.core import effects, media
from suite.rtc.transport.association import Association
from suite.rtc.transport.certificate import certificate_new
from suite.rtc.transport.commands import Commands
from suite.rtc.transport.rounds import Rounds
from suite.rtc.transport.srtp import Buffer
from tests.protocol.networks.camera import RATES, Camera
from tests.protocol.networks.line import Line
from tests.protocol.networks.viewer import TRANSPORT_ID, Viewer
from tests.rtc.core.world import EXTENSIONS, Client, World, offer_text

TICK = 0.05  # s of the plane's rounds
STEP = 0.005
TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
REPAIRED = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
MORE = f"{EXTENSIONS}a=extmap:{TRANSPORT_ID} {TRANSPORT}\r\na=extmap:11 {REPAIRED}\r\n"
OPUS_ALONE = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"


class Plain:
    """No protection."""

    def unprotect(self, _: Buffer, length: int) -> int:
        return length

    unprotect_control = unprotect

    def protect(self, _: Buffer, length: int, turns: int) -> int:
        return length

    protect_control = unprotect

    def forget_outbound(self, ssrc: int) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""


class Peer:
    """A participant with its line to the server and back."""

    def __init__(self, client: Client, up: Line, down: Line) -> None:
        self.client, self.up, self.down = client, up, down
        self.camera: Camera | None = None
        self.viewer: Viewer | None = None
        self.sent: list[tuple[float, bytes]] = []  # RTP that the server sent, and when
        self.told: list[tuple[float, bytes]] = []  # RTCP
        self.states: list[tuple[float, str, int]] = []
        self.seen = 0


class Meeting(World):
    """`people` by identity. The clock of control is the plane's too."""

    def __init__(self, seed: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.seed = random.randrange(2**32) if seed is None else seed
        print("seed", self.seed)
        self.chance = random.Random(self.seed)
        self.arena, self.incoming = Buffer(2048), Buffer(2048)
        self.control_buffer = Buffer(2048)
        self.kernel = None
        self.certificate = certificate_new()
        self.counts: Counter[str] = Counter()
        self.associations: dict[str, Association] = {}
        self.people: dict[str, Peer] = {}
        self.waiting: list[media.Report] = []
        self.reported: list[media.Report] = []
        self.selected: list[tuple[float, media.SelectLayer]] = []
        self.plane = _Plane(self)
        self.tables = Commands(self.plane)
        self.rounds = Rounds(self.tables, report=self.waiting.append)
        self.round_due = self.now

    def note(self, effect: effects.Effect) -> None:
        super().note(effect)
        if isinstance(effect, effects.Media):
            if isinstance(effect.command, media.SelectLayer):
                self.selected.append((self.now, effect.command))
            self.tables.apply(effect.command)

    # --- people

    def add(self, identity: str, *, up: dict[str, Any] | None = None, down: dict[str, Any] | None = None) -> Peer:
        """Somebody joins, connected at once, with one connection both ways."""
        request = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True, subscriber_allow_pause=True))
        request.publisher_offer.CopyFrom(rtc.SessionDescription(type="offer", sdp=offer_text(), id=1))
        client = self.join(identity, request=request, active=False)
        peer = Peer(client, Line(self.chance, **(up or {})), Line(self.chance, **(down or {})))
        self.people[identity] = peer
        association = self.associations[f"{client.sid}/publisher"]
        association.line.move((identity, 0))
        association.line.connect(Plain())
        self.report(media.TransportConnected(association.name))
        return peer

    def publish(self, identity: str, *, sound: bool = False, **request: Any) -> tuple[str, str]:
        """A camera of three layers, and a microphone; their track sids."""
        peer = self.people[identity]
        sections = [("video", "sendonly", "cam")]
        layers = [
            models.VideoLayer(quality=q, width=320 << q, height=180 << q, bitrate=rate) for q, rate in enumerate(RATES.values())
        ]
        asked = rtc.AddTrackRequest(
            cid="cam", type=models.TrackType.VIDEO, layers=layers, width=1280, height=720,
            **{"source": models.TrackSource.CAMERA, **request},
        )  # fmt: skip
        peer.client.send(add_track=asked)
        video, audio = str(peer.client.last("track_published").track.sid), ""
        if sound:
            sections.append(("audio", "sendonly", "mic"))
            mic = rtc.AddTrackRequest(cid="mic", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)
            peer.client.send(add_track=mic)
            audio = str(peer.client.last("track_published").track.sid)
        self._offer(peer, sections, rids=("q", "h", "f"))
        sound_mid = "1" if sound else ""
        peer.camera = Camera(self.chance, lambda data: peer.up.put(data, self.now), now=self.now, sound_mid=sound_mid)
        self.run(0.2)
        return video, audio

    def watch(self, identity: str, *, videos: int = 1, sounds: int = 0, tells: bool = True, red: bool = True) -> Viewer:
        """Offer sections to receive in, and follow what is there."""
        peer = self.people[identity]
        sections = [("video", "recvonly", "")] * videos + [("audio", "recvonly", "")] * sounds
        self._offer(peer, sections, red=red)
        viewer = peer.viewer = Viewer(lambda data: peer.up.put(data, self.now), tells=tells)
        for down in self.of(media.AddDowntrack):
            if down.transport.startswith(peer.client.sid) and down.rtx_ssrc:
                viewer.repairs[down.rtx_ssrc] = down.ssrc
        return viewer

    def _offer(self, peer: Peer, sections: list[tuple[str, str, str]], *, red: bool = True, **more: Any) -> None:
        text = offer_text(*sections, **more).replace(EXTENSIONS, MORE)
        if not red:
            text = text.replace(OPUS_ALONE, "").replace(" 111 63\r\n", " 111\r\n")
        peer.client.send(offer=rtc.SessionDescription(type="offer", sdp=text, id=2))

    # --- time

    def run(self, seconds: float) -> None:
        """Let time pass, in steps of 5 ms."""
        end = self.now + seconds
        while self.now < end:
            self._deliver()
            for peer in self.people.values():
                if peer.camera is not None:
                    peer.camera.tick(self.now)
                if peer.viewer is not None:
                    peer.viewer.tick(self.now)
                self._hear(peer)
            if self.now >= self.round_due:
                self.round_due += TICK
                self.rounds.tick(self.now, list(self.associations.values()))
            while self.waiting:
                self.reported.append(self.waiting.pop(0))
                self.report(self.reported[-1])
            self.wait(STEP)

    def _deliver(self) -> None:
        for peer in self.people.values():
            association = self.associations[f"{peer.client.sid}/publisher"]
            for _, data in peer.up.take(self.now):
                if 192 <= data[1] <= 223:
                    association.router.rtcp(data, self.now, reports=association.line)
                else:
                    self.incoming.view[: len(data)] = data
                    association.router.rtp(self.incoming.data, len(data), self.now)
            for when, data in peer.down.take(self.now):
                if 192 <= data[1] <= 223:
                    if peer.camera is not None:
                        peer.camera.rtcp(data, when)
                elif peer.viewer is not None:
                    peer.viewer.rtp(data, when)

    def _hear(self, peer: Peer) -> None:
        """What signalling says: layers to send, streams that pause."""
        for message in peer.client.received[peer.seen :]:
            if message.HasField("subscribed_quality_update") and peer.camera is not None:
                peer.camera.enable([one.enabled for one in message.subscribed_quality_update.subscribed_qualities], self.now)
            for state in message.stream_state_update.stream_states:
                peer.states.append((self.now, state.track_sid, state.state))
        peer.seen = len(peer.client.received)

    def switches(self, track: str, since: float) -> int:
        """How often the level that a line gives a track has changed since."""
        numbers = {d.downtrack for d in self.of(media.AddDowntrack) if d.track == track}
        chosen = [(at, command.layer) for at, command in self.selected if command.downtrack in numbers]
        return sum(1 for before, after in itertools.pairwise(chosen) if after[0] >= since and before[1] != after[1])

    def rtp_sent(self, identity: str, ssrc: int) -> list[bytes]:
        """What the server sent somebody on a stream, in order."""
        return [data for _, data in self.people[identity].sent if int.from_bytes(data[8:12], "big") == ssrc]


class _Plane:
    """What commands and associations use of the plane."""

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self.arena, self.control = meeting.arena, meeting.control_buffer
        self.kernel = None
        self.certificate = meeting.certificate

    def fileno(self) -> int:
        return -1

    def clock(self) -> float:
        return self._meeting.now

    def count(self, name: str) -> None:
        self._meeting.counts[name] += 1

    def report(self, report: media.Report) -> None:
        self._meeting.waiting.append(report)

    def association(self, name: str) -> Association | None:
        return self._meeting.associations.get(name)

    def open_transport(self, association: Association) -> None:
        self._meeting.associations[association.name] = association

    def rename_transport(self, association: Association, ufrag: str, password: str) -> None:
        association.restart_ice(ufrag, password)

    def close_transport(self, name: str) -> None:
        self._meeting.associations.pop(name, None)

    def publishes(self, association: Association) -> None:
        """Every packet is heard at once anyway."""

    def send(self, data: bytes | memoryview, address: tuple[str, int]) -> None:
        peer, now = self._meeting.people[address[0]], self._meeting.now
        packet = bytes(data)
        (peer.told if 192 <= packet[1] <= 223 else peer.sent).append((now, packet))
        peer.down.put(packet, now)
