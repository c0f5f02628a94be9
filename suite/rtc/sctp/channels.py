"""Data channels over an association (RFC 8831): streams with a label, opened by a message and its answer (RFC 8832)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from suite.rtc.sctp.association import Association
from suite.rtc.sctp.errors import Malformed

PROTOCOL_OPENING: Final = 50
PROTOCOL_TEXT: Final = 51
PROTOCOL_BINARY: Final = 53
PROTOCOL_TEXT_EMPTY: Final = 56
PROTOCOL_BINARY_EMPTY: Final = 57
_EMPTY: Final = frozenset({PROTOCOL_TEXT_EMPTY, PROTOCOL_BINARY_EMPTY})
_MESSAGES: Final = frozenset({PROTOCOL_TEXT, PROTOCOL_BINARY}) | _EMPTY

_OPEN: Final = Struct("!BBHIHH")
_OPENED: Final = b"\x02"
_OPEN_KIND: Final = 3
_UNORDERED: Final = 0x80
_RELIABLE, _RETRANSMITS, _LIFETIME = range(3)
LABEL_MOST: Final = 256  # bytes
CHANNELS_MOST: Final = 32
EVENTS_MOST: Final = 10_000  # at once, where nobody says otherwise


@dataclass(slots=True)
class Channel:
    """One data channel. `lifetime` is in seconds."""

    stream: int
    label: str
    ordered: bool = True
    retransmissions: int | None = None
    lifetime: float | None = None
    protocol: str = ""
    opened: bool = False  # the other side has answered
    ours: bool = False
    closing: bool = False  # our side is closed, the other is awaited

    @property
    def lossy(self) -> bool:
        """Whether messages may be lost."""
        return self.retransmissions is not None or self.lifetime is not None


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel may be used."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Closed:
    """A channel is gone."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message; `text` where the sender says that it is UTF-8."""

    channel: Channel
    payload: bytes
    text: bool


Event = Opened | Closed | Arrived


class Channels:
    """The channels of one association; the DTLS server gives odd numbers, the client even ones (RFC 8832, 6)."""

    def __init__(self, association: Association, *, server: bool) -> None:
        self.association = association
        self.by_stream: dict[int, Channel] = {}
        self.malformed = 0
        self._next = 1 if server else 0

    def create(
        self,
        label: str,
        *,
        ordered: bool = True,
        retransmissions: int | None = None,
        lifetime: float | None = None,
        protocol: str = "",
    ) -> Channel:
        """Open a channel; messages may be sent at once. Raises `ValueError` where there are too many."""
        while self._next in self.by_stream:
            self._next += 2
        if self._next >= self.association.life.streams_out or len(self.by_stream) >= CHANNELS_MOST:
            raise ValueError("too many data channels")
        channel = Channel(self._next, label, ordered, retransmissions, lifetime, protocol, ours=True)
        self.by_stream[channel.stream] = channel
        name, sub_protocol = label.encode(), protocol.encode()
        kind, limit = _RELIABLE, 0
        if retransmissions is not None:
            kind, limit = _RETRANSMITS, retransmissions
        elif lifetime is not None:
            kind, limit = _LIFETIME, int(lifetime * 1000)
        head = _OPEN.pack(
            _OPEN_KIND, kind | (0 if ordered else _UNORDERED), 0, min(limit, 0xFFFFFFFF), len(name), len(sub_protocol)
        )
        self.association.send(channel.stream, head + name + sub_protocol, protocol=PROTOCOL_OPENING)
        return channel

    def send(
        self, channel: Channel, payload: bytes, *, now: float, text: bool = False, started_by: float | None = None
    ) -> None:
        """Queue a message; one of a lossy channel is dropped where nothing of it could be sent until `started_by`."""
        if payload:
            protocol = PROTOCOL_TEXT if text else PROTOCOL_BINARY
        else:
            payload, protocol = b"\0", PROTOCOL_TEXT_EMPTY if text else PROTOCOL_BINARY_EMPTY
        self.association.send(
            channel.stream,
            payload,
            protocol=protocol,
            ordered=channel.ordered or not channel.opened,  # RFC 8832, 6: until the answer, nothing overtakes the opening
            retransmissions=channel.retransmissions,
            expires_at=None if channel.lifetime is None else now + channel.lifetime,
            started_by=started_by,
        )

    def close(self, channel: Channel) -> None:
        """Close our side; the peer closes its own."""
        if self.by_stream.get(channel.stream) is channel and not channel.closing:
            channel.closing = True
            self.association.reset(channel.stream)

    def waiting(self, channel: Channel) -> int:
        """Bytes of messages that nothing could be sent of yet."""
        stream = self.association.sender.queue.streams.get(channel.stream)
        return stream.waiting if stream is not None else 0

    def events(self, most: int = EVENTS_MOST) -> list[Event]:
        """What has happened since, of messages up to so many; an opening that is none is counted in `malformed` and dropped."""
        happened: list[Event] = []
        association = self.association
        for stream, protocol, payload in association.messages(most):
            if protocol in _MESSAGES:
                channel = self.by_stream.get(stream)
                if channel is not None:
                    whole = b"" if protocol in _EMPTY else payload
                    happened.append(Arrived(channel, whole, protocol in {PROTOCOL_TEXT, PROTOCOL_TEXT_EMPTY}))
            elif protocol == PROTOCOL_OPENING:
                try:
                    self._opening(stream, payload, happened)
                except Malformed:
                    self.malformed += 1
        if association.closed_streams and not association.receiver.ready:
            closed, association.closed_streams = association.closed_streams, []
            for stream in closed:
                self._closed(stream, happened)
        return happened

    def _opening(self, stream: int, payload: bytes, happened: list[Event]) -> None:
        known = self.by_stream.get(stream)
        if payload == _OPENED:
            if known is not None and known.ours and not known.opened:
                known.opened = True
                happened.append(Opened(known))
            return
        if known is not None and known.ours:
            return
        channel = _read_opening(stream, payload)
        if channel is None:
            return
        if known is None and len(self.by_stream) >= CHANNELS_MOST:
            self.association.life.abort("too many data channels")
            self.association.life.failure = "too many data channels"
            return
        self.by_stream[stream] = channel
        self.association.send(stream, _OPENED, protocol=PROTOCOL_OPENING)
        happened.append(Opened(channel))

    def _closed(self, stream: int, happened: list[Event]) -> None:
        channel = self.by_stream.pop(stream, None)
        if channel is not None:
            if not channel.closing:
                self.association.reset(stream)
            happened.append(Closed(channel))


def _read_opening(stream: int, payload: bytes) -> Channel | None:
    """The channel that an opening describes; None for a message of another kind."""
    if payload[0] != _OPEN_KIND:
        return None
    if len(payload) < _OPEN.size:
        raise Malformed("an opening is cut off")
    _, kind, _, limit, label, protocol = _OPEN.unpack_from(payload)
    end = _OPEN.size + label + protocol
    if len(payload) < end or label > LABEL_MOST or protocol > LABEL_MOST:
        raise Malformed("an opening's label is cut off or too long")
    try:
        name = payload[_OPEN.size : _OPEN.size + label].decode()
        sub_protocol = payload[_OPEN.size + label : end].decode()
    except UnicodeDecodeError as fault:
        raise Malformed("an opening's label is not text") from fault
    reliability = kind & 0x7F
    return Channel(
        stream,
        name,
        ordered=not kind & _UNORDERED,
        retransmissions=limit if reliability == _RETRANSMITS else None,
        lifetime=limit / 1000 if reliability == _LIFETIME else None,
        protocol=sub_protocol,
        opened=True,
    )
