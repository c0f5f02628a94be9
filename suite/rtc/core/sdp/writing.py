"""Session descriptions, written: the server's answers and offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from suite.rtc.core.sdp.description import Direction, OfferedCodec

MAX_MESSAGE_SIZE: Final = 65_535  # bytes of one data channel message, as LiveKit announces


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """The server's end of one peer connection; `setup` is `passive` in an answer, `actpass` in an offer."""

    session: int
    version: int
    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentTrack:
    """What the server sends in a section; `stream` is `PA_…|TR_…`, as clients take both from it."""

    stream: str
    track: str
    ssrc: int
    rtx_ssrc: int | None


@dataclass(slots=True)
class WrittenSection:
    """One section of the server's description; `codecs` empty rejects it, but for data."""

    kind: str
    mid: str
    direction: Direction = "inactive"
    codecs: Sequence[OfferedCodec] = ()
    feedback: frozenset[str] = frozenset()
    extensions: Mapping[str, int] = field(default_factory=dict)
    rids: Sequence[str] = ()
    sent: SentTrack | None = None
    rejected: bool = False


def describe(transport: LocalTransport, sections: Iterable[WrittenSection]) -> str:
    """The text of a description: one bundle, ICE-lite, every candidate inside."""
    listed = list(sections)
    lines = [
        "v=0",
        f"o=- {transport.session} {transport.version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(s.mid for s in listed if not s.rejected),
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
        "a=ice-lite",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
    ]
    for section in listed:
        lines += _data_section(section) if section.kind == "application" else _media_section(section)
        if not section.rejected:
            lines += [f"a=ice-ufrag:{transport.ufrag}", f"a=ice-pwd:{transport.password}", f"a=setup:{transport.setup}"]
            lines += [f"a={candidate}" for candidate in transport.candidates]
            lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"


def _data_section(section: WrittenSection) -> list[str]:
    return [
        f"m=application {0 if section.rejected else 9} UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=sctp-port:5000",
        f"a=max-message-size:{MAX_MESSAGE_SIZE}",
    ]


def _media_section(section: WrittenSection) -> list[str]:
    payload_types = [c.payload_type for c in section.codecs] + [c.rtx for c in section.codecs if c.rtx is not None]
    port = 0 if section.rejected else 9
    lines = [
        f"m={section.kind} {port} UDP/TLS/RTP/SAVPF " + " ".join(map(str, payload_types or [0])),
        "c=IN IP4 0.0.0.0",
    ]
    lines += [f"a=mid:{section.mid}"] * bool(section.mid)
    if section.rejected:
        return [*lines, "a=inactive"]
    lines += ["a=rtcp-mux", "a=rtcp-rsize", f"a={section.direction}"]
    for codec in section.codecs:
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.encoding}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
        lines += [f"a=rtcp-fb:{codec.payload_type} {f}" for f in codec.feedback if f in section.feedback]
        if codec.rtx is not None:
            lines += [f"a=rtpmap:{codec.rtx} rtx/{codec.clock_rate}", f"a=fmtp:{codec.rtx} apt={codec.payload_type}"]
    lines += [f"a=extmap:{number} {uri}" for uri, number in section.extensions.items()]
    if section.rids:
        lines += [f"a=rid:{rid} recv" for rid in section.rids] + ["a=simulcast:recv " + ";".join(section.rids)]
    if section.sent is not None:
        lines += _sent_track(section.sent)
    return lines


def _sent_track(sent: SentTrack) -> list[str]:
    lines = [f"a=msid:{sent.stream} {sent.track}"]
    if sent.rtx_ssrc is not None:
        lines.append(f"a=ssrc-group:FID {sent.ssrc} {sent.rtx_ssrc}")
    for ssrc in (sent.ssrc, sent.rtx_ssrc):
        if ssrc is not None:
            lines += [f"a=ssrc:{ssrc} cname:{sent.stream}", f"a=ssrc:{ssrc} msid:{sent.stream} {sent.track}"]
    return lines
