"""Which codecs, feedback and header extensions a section carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from suite.rtc.core import media
from suite.rtc.core.sdp.description import OfferedCodec, Section

MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABSOLUTE_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY_DESCRIPTOR: Final = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"

# The same in every section, whichever way it goes and even at rest: an offer of libwebrtc's has later only what was agreed
# to before, and it refuses its own simulcast where no rid was. AV1 and VP9 with spatial layers decode nothing unless the
# dependency descriptor is forwarded (seen in Chromium).
EXTENSIONS: Final = {
    "audio": frozenset({MID, AUDIO_LEVEL}),
    "video": frozenset({MID, RID, REPAIRED_RID, ABSOLUTE_SEND_TIME, TRANSPORT_CC, DEPENDENCY_DESCRIPTOR}),
}
# Meaningless in what the server sends: its streams have their SSRCs in the description.
UNSENT: Final = frozenset({RID, REPAIRED_RID})
STEREO_BITRATE: Final = 510_000  # bit/s, Opus's highest
FEEDBACK: Final = frozenset({"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"})


def accepted_codecs(section: Section, *, enabled: Iterable[str], first: str = "") -> list[OfferedCodec]:
    """The section's codecs that are `enabled`, those named `first` before the others.

    A publisher sends with the first codec of the answer.
    """
    names = frozenset(enabled)
    kept = [codec for codec in section.codecs() if codec.name in names]
    payload_types = {codec.payload_type for codec in kept}
    kept = [c for c in kept if c.name != "red" or _red_carries(c, payload_types)]
    return sorted(kept, key=lambda codec: codec.name != first)


def _red_carries(codec: OfferedCodec, payload_types: set[int]) -> bool:
    """RED of a codec that is not accepted is of no use (RFC 2198); video's RED is never accepted."""
    carried = codec.parameters.split("/")[0]
    return codec.encoding.endswith("/2") and carried.isascii() and carried.isdigit() and int(carried) in payload_types


def sound_asked(codecs: Sequence[OfferedCodec], *, dtx: bool, stereo: bool) -> list[OfferedCodec]:
    """The same codecs, where Opus asks the publisher to fall silent when it is silent (`dtx`), and for two channels.

    A client sends what the answer asks for (RFC 7587, 7; LiveKit's `configurePublisherAnswer`).
    """
    return [_opus_asked(codec, dtx=dtx, stereo=stereo) if codec.name == "opus" else codec for codec in codecs]


def _opus_asked(codec: OfferedCodec, *, dtx: bool, stereo: bool) -> OfferedCodec:
    meant = [word for word in codec.parameters.split(";") if word and word not in {"usedtx=1", "stereo=1"}]
    if dtx:
        meant.append("usedtx=1")
    if stereo:
        meant += ["stereo=1", f"maxaveragebitrate={STEREO_BITRATE}"]
    return replace(codec, parameters=";".join(meant))


def plane_codecs(kind: media.Kind, codecs: Sequence[OfferedCodec]) -> tuple[media.Codec, ...]:
    """The same for the packet plane."""
    return tuple(media.Codec(c.payload_type, f"{kind}/{c.name}", c.clock_rate, c.parameters, c.rtx) for c in codecs)


def accepted_extensions(section: Section) -> dict[str, int]:
    """The section's header extensions that we know, with the peer's ids."""
    known = EXTENSIONS.get(section.kind, frozenset())
    return {uri: number for uri, number in section.extensions.items() if uri in known}


def sent_extensions(section: Section) -> dict[str, int]:
    """Those that the server's own packets carry in the section."""
    return {uri: number for uri, number in accepted_extensions(section).items() if uri not in UNSENT}
