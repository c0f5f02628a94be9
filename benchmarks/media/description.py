"""Session descriptions, as much of them as a publisher of one track and its readers need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from benchmarks.media.loads import MID_ID, PAYLOAD_TYPE, RTX_PAYLOAD_TYPE, SEND_TIME_ID, TRANSPORT_ID

_TRANSPORT: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"


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


def write(
    *, ufrag: str, password: str, fingerprint: str, direction: str, ssrc: int = 0, rtx_ssrc: int = 0,
    mid: str = "0", payload_type: int = PAYLOAD_TYPE, transport_id: int = TRANSPORT_ID,
) -> str:  # fmt: skip
    """One section of video, VP8 with its retransmissions; an offer, or the answer to Janus's."""
    rtx = RTX_PAYLOAD_TYPE if payload_type == PAYLOAD_TYPE else payload_type + 1
    lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mid}", "a=msid-semantic: WMS *",
        f"m=video 9 UDP/TLS/RTP/SAVPF {payload_type} {rtx}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {fingerprint}", "a=setup:active",
        f"a=mid:{mid}", f"a=extmap:{MID_ID} {_MID}", f"a=extmap:{SEND_TIME_ID} {_SEND_TIME}",
        f"a=extmap:{transport_id} {_TRANSPORT}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize",
        f"a=rtpmap:{payload_type} VP8/90000", *(
            f"a=rtcp-fb:{payload_type} {one}" for one in ("nack", "nack pli", "ccm fir", "transport-cc")
        ),
        f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}",
    ]  # fmt: skip
    if ssrc:
        lines += ["a=msid:stream camera", f"a=ssrc-group:FID {ssrc} {rtx_ssrc}"]
        lines += [f"a=ssrc:{one} cname:publisher" for one in (ssrc, rtx_ssrc)]
    return "\r\n".join(lines) + "\r\n"
