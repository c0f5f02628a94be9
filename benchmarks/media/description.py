"""Session descriptions, as much of them as publishers and readers need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.media.loads import (
    LEVEL_ID,
    MID_ID,
    PAYLOAD_TYPE,
    REPAIRED_RID_ID,
    RID_ID,
    RTX_PAYLOAD_TYPE,
    SEND_TIME_ID,
    SOUND_PAYLOAD_TYPE,
    TRANSPORT_ID,
)

_TRANSPORT: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
_REPAIRED_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


@dataclass(frozen=True)
class Remote:
    """The other side: where it is, who it is, and what it sends."""

    host: str
    port: int
    ufrag: str
    password: str
    algorithm: str
    fingerprint: str
    ssrc: int
    rtx_ssrc: int
    payload_type: int
    transport_id: int


def parse(sdp: str) -> Remote:
    """Read a description; 0 stands for what it does not have."""

    def found(pattern: str) -> re.Match[str] | None:
        return re.search(pattern, sdp, re.MULTILINE)

    def text(pattern: str) -> str:
        match = found(pattern)
        if match is None:
            raise ValueError(f"no {pattern} in\n{sdp}")
        return match[1].strip()

    candidate = found(r"^a=candidate:\S+ 1 (?:udp|UDP) \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host")
    if candidate is None:
        raise ValueError(f"no IPv4 candidate in\n{sdp}")
    group, ssrc = found(r"^a=ssrc-group:FID (\d+) (\d+)"), found(r"^a=ssrc:(\d+)")
    fingerprint = text(r"^a=fingerprint:(\S+ \S+)").split()
    kind, transport = found(r"^a=rtpmap:(\d+) VP8/90000"), found(rf"^a=extmap:(\d+)\S* {re.escape(_TRANSPORT)}")
    return Remote(
        host=candidate[1],
        port=int(candidate[2]),
        ufrag=text(r"^a=ice-ufrag:(\S+)"),
        password=text(r"^a=ice-pwd:(\S+)"),
        algorithm=fingerprint[0],
        fingerprint=fingerprint[1],
        ssrc=int(group[1]) if group else int(ssrc[1]) if ssrc else 0,
        rtx_ssrc=int(group[2]) if group else 0,
        payload_type=int(kind[1]) if kind else PAYLOAD_TYPE,
        transport_id=int(transport[1]) if transport else 0,
    )


@dataclass(frozen=True)
class Sent:
    """A track that the other side sends in a section."""

    mid: str
    track: str  # the server's name of it
    ssrc: int
    rtx_ssrc: int


def sent(sdp: str) -> Iterator[Sent]:
    """The tracks that a description says are sent (`a=msid:PARTICIPANT|TRACK TRACK`)."""
    for section in sdp.split("\nm=")[1:]:
        lines = section.replace("\r", "").split("\n")
        if "a=sendonly" not in lines:
            continue
        group = next((line.split()[1:] for line in lines if line.startswith("a=ssrc-group:FID ")), None)
        ssrc = next((line[7:].split()[0] for line in lines if line.startswith("a=ssrc:")), "0")
        yield Sent(
            mid=next(line[6:] for line in lines if line.startswith("a=mid:")),
            track=next(line.split()[-1] for line in lines if line.startswith("a=msid:")),
            ssrc=int(group[0] if group else ssrc),
            rtx_ssrc=int(group[1]) if group else 0,
        )


@dataclass(frozen=True)
class Section:
    """A section of ours: VP8 with its retransmissions, or Opus. `track` is our name of what is sent, `rids` its layers."""

    mid: str
    direction: str
    kind: str = "video"
    track: str = "camera"
    ssrc: int = 0
    rtx_ssrc: int = 0
    rids: Sequence[str] = ()
    payload_type: int = PAYLOAD_TYPE
    transport_id: int = TRANSPORT_ID

    def lines(self, transport: Sequence[str]) -> list[str]:
        """The section as written; `transport` are its lines that all sections of a bundle share."""
        told = self._sound() if self.kind == "audio" else self._picture()
        common = ["c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", *transport, f"a=mid:{self.mid}", f"a=extmap:{MID_ID} {_MID}"]
        lines = [told[0], *common, f"a={self.direction}", "a=rtcp-mux", "a=rtcp-rsize", *told[1:]]
        if self.ssrc or self.rids or (self.kind == "audio" and self.direction == "sendonly"):
            lines.append(f"a=msid:stream {self.track}")
        if self.rids:
            lines += [*(f"a=rid:{rid} send" for rid in self.rids), f"a=simulcast:send {';'.join(self.rids)}"]
        elif self.ssrc:
            both = [one for one in (self.ssrc, self.rtx_ssrc) if one]
            lines += [f"a=ssrc-group:FID {self.ssrc} {self.rtx_ssrc}"] if self.rtx_ssrc else []
            lines += [f"a=ssrc:{one} cname:publisher" for one in both]
        return lines

    def _picture(self) -> list[str]:
        kind = self.payload_type
        rtx = RTX_PAYLOAD_TYPE if kind == PAYLOAD_TYPE else kind + 1
        layers = [f"a=extmap:{RID_ID} {_RID}", f"a=extmap:{REPAIRED_RID_ID} {_REPAIRED_RID}"] if self.rids else []
        return [
            f"m=video 9 UDP/TLS/RTP/SAVPF {kind} {rtx}",
            f"a=extmap:{SEND_TIME_ID} {_SEND_TIME}", f"a=extmap:{self.transport_id} {_TRANSPORT}", *layers,
            f"a=rtpmap:{kind} VP8/90000",
            *(f"a=rtcp-fb:{kind} {one}" for one in ("nack", "nack pli", "ccm fir", "transport-cc")),
            f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={kind}",
        ]  # fmt: skip

    def _sound(self) -> list[str]:
        kind = SOUND_PAYLOAD_TYPE
        return [
            f"m=audio 9 UDP/TLS/RTP/SAVPF {kind}", f"a=extmap:{LEVEL_ID} {_LEVEL}",
            f"a=rtpmap:{kind} opus/48000/2", f"a=fmtp:{kind} minptime=10;useinbandfec=1;usedtx=1",
        ]  # fmt: skip


def write(*, ufrag: str, password: str, fingerprint: str, sections: Sequence[Section]) -> str:
    """An offer, or the answer to Janus's: one bundle."""
    transport = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {fingerprint}", "a=setup:active"]
    bundle = " ".join(section.mid for section in sections)
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {bundle}", "a=msid-semantic: WMS *"]
    for section in sections:
        lines += section.lines(transport)
    return "\r\n".join(lines) + "\r\n"
