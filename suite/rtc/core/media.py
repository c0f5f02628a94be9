"""The words between control and the packet plane.

Control (`suite.rtc.core`) decides and returns `Command`s; the plane (`suite.rtc.packets`, `suite.rtc.transport`) executes
them without an object per packet, and answers with `Report`s. Both sides are plain values: the plane can be replaced by a
seeded network in a test, and control can be tested in microseconds. Bit rates are bit/s, times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

TransportId = str  # one ICE-lite + DTLS + SRTP + SCTP association; v1 clients have one, v0 clients two
TrackSid = str  # "TR_…"
DowntrackId = int
Kind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A data channel that the server creates (v0's subscriber connection, RFC 8832)."""

    label: str
    ordered: bool
    max_retransmits: int | None


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a section, as negotiated: `mime` is lower case ("video/vp8", "audio/opus", "audio/red")."""

    payload_type: int
    mime: str
    clock_rate: int
    fmtp: str = ""
    rtx_payload_type: int | None = None


# --- commands: control to plane ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenTransport:
    """Listen for STUN whose username starts with `ufrag`; the server is ICE-lite."""

    transport: TransportId
    ufrag: str
    password: str
    channels: tuple[Channel, ...] = ()
    slow_reader: int = 0  # bit/s, under which a reader of reliable data is not waited for; 0 where none is waited for


@dataclass(frozen=True, slots=True)
class SetRemote:
    """What the peer's SDP said of itself. A DTLS certificate that does not match tears the transport down.

    `passive`: it waits for the handshake, which we begin; else it begins.
    """

    transport: TransportId
    fingerprint_algorithm: str
    fingerprint: str
    sctp_port: int | None = None
    max_message_size: int = 65536
    passive: bool = False


@dataclass(frozen=True, slots=True)
class RestartIce:
    transport: TransportId
    ufrag: str
    password: str


@dataclass(frozen=True, slots=True)
class CloseTransport:
    transport: TransportId


@dataclass(frozen=True, slots=True)
class Receive:
    """Bind what arrives on a section of a publisher's transport to a track.

    Packets are bound by the section's SSRCs where the SDP named them, else by the mid (and rid) header extensions.
    `layers` orders the simulcast rids from the lowest picture to the largest; empty where there is one stream.
    """

    transport: TransportId
    mid: str
    track: TrackSid
    kind: Kind
    codecs: tuple[Codec, ...]
    layers: tuple[str, ...] = ()
    ssrcs: tuple[int, ...] = ()
    rtx_ssrcs: Mapping[int, int] = field(default_factory=dict)  # rtx ssrc -> ssrc
    extensions: Mapping[str, int] = field(default_factory=dict)  # uri -> id


@dataclass(frozen=True, slots=True)
class StopReceiving:
    track: TrackSid


@dataclass(frozen=True, slots=True)
class MuteTrack:
    """Drop a track's packets at the door while `muted` (server mute, or a publisher who lost the right)."""

    track: TrackSid
    muted: bool


@dataclass(frozen=True, slots=True)
class AddDowntrack:
    """Forward `track` to a subscriber's section. Nothing flows before `SelectLayer`.

    `delay` seconds are waited before the first packet: a keyframe that overtakes the answer which announces it is lost,
    and Chromium then waits 0.2 s before it asks for another. Frames lose their `trailers` for who cannot read past them. A
    stream that stays silent is `begun` with padding or silence for who sees a track by its first packet.
    """

    downtrack: DowntrackId
    transport: TransportId
    track: TrackSid
    kind: Kind
    mid: str
    ssrc: int
    rtx_ssrc: int | None
    codecs: tuple[Codec, ...]
    extensions: Mapping[str, int] = field(default_factory=dict)
    delay: float = 0.0
    trailers: bool = False
    begun: bool = False


WHOLE: Final = 3  # of a stream's spatial layers: all that it may have


@dataclass(frozen=True, slots=True)
class SelectLayer:
    """Aim a downtrack at a layer (index into `Receive.layers`, or a spatial layer of SVC); None pauses it.

    The plane switches at the target's next keyframe, asks for that keyframe, and falls back to the best live layer
    below (or above) where the target is silent. `temporal` is the highest temporal layer that is sent; it is obeyed for
    VP8, VP9 and AV1, other codecs send all of theirs.
    """

    downtrack: DowntrackId
    layer: int | None
    temporal: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveDowntrack:
    downtrack: DowntrackId


