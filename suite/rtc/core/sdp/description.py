"""Session descriptions, read (RFC 8866, RFC 8829): bounded, and any garbage parses or raises `RemoteError`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from suite.rtc.core.errors import RemoteError

MAX_LENGTH: Final = 512 * 1024  # characters; 250 sections of a browser's own length
MAX_SECTIONS: Final = 500
MAX_LINE: Final = 4096
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("sendrecv", "sendonly", "recvonly", "inactive")


def number(text: str) -> int | None:
    """A decimal of at most ten digits, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


@dataclass(slots=True)
class OfferedCodec:
    """One payload type: `name` in lower case, `parameters` the fmtp as written."""

    payload_type: int
    name: str
    encoding: str  # as written after the payload type: "opus/48000/2"
    clock_rate: int
    parameters: str = ""
    feedback: list[str] = field(default_factory=list)
    rtx: int | None = None  # the payload type that repairs this one (RFC 4588)

    @property
    def mode(self) -> str:
        """H264's packetization-mode, VP9's or AV1's profile: what two ends must share."""
        wanted = "packetization-mode" if self.name == "h264" else "profile-id"
        for part in self.parameters.split(";"):
            key, _, value = part.strip().partition("=")
            if key == wanted:
                return value
        return "0"


@dataclass(slots=True)
class Section:
    """One media section."""

    kind: str
    port: int
    formats: list[str]
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        return self.attributes.get(name, [""])[0]

    @property
    def mid(self) -> str:
        return self.first("mid")

    @property
    def live(self) -> bool:
        """A port of 0 rejects a section, but for those that only live in the bundle (RFC 9143)."""
        return self.port != 0 or "bundle-only" in self.attributes

    @property
    def direction(self) -> Direction:
        return next((d for d in DIRECTIONS if d in self.attributes), "sendrecv")

    @property
    def extensions(self) -> dict[str, int]:
        """Header extensions: uri to id."""
        found: dict[str, int] = {}
        for value in self.attributes.get("extmap", []):
            numbered, _, rest = value.partition(" ")
            uri = rest.split(" ", 1)[0]
            identifier = number(numbered.split("/", 1)[0])
            if identifier is not None and 1 <= identifier <= 255 and identifier != 15 and uri:
                found[uri] = identifier
        return found

    @property
    def rids(self) -> list[str]:
        """The rids that the peer sends, in the order of its simulcast line (RFC 8853)."""
        sent = [value.split(" ")[0] for value in self.attributes.get("rid", []) if " send" in value]
        parts = self.first("simulcast").split(" ")
        if "send" in parts[:-1]:
            listed = parts[parts.index("send") + 1].replace("~", "")
            ordered = [choice.split(",")[0] for choice in listed.split(";")]
            return [rid for rid in ordered if rid in sent]
        return sent

    @property
    def track_cid(self) -> str:
        """The client's own name of the track it sends (the second word of msid)."""
        words = self.first("msid").split()
        if words:
            return words[-1]
        for value in self.attributes.get("ssrc", []):
            _, _, rest = value.partition(" ")
            if rest.startswith("msid:"):
                return rest.split(" ")[-1]
        return ""

    def groups(self, semantics: str) -> list[list[int]]:
        """The `ssrc-group`s of a kind (FID, SIM)."""
        found = []
        for value in self.attributes.get("ssrc-group", []):
            words = value.split(" ")
            if words[0] == semantics:
                found.append([n for n in map(number, words[1:]) if n is not None and n < 1 << 32])
        return found

    @property
    def repairs(self) -> dict[int, int]:
        """RTX SSRC to the SSRC that it repairs."""
        return {pair[1]: pair[0] for pair in self.groups("FID") if len(pair) == 2}

    @property
    def ssrcs(self) -> list[int]:
        """The primary SSRCs, in order."""
        repairs, found = self.repairs, []
        for value in self.attributes.get("ssrc", []):
            source = number(value.split(" ")[0])
            if source is not None and source < 1 << 32 and source not in found and source not in repairs:
                found.append(source)
        simulcast = self.groups("SIM")
        return simulcast[0] if simulcast else found

    def codecs(self) -> list[OfferedCodec]:
        """The codecs in order of preference, each with its RTX; RTX itself is not listed."""
        named: dict[int, OfferedCodec] = {}
        for value in self.attributes.get("rtpmap", []):
            digits, _, encoding = value.partition(" ")
            words = encoding.split("/")
            payload_type, rate = number(digits), number(words[1]) if len(words) > 1 else None
            if payload_type is not None and payload_type <= 127 and rate:
                named[payload_type] = OfferedCodec(payload_type, words[0].lower(), encoding, rate)
        for value in self.attributes.get("fmtp", []):
            digits, _, text = value.partition(" ")
            if (codec := named.get(_type(digits))) is not None:
                codec.parameters = text
        for value in self.attributes.get("rtcp-fb", []):
            digits, _, text = value.partition(" ")
            for payload_type, codec in named.items():
                if digits in {"*", str(payload_type)}:
                    codec.feedback.append(text)
        for codec in named.values():
            apt = next((p.strip()[4:] for p in codec.parameters.split(";") if p.strip().startswith("apt=")), "")
            if codec.name == "rtx" and (repaired := named.get(_type(apt))) is not None:
                repaired.rtx = codec.payload_type
        order = [named[n] for n in map(number, self.formats) if n in named]
        return [codec for codec in order if codec.name != "rtx"]


@dataclass(slots=True)
class Description:
    """A parsed offer or answer."""

    session: Section
    sections: list[Section]

    def anywhere(self, name: str) -> str:
        """A transport's attribute, at the session or in the first section that has it (one bundle)."""
        return next((s.first(name) for s in [self.session, *self.sections] if name in s.attributes), "")

    @property
    def fingerprint(self) -> tuple[str, str]:
        """Algorithm and value of the certificate's fingerprint; two empty texts where there is none."""
        algorithm, _, value = self.anywhere("fingerprint").partition(" ")
        return algorithm.lower(), value.strip()


def parse(text: str) -> Description:
    """Read a description; raises `RemoteError` where it is none, too long or has too many sections."""
    if len(text) > MAX_LENGTH or not text.startswith("v=0"):
        raise RemoteError("not a session description, or too long")
    session = Section("session", 9, [])
    sections: list[Section] = []
    current = session
    for line in text.replace("\r", "").split("\n"):
        if not line:
            continue
        if len(line) > MAX_LINE or line[1:2] != "=":
            raise RemoteError("malformed session description")
        if line[0] == "m":
            current = _section(line)
            sections.append(current)
        elif line[0] == "a":
            name, _, value = line[2:].partition(":")
            current.attributes.setdefault(name, []).append(value)
    if not 0 < len(sections) <= MAX_SECTIONS:
        raise RemoteError("no media section, or too many")
    named = [s for s in sections if s.live or s.mid]  # pion leaves out the mid of a section that it rejects
    if len({s.mid for s in named if _is_token(s.mid)}) != len(named):
        raise RemoteError("media sections need distinct mids")
    return Description(session, sections)


def _section(line: str) -> Section:
    words = line[2:].split(" ")
    port = number(words[1]) if len(words) > 3 else None
    if port is None:
        raise RemoteError("malformed media section")
    return Section(words[0], port, words[3:])


def _type(digits: str) -> int:
    """A payload type, 0 among them; -1 for what is none."""
    found = number(digits)
    return -1 if found is None else found


def _is_token(mid: str) -> bool:
    return 0 < len(mid) <= 32 and mid.isascii() and mid.isprintable() and " " not in mid