@dataclass(frozen=True, slots=True)
class RequestKeyframe:
    track: TrackSid


@dataclass(frozen=True, slots=True)
class Want:
    """What all that a subscriber shows would take, bit/s, 0 for nothing: the line is probed while it seems to carry less."""

    transport: TransportId
    bit_rate: int


@dataclass(frozen=True, slots=True)
class SendData:
    """Send a message. `source` sent it: a reliable reader that is behind may hold it up (see `transport/pressure.py`)."""

    transport: TransportId
    label: str
    payload: bytes
    source: TransportId | None = None


@dataclass(frozen=True, slots=True)
class StartCopy:
    """Copy a track's decrypted packets to the egress process at `socket` under the name `egress_id`."""

    egress_id: str
    track: TrackSid
    socket: str
    destination: str  # where the egress process writes
    mime: str
    room_name: str = ""  # for the webhooks of the egress process
    room_sid: str = ""


@dataclass(frozen=True, slots=True)
class StopCopy:
    egress_id: str


Command = (
    OpenTransport | SetRemote | RestartIce | CloseTransport | Receive | StopReceiving | MuteTrack | AddDowntrack | SelectLayer
    | RemoveDowntrack | RequestKeyframe | Want | SendData | StartCopy | StopCopy
)  # fmt: skip


# --- reports: plane to control -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TransportConnected:
    transport: TransportId


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """DTLS failed, the fingerprint did not match, or the peer has sent no STUN for 30 s (consent, RFC 7675)."""

    transport: TransportId
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    transport: TransportId
    label: str


@dataclass(frozen=True, slots=True)
class DataReceived:
    transport: TransportId
    label: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class LayerStarted:
    """First packet of a layer; `codec` is the one the publisher sends."""

    track: TrackSid
    layer: int
    codec: Codec


@dataclass(frozen=True, slots=True)
class LayerStopped:
    """A layer has been silent (0.7 s for video)."""

    track: TrackSid
    layer: int


@dataclass(frozen=True, slots=True)
class LayerRates:
    """Bit/s of a picture's layers over the last seconds, by index, silent ones left out; of SVC with the layers below."""

    track: TrackSid
    rates: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class AudioLevels:
    """Loudness of each speaking track over the last 300 ms, 0 to 1 (RFC 6464's -dBov turned round)."""

    levels: Mapping[TrackSid, float]


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """What a subscriber's line should be given, by transport-cc or REMB: told once it has shown a limit."""

    transport: TransportId
    bit_rate: int


LOSS_FADES: Final = 0.7  # what is left of a loss when the next one is told


@dataclass(frozen=True, slots=True)
class Loss:
    """Share of packets lost in the last period, 0 to 1, upstream (`outbound` False) or downstream.

    Told while there is one, and each second until it has faded.
    """

    transport: TransportId
    outbound: bool
    fraction: float


@dataclass(frozen=True, slots=True)
class CopyStarted:
    """The first packet was written, at `started_at` (ns of the wall clock)."""

    egress_id: str
    started_at: int


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file that holds what came before the publisher went on in another codec. Times are ns, `size` bytes."""

    filename: str
    started_at: int
    ended_at: int
    duration: int
    size: int


@dataclass(frozen=True, slots=True)
class CopyEnded:
    """A copy is over: "stopped" by control, "track ended" with its track, or what went wrong. Times are ns, sizes bytes.

    They are of the last file, `filename` where that is not the one that was asked for; `earlier` are those before.
    """

    egress_id: str
    reason: str
    started_at: int = 0
    ended_at: int = 0
    duration: int = 0
    size: int = 0
    dropped: int = 0  # packets that the egress process was too slow for
    filename: str = ""
    earlier: tuple[CopiedFile, ...] = ()


Report = (
    TransportConnected | TransportFailed | ChannelOpened | DataReceived | LayerStarted | LayerStopped | LayerRates | AudioLevels
    | Bandwidth | Loss | CopyStarted | CopyEnded
)  # fmt: skip
